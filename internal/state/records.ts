/**
 * The state cut into records, each under a key of its own: a snapshot is all of them, and what a
 * command changed is the few that differ. Nothing derived is in them.
 */
import { List, Map as ImmutableMap } from 'immutable';
import { assert, unreachable } from '#internal/base/assert.ts';
import type {
  Agent,
  CompletedFramework,
  Executor,
  Framework,
  Task,
} from '#internal/model/cluster.ts';
import { noStore, type StoredValue } from '#internal/model/framework-store.ts';
import type { AgentId, FrameworkId, Role, TaskId } from '#internal/model/ids.ts';
import type { Operation } from '#internal/model/operation.ts';
import type { VolumeRecord } from '#internal/model/volume.ts';
import { volumeName } from '#internal/resources/volume-place.ts';
import { type Maintenance, noMaintenance, type Quota } from '#internal/model/policy.ts';
import { differingIds } from './map-changes.ts';
import {
  completedFramework,
  type ExecutorKey,
  type FrameworkRecord,
  newState,
  type State,
} from './state.ts';

export type StateRecord =
  | ({ readonly kind: 'root' } & Pick<
      State,
      'version' | 'leader' | 'checked' | 'histories' | 'clusterId'
    >)
  | { readonly kind: 'agent'; readonly agent: Agent }
  | { readonly kind: 'framework'; readonly framework: Framework }
  | ({ readonly kind: 'completed-framework' } & Omit<CompletedFramework, 'tasks' | 'tasksFirst'>)
  | { readonly kind: 'live-task' | 'unreachable-task'; readonly task: Task }
  | { readonly kind: 'executor'; readonly executor: Executor }
  /** `ordinal` is its number in the framework's history. */
  | { readonly kind: 'completed-task'; readonly task: Task; readonly ordinal: number }
  | { readonly kind: 'gone-agent'; readonly agentId: AgentId; readonly goneMs: number }
  | { readonly kind: 'weight'; readonly role: Role; readonly weight: number }
  | { readonly kind: 'quota'; readonly role: Role; readonly quota: Quota }
  | { readonly kind: 'operation'; readonly operation: Operation }
  | { readonly kind: 'volume'; readonly volume: VolumeRecord }
  /** Absent until its framework has put something. */
  | { readonly kind: 'store'; readonly frameworkId: FrameworkId; readonly version: number }
  | ({
      readonly kind: 'stored-value';
      readonly frameworkId: FrameworkId;
      readonly key: string;
    } & StoredValue)
  /** Absent while there is none. */
  | { readonly kind: 'maintenance'; readonly maintenance: Maintenance };

export type RecordChange = {
  readonly key: string;
  /** Undefined when it was not there, or is not any more. */
  readonly before: StateRecord | undefined;
  readonly record: StateRecord | undefined;
};

/**
 * Where a record is kept. Ids hold no slash (contract 5.2) and stand in front of what may, and one id
 * has no two records of a kind.
 */
export function recordKey(record: StateRecord): string {
  switch (record.kind) {
    case 'root':
      return 'root';
    case 'agent':
      return `agent/${record.agent.id}`;
    case 'framework':
    case 'completed-framework':
      return `${record.kind}/${record.framework.id}`;
    case 'live-task':
    case 'unreachable-task':
      return `task/${record.task.frameworkId}/${record.kind}/${record.task.id}`;
    case 'executor': {
      const { frameworkId, agentId, id } = record.executor;
      return `executor/${frameworkId}/${agentId}/${id}`;
    }
    case 'completed-task':
      return `task/${record.task.frameworkId}/completed/${record.ordinal}`;
    case 'gone-agent':
      return `gone-agent/${record.agentId}`;
    case 'weight':
    case 'quota':
      return `${record.kind}/${record.role}`;
    case 'operation':
      return `operation/${record.operation.agentId}/${record.operation.uuid}`;
    case 'volume':
      return `volume/${record.volume.agentId}/${volumeName(record.volume.found.volume)}`;
    case 'store':
      return `store/${record.frameworkId}`;
    case 'stored-value':
      return `store/${record.frameworkId}/${record.key}`;
    case 'maintenance':
      return 'maintenance';
    default:
      return unreachable(record);
  }
}

/** All records, by key. */
export function toRecords(state: State): ReadonlyMap<string, StateRecord> {
  const records = new Map<string, StateRecord>();
  for (const { key, record } of diff(newState(), state)) {
    assert(record !== undefined && !records.has(key), `two records or none at ${key}`);
    records.set(key, record);
  }
  return records;
}

