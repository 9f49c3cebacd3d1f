/** What `/metrics/snapshot` and GET_METRICS count, by Mesos's names, sorted. */
import { scalarMilli, sum, unallocated } from '#internal/resources/resources.ts';
import { resourcesAsWritten } from '#internal/wire/resources.ts';
import type { TaskState } from '#proto/gen/mesos/v1.ts';
import type { AgentState } from '../core/state.ts';

export type MetricSources = {
  readonly state: AgentState;
  readonly uptimeMs: number;
};

/** Tasks that the agent has not forgotten, by the metric of their state. */
const gauges: ReadonlyMap<string, TaskState> = new Map([
  ['staging', 'TASK_STAGING'],
  ['starting', 'TASK_STARTING'],
  ['running', 'TASK_RUNNING'],
  ['killing', 'TASK_KILLING'],
]);

const amounts = ['cpus', 'mem', 'disk', 'gpus'] as const;

export function metricsOf({ state, uptimeMs }: MetricSources): ReadonlyMap<string, number> {
  const tasks = [...state.tasks.values()];
  const living = tasks.filter(({ life }) => life.kind !== 'ended');
  const used = sum(living.map(({ info }) => unallocated(resourcesAsWritten(info.resources))));
  const metrics = new Map<string, number>([
    ['slave/uptime_secs', uptimeMs / 1000],
    ['slave/registered', state.session.kind === 'registered' ? 1 : 0],
    ['slave/frameworks_active', state.frameworks.size],
    ['slave/executors_registering', inPhase(state, 'registering')],
    // Where the agent itself is the executor, of a group or of a task that stands alone, it runs.
    ['slave/executors_running', inPhase(state, 'running') + living.filter(isAlone).length],
    ['slave/executors_terminating', inPhase(state, 'terminating')],
  ]);
  for (const [name, wanted] of gauges) {
    metrics.set(`slave/tasks_${name}`, tasks.filter((task) => task.state === wanted).length);
  }
  for (const name of amounts) {
    const total = scalarMilli(state.total, name) / 1000;
    const taken = scalarMilli(used, name) / 1000;
    metrics.set(`slave/${name}_total`, total);
    metrics.set(`slave/${name}_used`, taken);
    metrics.set(`slave/${name}_percent`, total === 0 ? 0 : taken / total);
  }
  return new Map([...metrics].toSorted(([one], [other]) => (one < other ? -1 : 1)));
}

type Phase = 'registering' | 'running' | 'terminating';

const inPhase = ({ executors }: AgentState, wanted: Phase): number =>
  executors.count(({ own }) => (own?.phase.kind ?? 'running') === wanted);

const isAlone = ({ pod }: { readonly pod: unknown }): boolean => pod === undefined;
