/**
 * What the log of one run decided, as masters apply it: told to the laws, and counted. Each entry is
 * news once, whichever master applies it first; states are compared whenever one comes to it.
 */
import type { LogEntry } from '#internal/master/ledger.ts';
import { type Command, isPolicy, type PolicyCommand } from '#internal/state/command.ts';
import type { Task } from '#internal/model/cluster.ts';
import { worldBeganMs } from '#internal/runtime/simulated/clock.ts';
import type { SimulatedWorld } from '#internal/runtime/simulated/world.ts';
import type { AgentId, FrameworkId } from '#internal/model/ids.ts';
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
    'agents-gone': number;
    'agents-removed': number;
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
    'agents-gone': 0,
    'agents-removed': 0,
    'frameworks-removed': 0,
    'operator-decisions': 0,
    'drains-finished': 0,
    'snapshots-installed': 0,
  };
  readonly #witness: ClusterWitness;
  readonly #world: SimulatedWorld;
  #newest = 0;
  #leader: number | undefined;

  constructor(dependencies: { readonly witness: ClusterWitness; readonly world: SimulatedWorld }) {
    this.#world = dependencies.world;
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
      this.#witness.newest = after;
      this.#decided(decodeCommand(data), before, after);
      if (after.agents !== before.agents) this.#agentsChanged(before, after);
      if (after.volumes !== before.volumes) {
        this.#witness.see(({ volumes }) => volumes.booksChanged(after));
      }
    }
    this.#witness.see(({ agreement }) => agreement.applied(master, index, after, before));
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
    if (isPolicy(command)) this.#operatorDecided(command, before);
    else if (command.kind === 'announce-leader') this.#leaderAnnounced(command.nodeId, before);
    else if (command.kind === 'launch-tasks') this.#launched(command.tasks, after);
    else if (command.kind === 'launch-with-executor') this.#launched(command.tasks, after);
    else if (command.kind === 'remove-framework') this.#removed(command.frameworkId, before);
    else if (command.kind === 'subscribe-framework') this.#subscribed(command.framework.id, after);
    else if (command.kind === 'disconnect-framework') this.#left(command.frameworkId, after);
    else if (command.kind === 'apply-operation') {
      const { operation } = command;
      // Refused, or decided before: nothing came of it.
      const { agentId, uuid } = operation;
      const isNews = !before.operations.get(agentId)?.has(uuid);
      if (!isNews || !after.operations.get(agentId)?.has(uuid)) return;
      this.#witness.see(({ volumes }) => volumes.operationApplied(operation, before, after));
    }
  }

  #gone(id: AgentId): void {
    this.counts['agents-gone']++;
    this.#witness.see(({ frameworks, operations }) => {
      frameworks.agentGone(id);
      operations.agentGone(id);
    });
  }

  #subscribed(id: FrameworkId, after: State): void {
    if (!after.frameworks.has(id)) return;
    this.#witness.see(({ frameworks }) => frameworks.subscribed(id));
  }

  #left(id: FrameworkId, after: State): void {
    const framework = after.frameworks.get(id)?.framework;
    if (framework?.connection.kind !== 'disconnected') return;
    const { sinceMs, deadlineMs } = framework.connection;
    const timeoutMs = deadlineMs - sinceMs;
    // The time of the decision, not of its being in the log: that may take long.
    const absence = { sinceMs: sinceMs - worldBeganMs, timeoutMs, deadlineMs };
    this.#witness.see(({ frameworks }) => frameworks.disconnected(id, absence));
  }

  /** By whatever command: several of them can. */
  #agentsChanged(before: State, after: State): void {
    const { counts } = this;
    for (const [id, { reach }] of after.agents) {
      const known = before.agents.get(id);
      if (known === undefined) {
        this.#witness.see(({ frameworks }) => frameworks.agentAdmitted(id));
      } else if (known.reach.kind !== reach.kind) {
        counts[reach.kind === 'unreachable' ? 'agents-unreachable' : 'agents-back']++;
      }
    }
    for (const [id, { hostname }] of before.agents) {
      if (after.agents.has(id)) continue;
      counts['agents-removed']++;
      if (after.goneAgents.has(id)) this.#gone(id);
      const tasks = [...before.frameworks.values()].flatMap((record) =>
        [...record.tasks.values(), ...record.unreachable.values()].filter(
          ({ agentId }) => agentId === id,
        ),
      );
      this.#witness.see(({ containers }) => {
        containers.drainOver(hostname);
        for (const task of tasks) containers.writtenOff(task.id);
      });
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
    this.#witness.see(({ updates, containers, frameworks }) => {
      const { failoverTimeoutMs } = record.framework;
      frameworks.removed(id, failoverTimeoutMs > 0, this.#world.nowMs);
      updates.frameworkRemoved(id);
      for (const task of tasks) containers.released(task);
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
