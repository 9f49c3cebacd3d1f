/**
 * What `/metrics/snapshot` and GET_METRICS show of an agent, by Mesos's names, sorted. What Mesos counts of
 * things that no agent of ours has (revocable resources, images in Docker's hands, project ids of XFS,
 * resource providers) is 0 where it is always shown, and not there where it is not.
 */
import { scalarMilli, sum, unallocated } from '#internal/resources/resources.ts';
import { resourcesAsWritten } from '#internal/wire/resources.ts';
import type { ContainerInfo, TaskState } from '#proto/gen/mesos/v1.ts';
import type { AgentState } from '../core/state.ts';
import type { FetchFigures } from '../fetch/fetcher.ts';
import type { GarbageFigures } from '../garbage/garbage-collector.ts';
import type { SystemStats } from './system-stats.ts';

export type MetricSources = {
  readonly state: AgentState;
  readonly uptimeMs: number;
  readonly figures: AgentFigures;
  readonly system: SystemStats;
};

/** From the start of the agent on. */
export type AgentFigures = {
  /** By their whole names. */
  readonly counted: ReadonlyMap<string, number>;
  readonly fetches: FetchFigures;
  readonly garbage: GarbageFigures;
};

/** Tasks that the agent has not forgotten, by the metric of their state. */
const gauges: ReadonlyMap<string, TaskState> = new Map([
  ['staging', 'TASK_STAGING'],
  ['starting', 'TASK_STARTING'],
  ['running', 'TASK_RUNNING'],
  ['killing', 'TASK_KILLING'],
]);

const amounts = ['cpus', 'mem', 'disk', 'gpus'] as const;

export function metricsOf(sources: MetricSources): ReadonlyMap<string, number> {
  const { state, uptimeMs, figures, system } = sources;
  const all: readonly Metric[] = [
    ...figures.counted,
    ['slave/uptime_secs', uptimeMs / 1000],
    ['slave/registered', state.session.kind === 'registered' ? 1 : 0],
    ['slave/frameworks_active', state.frameworks.size],
    ...ofWork(state),
    ...ofResources(state),
    ...ofFetches(figures.fetches),
    ...ofGarbage(figures.garbage),
    ...Object.entries(system).map(([name, value]): Metric => [`system/${short(name)}`, value]),
  ];
  return new Map(all.toSorted(([one], [other]) => (one < other ? -1 : 1)));
}

type Metric = readonly [name: string, value: number];

/** Executors and tasks. */
function ofWork(state: AgentState): readonly Metric[] {
  const tasks = [...state.tasks.values()];
  const living = tasks.filter(({ life }) => life.kind !== 'ended');
  const infos = [...living, ...state.executors.values()].map(({ info }) => info);
  return [
    ...[...gauges].map(([name, wanted]): Metric => {
      return [`slave/tasks_${name}`, tasks.filter((task) => task.state === wanted).length];
    }),
    ['slave/executors_registering', inPhase(state, 'registering')],
    // Where the agent itself is the executor, of a group or of a task that stands alone, it runs.
    ['slave/executors_running', inPhase(state, 'running') + living.filter(isAlone).length],
    ['slave/executors_terminating', inPhase(state, 'terminating')],
    // Only for resources that are lent is anything made to end.
    ['slave/executors_preempted', 0],
    ['containerizer/mesos/filesystem/containers_new_rootfs', infos.filter(hasImage).length],
  ];
}

const hasImage = ({ container }: { readonly container?: ContainerInfo }): boolean =>
  container?.mesos?.image !== undefined;

function ofResources({ tasks, total: all }: AgentState): readonly Metric[] {
  const living = [...tasks.values()].filter(({ life }) => life.kind !== 'ended');
  const used = sum(living.map(({ info }) => unallocated(resourcesAsWritten(info.resources))));
  return amounts.flatMap((name): readonly Metric[] => {
    const total = scalarMilli(all, name) / 1000;
    const taken = scalarMilli(used, name) / 1000;
    return [
      [`slave/${name}_total`, total],
      [`slave/${name}_used`, taken],
      [`slave/${name}_percent`, total === 0 ? 0 : taken / total],
      // Nobody estimates what could be lent.
      [`slave/${name}_revocable_total`, 0],
      [`slave/${name}_revocable_used`, 0],
      [`slave/${name}_revocable_percent`, 0],
    ];
  });
}

const ofFetches = (figures: FetchFigures): readonly Metric[] => [
  ['containerizer/fetcher/task_fetches_succeeded', figures.succeeded],
  ['containerizer/fetcher/task_fetches_failed', figures.failed],
  ['containerizer/fetcher/cache_size_total_bytes', figures.cacheBytesMax],
  ['containerizer/fetcher/cache_size_used_bytes', figures.cacheBytes],
];

const ofGarbage = (figures: GarbageFigures): readonly Metric[] => [
  ['gc/path_removals_pending', figures.pending],
  ['gc/path_removals_succeeded', figures.succeeded],
  ['gc/path_removals_failed', figures.failed],
  ['slave/executor_directory_max_allowed_age_secs', figures.allowedAgeMs / 1000],
];

/** The metrics have other names than `/system/stats.json`. */
const short = (name: string): string => name.replace(/^avg_/u, '');

type Phase = 'registering' | 'running' | 'terminating';

const inPhase = ({ executors }: AgentState, wanted: Phase): number =>
  executors.count(({ own }) => (own?.phase.kind ?? 'running') === wanted);

const isAlone = ({ pod }: { readonly pod: unknown }): boolean => pod === undefined;
