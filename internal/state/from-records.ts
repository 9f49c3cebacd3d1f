/** The state made again of its records, and the books that are derived from them. */
import { List, Map } from 'immutable';
import { assert, unreachable } from '#internal/base/assert.ts';
import { runToEnd, type Steps } from '#internal/base/steps.ts';
import type { Executor, Task } from '#internal/model/cluster.ts';
import { type FrameworkStore, noStore, withValue } from '#internal/model/framework-store.ts';
import type { AgentId, FrameworkId, TaskId } from '#internal/model/ids.ts';
import type { Operation } from '#internal/model/operation.ts';
import type { VolumeRecord } from '#internal/model/volume.ts';
import { volumeName } from '#internal/resources/volume-place.ts';
import { noLoad, withExecutor, withTask } from './load.ts';
import type { StateRecord } from './records.ts';
import { executorKey, type ExecutorKey, newState, type State } from './state.ts';
import { newestVersion, StateVersionError } from './version.ts';

/** The inverse of `toRecords`; the order of the records does not count. Throws `StateVersionError`. */
export function fromRecords(records: Iterable<StateRecord>): State {
  const builder = newStateBuilder();
  for (const record of records) builder.add(record);
  return runToEnd(builder.finish());
}

/** The same for records that come by and by. */
export type StateBuilder = {
  readonly records: number;
  add(record: StateRecord): void;
  /** Once, at the end. */
  finish(): Steps<State>;
};

export function newStateBuilder(): StateBuilder {
  const sorted = newSorted();
  let records = 0;
  return {
    get records() {
      return records;
    },
    add(record) {
      sort(sorted, record);
      records++;
    },
    finish: () => stateOf(sorted),
  };
}

function* stateOf(sorted: Sorted): Steps<State> {
  const { agents } = sorted;
  const registrations = Map<string, AgentId>().asMutable();
  for (const { registration, id } of agents.values()) {
    registrations.set(registration, id);
    yield;
  }
  return {
    ...sorted.root,
    ...sorted.policy,
    agents,
    registrations: registrations.asImmutable(),
    operations: sorted.operations,
    volumes: sorted.volumes,
    volumeHolders: yield* holdersOf(sorted),
    loads: yield* loadsOf(sorted),
    frameworks: yield* frameworksOf(sorted),
    completedFrameworks: yield* completedOf(sorted),
  };
}

type Completed = Extract<StateRecord, { kind: 'completed-framework' }>;
type CompletedTask = Extract<StateRecord, { kind: 'completed-task' }>;
type Tasks = Map<TaskId, Task>;

/** The records by what they are, tasks by their framework. */
type Sorted = {
  root: Pick<State, 'version' | 'leader' | 'checked' | 'histories' | 'clusterId'>;
  policy: Pick<State, 'weights' | 'quotas' | 'maintenance' | 'goneAgents'>;
  agents: State['agents'];
  operations: State['operations'];
  volumes: State['volumes'];
  readonly frameworks: Extract<StateRecord, { kind: 'framework' }>[];
  readonly completed: Completed[];
  live: Map<FrameworkId, Tasks>;
  unreachable: Map<FrameworkId, Tasks>;
  history: Map<FrameworkId, List<CompletedTask>>;
  executors: Map<FrameworkId, Map<ExecutorKey, Executor>>;
  stores: Map<FrameworkId, FrameworkStore>;
};

function newSorted(): Sorted {
  const { weights, quotas, maintenance, goneAgents, ...rest } = newState();
  const { version, leader, checked, histories, clusterId } = rest;
  return {
    root: { version, leader, checked, histories, clusterId },
    policy: { weights, quotas, maintenance, goneAgents },
    agents: Map(),
    operations: Map(),
    volumes: Map(),
    frameworks: [],
    completed: [],
    live: Map(),
    unreachable: Map(),
    history: Map(),
    executors: Map(),
    stores: Map(),
  };
}

function sort(sorted: Sorted, record: StateRecord): void {
  if (isPolicyRecord(record)) {
    sorted.policy = withPolicy(sorted.policy, record);
    return;
  }
  switch (record.kind) {
    case 'root': {
      const { version, leader, checked, histories, clusterId } = record;
      if (version > newestVersion) throw new StateVersionError(version);
      sorted.root = { version, leader, checked, histories, clusterId };
      return;
    }
    case 'agent':
      sorted.agents = sorted.agents.set(record.agent.id, record.agent);
      return;
    case 'operation':
      sorted.operations = withOperation(sorted.operations, record.operation);
      return;
    case 'volume': {
      const { agentId, found } = record.volume;
      const ofAgent = sorted.volumes.get(agentId, Map<string, VolumeRecord>());
      const name = volumeName(found.volume);
      sorted.volumes = sorted.volumes.set(agentId, ofAgent.set(name, record.volume));
      return;
    }
    case 'framework':
      sorted.frameworks.push(record);
      return;
    case 'completed-framework':
      sorted.completed.push(record);
      return;
    case 'live-task':
      sorted.live = withSorted(sorted.live, record.task);
      return;
    case 'executor': {
      const { frameworkId, agentId, id } = record.executor;
      const known = sorted.executors.get(frameworkId, Map<ExecutorKey, Executor>());
      const executors = known.set(executorKey(agentId, id), record.executor);
      sorted.executors = sorted.executors.set(frameworkId, executors);
      return;
    }
    case 'store':
    case 'stored-value': {
      const { frameworkId } = record;
      const known = sorted.stores.get(frameworkId, noStore);
      sorted.stores = sorted.stores.set(frameworkId, withStoreRecord(known, record));
      return;
    }
    case 'unreachable-task':
      sorted.unreachable = withSorted(sorted.unreachable, record.task);
      return;
    case 'completed-task': {
      const { frameworkId } = record.task;
      const list = sorted.history.get(frameworkId, List<CompletedTask>());
      sorted.history = sorted.history.set(frameworkId, list.push(record));
      return;
    }
    default:
      unreachable(record);
  }
}

