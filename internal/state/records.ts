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
import type { AgentId, FrameworkId, Role, TaskId } from '#internal/model/ids.ts';
import type { Operation } from '#internal/model/operation.ts';
import { type Maintenance, noMaintenance, type Quota } from '#internal/model/policy.ts';
import {
  completedFramework,
  type ExecutorKey,
  type FrameworkRecord,
  type Leader,
  newState,
  type State,
} from './state.ts';

export type StateRecord =
  | { readonly kind: 'root'; readonly version: number; readonly leader: Leader | undefined }
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
  /** Absent while there is none. */
  | { readonly kind: 'maintenance'; readonly maintenance: Maintenance };

export type RecordChange = { readonly key: string; readonly record: StateRecord | undefined };

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
export function diff(previous: State, next: State): readonly RecordChange[] {
  const changes: RecordChange[] = [];
  compare(changes, rootOf(previous), rootOf(next));
  comparePolicies(changes, previous, next);
  compareMaps(changes, previous.agents, next.agents, (agent) => ({ kind: 'agent', agent }));
  compareOperations(changes, previous, next);
  const ids = new Set<FrameworkId>();
  for (const { frameworks, completedFrameworks } of [previous, next]) {
    for (const id of frameworks.keys()) ids.add(id);
    for (const { framework } of completedFrameworks) ids.add(framework.id);
  }
  for (const id of ids) {
    compareFramework(changes, pieceOf(previous, id), pieceOf(next, id));
  }
  return changes;
}

type Changes = RecordChange[];

function comparePolicies(changes: Changes, previous: State, next: State): void {
  compare(changes, maintenanceOf(previous), maintenanceOf(next));
  compareMaps(changes, previous.weights, next.weights, (weight, role) => ({
    kind: 'weight',
    role,
    weight,
  }));
  compareMaps(changes, previous.quotas, next.quotas, (quota, role) => ({
    kind: 'quota',
    role,
    quota,
  }));
  compareMaps(changes, previous.goneAgents, next.goneAgents, (goneMs, agentId) => ({
    kind: 'gone-agent',
    agentId,
    goneMs,
  }));
}

function compareOperations(changes: Changes, previous: State, next: State): void {
  if (previous.operations === next.operations) return;
  const ids = new Set([...previous.operations.keys(), ...next.operations.keys()]);
  for (const id of ids) {
    const [before, after] = [previous.operations.get(id), next.operations.get(id)];
    compareMaps(changes, before ?? noOperations, after ?? noOperations, (operation) => ({
      kind: 'operation',
      operation,
    }));
  }
}

const noOperations = ImmutableMap<string, Operation>();

/** All that is kept of one framework, alive or completed. */
type Piece = {
  readonly record: FrameworkRecord | undefined;
  readonly completed: CompletedFramework | undefined;
};

function pieceOf(state: State, id: FrameworkId): Piece {
  return { record: state.frameworks.get(id), completed: completedFramework(state, id) };
}

function compareFramework(changes: Changes, previous: Piece, next: Piece): void {
  if (previous.record === next.record && previous.completed === next.completed) return;
  compare(changes, frameworkOf(previous), frameworkOf(next));
  compare(changes, completedOf(previous), completedOf(next));
  const [before, after] = [previous.record, next.record];
  compareMaps(changes, before?.tasks ?? none, after?.tasks ?? none, (task) => ({
    kind: 'live-task',
    task,
  }));
  compareMaps(changes, before?.unreachable ?? none, after?.unreachable ?? none, (task) => ({
    kind: 'unreachable-task',
    task,
  }));
  compareMaps(
    changes,
    before?.executors ?? noExecutors,
    after?.executors ?? noExecutors,
    (executor) => ({ kind: 'executor', executor }),
  );
  compareHistories(changes, historyOf(previous), historyOf(next));
}

const noExecutors = ImmutableMap<ExecutorKey, Executor>();
const none = ImmutableMap<TaskId, Task>();

/** Puts `next` when it is new or says something else, and removes what is gone. */
function compare(
  changes: Changes,
  previous: StateRecord | undefined,
  next: StateRecord | undefined,
): void {
  if (next === undefined) {
    if (previous !== undefined) changes.push({ key: recordKey(previous), record: undefined });
  } else if (previous === undefined || !isSameRecord(previous, next)) {
    changes.push({ key: recordKey(next), record: next });
  }
}

/** Records are made on the fly; what they hold is shared between states. */
function isSameRecord(previous: StateRecord, next: StateRecord): boolean {
  if (previous.kind === 'root' && next.kind === 'root') {
    return previous.version === next.version && previous.leader === next.leader;
  }
  if (previous.kind === 'framework' && next.kind === 'framework') {
    return previous.framework === next.framework;
  }
  if (previous.kind === 'maintenance' && next.kind === 'maintenance') {
    return previous.maintenance === next.maintenance;
  }
  if (previous.kind === 'completed-framework' && next.kind === 'completed-framework') {
    return previous.framework === next.framework && previous.ordinal === next.ordinal;
  }
  return false;
}

function compareMaps<Id extends string, Value>(
  changes: Changes,
  previous: ImmutableMap<Id, Value>,
  next: ImmutableMap<Id, Value>,
  recordOf: (value: Value, id: Id) => StateRecord,
): void {
  if (previous === next) return;
  for (const [id, value] of previous) {
    if (!next.has(id)) changes.push({ key: recordKey(recordOf(value, id)), record: undefined });
  }
  for (const [id, value] of next) {
    const record = recordOf(value, id);
    if (previous.get(id) !== value) changes.push({ key: recordKey(record), record });
  }
}

type History = { readonly tasks: List<Task>; readonly first: number };

function historyOf({ record, completed }: Piece): History {
  if (record !== undefined) return { tasks: record.completed, first: record.completedFirst };
  return { tasks: completed?.tasks ?? List(), first: completed?.tasksFirst ?? 0 };
}

function compareHistories(changes: Changes, previous: History, next: History): void {
  if (previous.tasks === next.tasks && previous.first === next.first) return;
  const at = ({ tasks, first }: History, ordinal: number): Task | undefined =>
    ordinal < first ? undefined : tasks.get(ordinal - first);
  for (const [i, task] of previous.tasks.entries()) {
    const ordinal = previous.first + i;
    if (at(next, ordinal) !== undefined) continue;
    changes.push({ key: recordKey({ kind: 'completed-task', task, ordinal }), record: undefined });
  }
  for (const [i, task] of next.tasks.entries()) {
    const ordinal = next.first + i;
    if (at(previous, ordinal) === task) continue;
    const record = { kind: 'completed-task', task, ordinal } as const;
    changes.push({ key: recordKey(record), record });
  }
}

const rootOf = ({ version, leader }: State): StateRecord => ({ kind: 'root', version, leader });

const maintenanceOf = ({ maintenance }: State): StateRecord | undefined =>
  maintenance === noMaintenance ? undefined : { kind: 'maintenance', maintenance };

const frameworkOf = ({ record }: Piece): StateRecord | undefined =>
  record === undefined ? undefined : { kind: 'framework', framework: record.framework };

function completedOf({ completed }: Piece): StateRecord | undefined {
  if (completed === undefined) return undefined;
  const { framework, unregisteredMs, ordinal } = completed;
  return { kind: 'completed-framework', framework, unregisteredMs, ordinal };
}