/** What makes `next` of `previous`. What they share is not looked at. */
export const diff = (previous: State, next: State): readonly RecordChange[] =>
  [...diffSteps(previous, next)].filter((change) => change !== undefined);

/** The same one by one, with undefined now and then where there is none for a while. */
export function* diffSteps(previous: State, next: State): Changes {
  yield* compare(rootOf(previous), rootOf(next));
  yield* comparePolicies(previous, next);
  yield* compareMaps(previous.agents, next.agents, (agent) => ({ kind: 'agent', agent }));
  yield* compareOperations(previous, next);
  yield* compareVolumes(previous, next);
  const ids = new Set<FrameworkId>();
  for (const { frameworks, completedFrameworks } of [previous, next]) {
    for (const id of frameworks.keys()) ids.add(id);
    for (const { framework } of completedFrameworks) ids.add(framework.id);
  }
  for (const id of ids) yield* compareFramework(pieceOf(previous, id), pieceOf(next, id));
}

type Changes = Generator<RecordChange | undefined, void>;

function* comparePolicies(previous: State, next: State): Changes {
  yield* compare(maintenanceOf(previous), maintenanceOf(next));
  yield* compareMaps(previous.weights, next.weights, (weight, role) => ({
    kind: 'weight',
    role,
    weight,
  }));
  yield* compareMaps(previous.quotas, next.quotas, (quota, role) => ({
    kind: 'quota',
    role,
    quota,
  }));
  yield* compareMaps(previous.goneAgents, next.goneAgents, (goneMs, agentId) => ({
    kind: 'gone-agent',
    agentId,
    goneMs,
  }));
}

function* compareOperations(previous: State, next: State): Changes {
  if (previous.operations === next.operations) return;
  const ids = new Set([...previous.operations.keys(), ...next.operations.keys()]);
  for (const id of ids) {
    const [before, after] = [previous.operations.get(id), next.operations.get(id)];
    yield* compareMaps(before ?? noOperations, after ?? noOperations, (operation) => ({
      kind: 'operation',
      operation,
    }));
  }
}

function* compareVolumes(previous: State, next: State): Changes {
  if (previous.volumes === next.volumes) return;
  const ids = new Set([...previous.volumes.keys(), ...next.volumes.keys()]);
  for (const id of ids) {
    const [before, after] = [previous.volumes.get(id), next.volumes.get(id)];
    yield* compareMaps(before ?? noVolumes, after ?? noVolumes, (volume) => ({
      kind: 'volume',
      volume,
    }));
  }
}

const noVolumes = ImmutableMap<string, VolumeRecord>();
const noOperations = ImmutableMap<string, Operation>();

/** All that is kept of one framework, alive or completed. */
type Piece = {
  readonly record: FrameworkRecord | undefined;
  readonly completed: CompletedFramework | undefined;
};

function pieceOf(state: State, id: FrameworkId): Piece {
  return { record: state.frameworks.get(id), completed: completedFramework(state, id) };
}

function* compareFramework(previous: Piece, next: Piece): Changes {
  if (previous.record === next.record && previous.completed === next.completed) return;
  yield* compare(frameworkOf(previous), frameworkOf(next));
  yield* compare(completedOf(previous), completedOf(next));
  const [before, after] = [previous.record, next.record];
  yield* compareMaps(before?.tasks ?? none, after?.tasks ?? none, (task) => ({
    kind: 'live-task',
    task,
  }));
  yield* compareMaps(before?.unreachable ?? none, after?.unreachable ?? none, (task) => ({
    kind: 'unreachable-task',
    task,
  }));
  yield* compareMaps(
    before?.executors ?? noExecutors,
    after?.executors ?? noExecutors,
    (executor) => ({ kind: 'executor', executor }),
  );
  yield* compare(storeOf(before), storeOf(after));
  const [old, now] = [before?.store ?? noStore, after?.store ?? noStore];
  const id = before?.framework.id ?? after?.framework.id;
  if (id !== undefined) {
    yield* compareMaps(old.values, now.values, (stored, key) => ({
      kind: 'stored-value',
      frameworkId: id,
      key,
      ...stored,
    }));
  }
  yield* compareHistories(historyOf(previous), historyOf(next));
}

const noExecutors = ImmutableMap<ExecutorKey, Executor>();
const none = ImmutableMap<TaskId, Task>();

