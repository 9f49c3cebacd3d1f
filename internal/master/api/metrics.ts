/**
 * What the master counts, by Mesos's names, as `/metrics/snapshot` and GET_METRICS tell it: gauges
 * read off the view when somebody asks, and whatever else is counted while the program runs.
 */
import type { Steps } from '#internal/base/steps.ts';
import { isTerminal, type TaskState } from '#internal/model/cluster.ts';
import type { Resources } from '#internal/resources/resource.ts';
import { add, scalarMilli } from '#internal/resources/resources.ts';
import type { Clock } from '#internal/runtime/clock.ts';
import type { MasterView } from '../door.ts';
import { agentGroups } from './agent-groups.ts';
import { usageSteps } from './usage.ts';

/** Sorted by name. */
export type Metrics = (view: MasterView) => Steps<ReadonlyMap<string, number>>;

export type Counters = () => Iterable<readonly [name: string, value: number]>;

export function newMetrics(clock: Clock, counters: Counters): Metrics {
  return function* (view) {
    const uptimeSeconds = Math.max(0, clock.now() - view.startedMs) / 1000;
    const all = new Map<string, number>([
      ['master/uptime_secs', uptimeSeconds],
      ['master/elected', view.electedMs === undefined ? 0 : 1],
      ['master/outstanding_offers', view.offers.length],
      ...agentGauges(view),
      ...frameworkGauges(view),
      ...(yield* taskGauges(view)),
      ...(yield* resourceGauges(view)),
      ...counters(),
    ]);
    return new Map([...all].toSorted(([one], [other]) => (one < other ? -1 : 1)));
  };
}

type Gauges = readonly (readonly [name: string, value: number])[];

function agentGauges(view: MasterView): Gauges {
  const { registered, unreachable } = agentGroups(view);
  const connected = registered.filter(({ id }) => view.connectedAgents.has(id)).length;
  const disconnected = registered.length - connected;
  return [
    ['master/slaves_active', connected],
    ['master/slaves_inactive', disconnected],
    ['master/slaves_connected', connected],
    ['master/slaves_disconnected', disconnected],
    ['master/slaves_unreachable', unreachable.length],
  ];
}

function frameworkGauges({ state, connectedFrameworks }: MasterView): Gauges {
  const connected = [...state.frameworks.keys()].filter((id) => connectedFrameworks.has(id)).length;
  const disconnected = state.frameworks.size - connected;
  return [
    ['master/frameworks_active', connected],
    ['master/frameworks_inactive', disconnected],
    ['master/frameworks_connected', connected],
    ['master/frameworks_disconnected', disconnected],
  ];
}

const liveStates: readonly TaskState[] = ['staging', 'starting', 'running', 'killing'];

function* taskGauges({ state }: MasterView): Steps<Gauges> {
  const counts = new Map<TaskState, number>(liveStates.map((name) => [name, 0]));
  let unreachable = 0;
  for (const record of state.frameworks.values()) {
    unreachable += record.unreachable.size;
    for (const task of record.tasks.values()) {
      if (!isTerminal(task.state)) counts.set(task.state, (counts.get(task.state) ?? 0) + 1);
      yield;
    }
  }
  const live = liveStates.map((name) => [`master/tasks_${name}`, counts.get(name) ?? 0] as const);
  return [...live, ['master/tasks_unreachable', unreachable]];
}

function* resourceGauges(view: MasterView): Steps<Gauges> {
  let total: Resources = [];
  for (const agent of agentGroups(view).registered) {
    total = add(total, agent.total);
    yield;
  }
  const {
    used: { total: used },
  } = yield* usageSteps(view);
  return ['cpus', 'gpus', 'mem', 'disk'].flatMap((name) => resourceGauge(name, total, used));
}

function resourceGauge(name: string, totalOf: Resources, usedOf: Resources): Gauges {
  const total = scalarMilli(totalOf, name) / 1000;
  const used = scalarMilli(usedOf, name) / 1000;
  return [
    [`master/${name}_total`, total],
    [`master/${name}_used`, used],
    [`master/${name}_percent`, total === 0 ? 0 : used / total],
  ];
}
