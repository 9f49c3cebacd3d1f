/**
 * What operators see of a framework besides what it said of itself, worked out once for the v1 and
 * the older endpoints alike.
 */
import type { Executor, Framework, Task } from '#internal/model/cluster.ts';
import type { Resources } from '#internal/resources/resource.ts';
import type { FrameworkRecord, State } from '#internal/state/state.ts';
import type { MasterView, OfferView } from '../door.ts';
import type { Usage } from './usage.ts';

export type FrameworkEntry = {
  readonly framework: Framework;
  readonly isConnected: boolean;
  /** Known from the log, but not heard of since this master leads. */
  readonly isRecovered: boolean;
  /** Undefined while it may still subscribe. */
  readonly unregisteredMs: number | undefined;
  readonly used: Resources;
  readonly offered: Resources;
  readonly offers: readonly OfferView[];
  /** As often as they are wanted, and as far: there may be many. */
  readonly tasks: Iterable<Task>;
  readonly unreachable: Iterable<Task>;
  readonly completed: Iterable<Task>;
  readonly executors: Iterable<Executor>;
};

/**
 * On agents that are reached. Those of command tasks are their agents' own affair: masters list none
 * (contract 10.7).
 */
export const reachedExecutors = (
  state: State,
  { executors }: FrameworkRecord,
): Iterable<Executor> =>
  executors
    .valueSeq()
    .filter(({ agentId }) => state.agents.get(agentId)?.reach.kind === 'admitted');

/** Those that are subscribed or may subscribe again. */
export function liveFrameworks(view: MasterView, usage: Usage): readonly FrameworkEntry[] {
  return [...view.state.frameworks.values()].map((record) => {
    const { id } = record.framework;
    return {
      framework: record.framework,
      isConnected: view.connectedFrameworks.has(id),
      isRecovered: view.recoveredFrameworks.has(id),
      unregisteredMs: undefined,
      used: usage.used.ofFramework(id),
      offered: usage.offered.ofFramework(id),
      offers: usage.offersOf(id),
      tasks: record.tasks.valueSeq(),
      unreachable: record.unreachable.valueSeq(),
      completed: record.completed,
      executors: reachedExecutors(view.state, record),
    };
  });
}

/** Those that were removed, as long as they are remembered. */
export function completedFrameworks({ state }: MasterView): readonly FrameworkEntry[] {
  return [...state.completedFrameworks].map(({ framework, unregisteredMs, tasks }) => ({
    framework,
    isConnected: false,
    isRecovered: false,
    unregisteredMs,
    used: [],
    offered: [],
    offers: [],
    tasks: [],
    unreachable: [],
    completed: tasks,
    executors: [],
  }));
}
