/**
 * What the log of one run decided, as masters apply it: told to the laws, and counted. Each entry is
 * news once, whichever master applies it first; states are compared whenever one comes to it.
 */
import type { LogEntry } from '#internal/master/ledger.ts';
import { type Command, isPolicy, type PolicyCommand } from '#internal/state/command.ts';
import type { Task } from '#internal/model/cluster.ts';
import type { FrameworkId } from '#internal/model/ids.ts';
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
    'snapshots-installed': number;
  } = {
    failovers: 0,
    'launches-decided': 0,
    'launches-in-flight-at-failover': 0,
    'agents-unreachable': 0,
    'agents-back': 0,
    'frameworks-removed': 0,
    'operator-decisions': 0,
    'drains-finished': 0,
    'snapshots-installed': 0,
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

  /** `master` was given the state at `index` whole. */
  restored(master: string, index: number, state: State): void {
    this.counts['snapshots-installed']++;
    this.#witness.see(({ agreement }) => agreement.agrees(master, index, state));
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

  /** Whatever else there is in the log, no law asks for it here. */
  #decided(command: Command, before: State, after: State): void {
    const { counts } = this;
    if (isPolicy(command)) this.#operatorDecided(command, before);
    else if (command.kind === 'announce-leader') this.#leaderAnnounced(command.nodeId, before);
    else if (command.kind === 'launch-tasks') this.#launched(command.tasks, after);
    else if (command.kind === 'remove-framework') this.#removed(command.frameworkId, before);
    else if (command.kind === 'mark-agent-unreachable') counts['agents-unreachable']++;
    else if (command.kind === 'reregister-agent') {
      const wasLost = before.agents.get(command.agent.id)?.reach.kind === 'unreachable';
      if (wasLost) counts['agents-back']++;
    }
  }

  #leaderAnnounced(nodeId: number, before: State): void {
    if (this.#leader !== undefined && this.#leader !== nodeId) {
      this.counts.failovers++;
      this.counts['launches-in-flight-at-failover'] += launchesInFlight(before);
    }
    this.#leader = nodeId;
  }

  #launched(tasks: readonly Task[], after: State): void {
    for (const { id, frameworkId, agentId } of tasks) {
      if (after.frameworks.get(frameworkId)?.tasks.get(id)?.agentId !== agentId) continue;
      this.counts['launches-decided']++;
      const agent = after.agents.get(agentId)?.hostname ?? '';
      this.#witness.see(({ containers }) => containers.decided(id, agent));
    }
  }

  #removed(id: FrameworkId, before: State): void {
    const record = before.frameworks.get(id);
    if (record === undefined) return;
    this.counts['frameworks-removed']++;
    const tasks = [...record.tasks.keys(), ...record.unreachable.keys()];
    this.#witness.see(({ updates, containers }) => {
      updates.frameworkRemoved(id);
      for (const task of tasks) containers.mayBeKilled(task);
    });
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