/** Puts `next` when it is new or says something else, and removes what is gone. */
function* compare(previous: StateRecord | undefined, next: StateRecord | undefined): Changes {
  if (next === undefined) {
    if (previous === undefined) return;
    yield { key: recordKey(previous), before: previous, record: undefined };
  } else if (previous === undefined || !isSameRecord(previous, next)) {
    yield { key: recordKey(next), before: previous, record: next };
  }
}

/** Records are made on the fly; what they hold is shared between states. */
function isSameRecord(previous: StateRecord, next: StateRecord): boolean {
  if (previous.kind === 'root' && next.kind === 'root') {
    const isSameLeader = previous.version === next.version && previous.leader === next.leader;
    const isSameCluster = isSameLeader && previous.clusterId === next.clusterId;
    const isSameRest = previous.checked === next.checked && previous.histories === next.histories;
    return isSameCluster && isSameRest;
  }
  if (previous.kind === 'framework' && next.kind === 'framework') {
    return previous.framework === next.framework;
  }
  if (previous.kind === 'store' && next.kind === 'store') return previous.version === next.version;
  if (previous.kind === 'maintenance' && next.kind === 'maintenance') {
    return previous.maintenance === next.maintenance;
  }
  if (previous.kind === 'completed-framework' && next.kind === 'completed-framework') {
    return previous.framework === next.framework && previous.ordinal === next.ordinal;
  }
  return false;
}

function* compareMaps<Id extends string, Value>(
  previous: ImmutableMap<Id, Value>,
  next: ImmutableMap<Id, Value>,
  recordOf: (value: Value, id: Id) => StateRecord,
): Changes {
  for (const id of differingIds(previous, next)) {
    if (id === undefined) {
      yield undefined;
      continue;
    }
    const [old, now] = [previous.get(id), next.get(id)];
    const before = old === undefined ? undefined : recordOf(old, id);
    const record = now === undefined ? undefined : recordOf(now, id);
    const either = record ?? before;
    if (either !== undefined) yield { key: recordKey(either), before, record };
  }
}

type History = { readonly tasks: List<Task>; readonly first: number };

function historyOf({ record, completed }: Piece): History {
  if (record !== undefined) return { tasks: record.completed, first: record.completedFirst };
  return { tasks: completed?.tasks ?? List(), first: completed?.tasksFirst ?? 0 };
}

function* compareHistories(previous: History, next: History): Changes {
  if (previous.tasks === next.tasks && previous.first === next.first) return;
  const at = ({ tasks, first }: History, ordinal: number): Task | undefined =>
    ordinal < first ? undefined : tasks.get(ordinal - first);
  const recordAt = (history: History, ordinal: number): StateRecord | undefined => {
    const task = at(history, ordinal);
    return task && { kind: 'completed-task', task, ordinal };
  };
  for (const [i, task] of previous.tasks.entries()) {
    const ordinal = previous.first + i;
    if (at(next, ordinal) !== undefined) continue;
    const before = { kind: 'completed-task', task, ordinal } as const;
    yield { key: recordKey(before), before, record: undefined };
  }
  for (const [i, task] of next.tasks.entries()) {
    const ordinal = next.first + i;
    if (at(previous, ordinal) === task) continue;
    const record = { kind: 'completed-task', task, ordinal } as const;
    yield { key: recordKey(record), before: recordAt(previous, ordinal), record };
  }
  yield undefined;
}

const rootOf = ({ version, leader, checked, histories, clusterId }: State): StateRecord => ({
  kind: 'root',
  clusterId,
  version,
  leader,
  checked,
  histories,
});

const maintenanceOf = ({ maintenance }: State): StateRecord | undefined =>
  maintenance === noMaintenance ? undefined : { kind: 'maintenance', maintenance };

const frameworkOf = ({ record }: Piece): StateRecord | undefined =>
  record === undefined ? undefined : { kind: 'framework', framework: record.framework };

function storeOf(record: FrameworkRecord | undefined): StateRecord | undefined {
  if (record === undefined || record.store.version === 0) return undefined;
  return { kind: 'store', frameworkId: record.framework.id, version: record.store.version };
}

function completedOf({ completed }: Piece): StateRecord | undefined {
  if (completed === undefined) return undefined;
  const { framework, unregisteredMs, ordinal } = completed;
  return { kind: 'completed-framework', framework, unregisteredMs, ordinal };
}
