/**
 * What the log of one run decided, as masters apply it: told to the laws, and counted. Each entry is
 * news once, whichever master applies it first; states are compared whenever one comes to it.
 */
import { unreachable } from '#internal/base/assert.ts';
import type { LogEntry } from '#internal/master/ledger.ts';
import { type Command, isPolicy, type PolicyCommand } from '#internal/state/command.ts';
import type { State } from '#internal/state/state.ts';
import { decodeCommand } from '#internal/wire/state-codec.ts';
import type { ClusterWitness } from './cluster-witness.ts';

export class ClusterHistory {
  readonly counts: {
    failovers: number;
    'launches-decided': number;
    'launches-in-flight-at-failover': number;
    'agents-unreachable': number;
    'agents-back': number;
    'frameworks-removed': number;
    'operator-decisions': number;
    'drains-finished': number;
  } = {
    failovers: 0,
    'launches-decided': 0,
    'launches-in-flight-at-failover': 0,
    'agents-unreachable': 0,
    'agents-back': 0,
    'frameworks-removed': 0,
    'operator-decisions': 0,
    'drains-finished': 0,
  };
  readonly #witness: ClusterWitness;
  #newest = 0;
  #leader: number | undefined;

  constructor(dependencies: { readonly witness: ClusterWitness }) {
    this.#witness = dependencies.witness;
  }

  /** `master` has applied `entry`, which led from one state to the other. */
  applied(
    master: string,
    { index, data }: LogEntry,
    { before, after }: { readonly before: State; readonly after: State },
  ): void {
    if (data.length > 0 && index > this.#newest) {
      this.#newest = index;
      this.#decided(decodeCommand(data), before, after);
    }
    this.#witness.see(({ agreement }) => agreement.applied(master, index, after));
  }

  #operatorDecided(command: PolicyCommand, { agents }: State): void {
    this.counts['operator-decisions']++;
    if (command.kind === 'drain-agent') {
      const agent = agents.get(command.agentId)?.hostname ?? '';
      this.#witness.see(({ containers }) => containers.drainDecided(agent));
    }
    if (command.kind !== 'finish-drain') return;
    const known = agents.get(command.agentId);
    if (known?.deactivation?.kind !== 'draining') return;
    this.counts['drains-finished']++;
    this.#witness.see(({ containers }) => containers.drainFinished(known.hostname));
  }

  #decided(command: Command, before: State, after: State): void {
    const { counts } = this;
    if (isPolicy(command)) {
      this.#operatorDecided(command, before);
      return;
    }
    switch (command.kind) {
      case 'announce-leader':
        if (this.#leader !== undefined && this.#leader !== command.nodeId) {
          counts.failovers++;
          counts['launches-in-flight-at-failover'] += launchesInFlight(before);
        }
        this.#leader = command.nodeId;
        return;
      case 'launch-tasks':
        for (const { id, frameworkId, agentId } of command.tasks) {
          if (after.frameworks.get(frameworkId)?.tasks.get(id)?.agentId !== agentId) continue;
          counts['launches-decided']++;
          const agent = after.agents.get(agentId)?.hostname ?? '';
          this.#witness.see(({ containers }) => containers.decided(id, agent));
        }
        return;
      case 'remove-framework':
        counts['frameworks-removed']++;
        this.#witness.see(({ updates }) => updates.frameworkRemoved(command.frameworkId));
        return;
      case 'mark-agent-unreachable':
        counts['agents-unreachable']++;
        return;
      case 'reregister-agent':
        if (before.agents.get(command.agent.id)?.reach.kind === 'unreachable') {
          counts['agents-back']++;
        }
        return;
      case 'acknowledge-updates':
      case 'admit-agent':
      case 'disconnect-framework':
      case 'kill-task':
      case 'remove-agent':
      case 'subscribe-framework':
      case 'update-tasks':
        return;
      default:
        unreachable(command);
    }
  }
}

/** Launches that are in the log, and of which no word has come back. */
function launchesInFlight(state: State): number {
  let count = 0;
  for (const { tasks } of state.frameworks.values()) {
    for (const task of tasks.values()) if (task.state === 'staging') count++;
  }
  return count;
}