type PolicyRecord = Extract<
  StateRecord,
  { kind: 'gone-agent' | 'weight' | 'quota' | 'maintenance' }
>;

const isPolicyRecord = (record: StateRecord): record is PolicyRecord =>
  ['gone-agent', 'weight', 'quota', 'maintenance'].includes(record.kind);

function withPolicy(policy: Sorted['policy'], record: PolicyRecord): Sorted['policy'] {
  switch (record.kind) {
    case 'weight':
      return { ...policy, weights: policy.weights.set(record.role, record.weight) };
    case 'quota':
      return { ...policy, quotas: policy.quotas.set(record.role, record.quota) };
    case 'gone-agent': {
      const { agentId, goneMs } = record;
      return { ...policy, goneAgents: policy.goneAgents.set(agentId, goneMs) };
    }
    case 'maintenance':
      return { ...policy, maintenance: record.maintenance };
    default:
      return unreachable(record);
  }
}

/** In any order: the last version that was given is none below those that are there. */
function withStoreRecord(
  store: FrameworkStore,
  record: Extract<StateRecord, { kind: 'store' | 'stored-value' }>,
): FrameworkStore {
  const { version } = record;
  if (record.kind === 'store') return { ...store, version: Math.max(store.version, version) };
  return withValue(store, record.key, { value: record.value, version });
}

function withSorted(all: Map<FrameworkId, Tasks>, task: Task): Map<FrameworkId, Tasks> {
  const tasks = all.get(task.frameworkId, Map<TaskId, Task>());
  return all.set(task.frameworkId, tasks.set(task.id, task));
}

function withOperation(all: State['operations'], operation: Operation): State['operations'] {
  const { agentId, uuid } = operation;
  const ofAgent = all.get(agentId, Map<string, Operation>());
  return all.set(agentId, ofAgent.set(uuid, operation));
}

function* frameworksOf(sorted: Sorted): Steps<State['frameworks']> {
  let frameworks: State['frameworks'] = Map();
  for (const { framework } of sorted.frameworks) {
    const { tasks: completed, first: completedFirst } = historyOf(sorted, framework.id);
    const tasks: Tasks = sorted.live.get(framework.id) ?? Map();
    const unreachableTasks: Tasks = sorted.unreachable.get(framework.id) ?? Map();
    const executors = sorted.executors.get(framework.id, Map<ExecutorKey, Executor>());
    const lists = { tasks, unreachable: unreachableTasks, completed, completedFirst, executors };
    const store = sorted.stores.get(framework.id, noStore);
    frameworks = frameworks.set(framework.id, { framework, ...lists, store });
    yield;
  }
  return frameworks;
}

function* holdersOf({ volumes }: Sorted): Steps<State['volumeHolders']> {
  let holders: State['volumeHolders'] = Map();
  for (const records of volumes.values()) {
    for (const { agentId, found, isStale } of records.values()) {
      if (!isStale) holders = holders.set(found.origin, agentId);
      yield;
    }
  }
  return holders;
}

function* completedOf(sorted: Sorted): Steps<State['completedFrameworks']> {
  const inOrder = sorted.completed.toSorted((left, right) => left.ordinal - right.ordinal);
  let frameworks: State['completedFrameworks'] = List();
  for (const { framework, unregisteredMs, ordinal } of inOrder) {
    const { tasks, first: tasksFirst } = historyOf(sorted, framework.id);
    frameworks = frameworks.push({ framework, unregisteredMs, ordinal, tasks, tasksFirst });
    yield;
  }
  return frameworks;
}

function historyOf(
  { history }: Sorted,
  id: FrameworkId,
): { readonly tasks: List<Task>; readonly first: number } {
  const inOrder = history.get(id, List<CompletedTask>()).sortBy(({ ordinal }) => ordinal);
  const first = inOrder.first()?.ordinal ?? 0;
  for (const [i, { ordinal }] of inOrder.entries()) {
    assert(ordinal === first + i, `task ${first + i} of the history of framework ${id} is missing`);
  }
  return { tasks: inOrder.map(({ task }) => task), first };
}

/** What runs on each agent, from the live tasks and the executors. */
function* loadsOf({ live, executors }: Sorted): Steps<State['loads']> {
  let loads: State['loads'] = Map();
  for (const tasks of live.values()) {
    for (const task of tasks.values()) {
      loads = loads.update(task.agentId, noLoad, (load) => withTask(load, undefined, task));
      yield;
    }
  }
  for (const ofFramework of executors.values()) {
    for (const executor of ofFramework.values()) {
      loads = loads.update(executor.agentId, noLoad, (load) => withExecutor(load, executor));
      yield;
    }
  }
  return loads;
}
