/**
 * One application of a command under way: the state so far, and the effects so far. Every move of a
 * task between the lists, and every executor that comes or goes, goes through here, so that the books
 * (`loads`) agree with the lists.
 */
import { assert } from '#internal/base/assert.ts';
import {
  type CompletedFramework,
  type Executor,
  type Framework,
  isTerminal,
  type MasterUpdate,
  type Task,
  type TaskState,
  type TaskUpdate,
} from '#internal/model/cluster.ts';
import type { AgentId, FrameworkId } from '#internal/model/ids.ts';
import type { Effect } from './command.ts';
import { within } from './histories.ts';
import {
  isUnloaded,
  noLoad,
  tasksIn,
  withExecutor,
  withoutExecutor,
  withoutTask,
  withTask,
} from './load.ts';
import { compareIds } from './order.ts';
import {
  executorKey,
  executorOf,
  type FrameworkRecord,
  liveTask,
  type Load,
  type State,
} from './state.ts';

export type Draft = { state: State; readonly effects: Effect[]; readonly atMs: number };

/** Older ones are dropped: a task that flaps must not fill the state. */
const statusesMax = 16;

/**
 * Puts a task, new or changed, among the live ones; what ends frees what it held, and may end its
 * executor.
 */
export function putLive(draft: Draft, task: Task): void {
  const before = liveTask(draft.state, task.frameworkId, task.id);
  assert(
    before === undefined || !isTerminal(before.state) || before.state === task.state,
    `task ${task.id} cannot become ${task.state}: it is ${before?.state ?? ''}`,
  );
  updateLoad(draft, task.agentId, (load) => withTask(load, before, task));
  changeRecord(draft, task.frameworkId, (record) => ({
    ...record,
    tasks: record.tasks.set(task.id, task),
  }));
  const isEnd = isTerminal(task.state) && before !== undefined && !isTerminal(before.state);
  if (!isEnd) return;
  draft.effects.push({ kind: 'task-ended', task });
  const executor = executorOfTask(draft.state, task);
  if (executor?.endsWith === 'tasks' && isIdle(draft.state, executor)) {
    removeExecutor(draft, executor);
  }
}

/** Puts many among the live ones: of one framework, on one agent, and none of them known. */
export function putNew(
  draft: Draft,
  { frameworkId, agentId }: Pick<Task, 'frameworkId' | 'agentId'>,
  tasks: readonly Task[],
): void {
  updateLoad(draft, agentId, (load) =>
    tasks.reduce((sum, task) => withTask(sum, undefined, task), load),
  );
  changeRecord(draft, frameworkId, (record) => ({
    ...record,
    tasks: record.tasks.withMutations((open) => {
      for (const task of tasks) {
        assert(!open.has(task.id), `task ${task.id} is known already`);
        open.set(task.id, task);
      }
    }),
  }));
}

/** Puts an executor, new or changed, among those that live. */
export function putExecutor(draft: Draft, executor: Executor): void {
  const known = executorOf(draft.state, executor);
  if (known === undefined) {
    updateLoad(draft, executor.agentId, (load) => withExecutor(load, executor));
  } else {
    assert(known.resources === executor.resources, `executor ${executor.id} holds something else`);
  }
  changeRecord(draft, executor.frameworkId, (record) => ({
    ...record,
    executors: record.executors.set(executorKey(executor.agentId, executor.id), executor),
  }));
}

/** It has ended: what it held is free. Its tasks are dealt with besides. */
export function removeExecutor(draft: Draft, executor: Executor): void {
  updateLoad(draft, executor.agentId, (load) => withoutExecutor(load, executor));
  changeRecord(draft, executor.frameworkId, (record) => ({
    ...record,
    executors: record.executors.remove(executorKey(executor.agentId, executor.id)),
  }));
  draft.effects.push({ kind: 'executor-ended', executor });
}

/** No task runs in it, as far as anybody knows. */
export const isIdle = ({ loads }: State, executor: Executor): boolean =>
  tasksIn(loads.get(executor.agentId), executor) === 0;

function executorOfTask(
  state: State,
  { frameworkId, agentId, executorId: id }: Task,
): Executor | undefined {
  return id === undefined ? undefined : executorOf(state, { frameworkId, agentId, id });
}

/** From the live list, or from the unreachable one, into the history. `task` is terminal. */
export function complete(draft: Draft, task: Task): void {
  assert(isTerminal(task.state), `task ${task.id} cannot be completed: it is ${task.state}`);
  const wasLive = liveTask(draft.state, task.frameworkId, task.id) !== undefined;
  if (wasLive) {
    putLive(draft, task);
    takeLive(draft, task);
  }
  const { histories } = draft.state;
  changeRecord(draft, task.frameworkId, (record) =>
    within(
      {
        ...record,
        unreachable: record.unreachable.remove(task.id),
        completed: record.completed.push(task),
      },
      histories,
    ),
  );
}

/** From the live list into the unreachable one. */
export function losesReach(draft: Draft, task: Task): void {
  takeLive(draft, task);
  const { histories } = draft.state;
  changeRecord(draft, task.frameworkId, (record) =>
    within({ ...record, unreachable: record.unreachable.set(task.id, task) }, histories),
  );
}

/** From the unreachable list back into the live one. */
export function regainsReach(draft: Draft, task: Task): void {
  changeRecord(draft, task.frameworkId, (record) => ({
    ...record,
    unreachable: record.unreachable.remove(task.id),
  }));
  putLive(draft, task);
}

/** The task after an update; its newest state is `update.state` unless it is ahead of it. */
export function withUpdate(task: Task, update: TaskUpdate, state: TaskState = update.state): Task {
  const last = task.statuses.at(-1);
  const older = last?.state === update.state ? task.statuses.slice(0, -1) : task.statuses;
  return { ...task, state, update, statuses: [...older, update].slice(-statusesMax) };
}

/** What a master has to say of a task, now. */
export function masterUpdate(
  draft: Draft,
  said: Pick<MasterUpdate, 'state' | 'reason' | 'message'>,
  unreachableMs?: number,
): MasterUpdate {
  return { kind: 'master', ...said, atMs: draft.atMs, unreachableMs };
}

export function recordOf(state: State, id: FrameworkId): FrameworkRecord {
  const record = state.frameworks.get(id);
  assert(record !== undefined, `no framework ${id}`);
  return record;
}

export function putFramework(draft: Draft, framework: Framework): void {
  changeRecord(draft, framework.id, (record) => ({ ...record, framework }));
}

/** Moves a framework without live tasks into the history. */
export function retire(draft: Draft, { framework, ...record }: FrameworkRecord): void {
  assert(record.tasks.isEmpty(), `framework ${framework.id} still has live tasks`);
  assert(record.executors.isEmpty(), `framework ${framework.id} still has executors`);
  const { completedFrameworks } = draft.state;
  const retired: CompletedFramework = {
    framework,
    unregisteredMs: draft.atMs,
    ordinal: (completedFrameworks.last()?.ordinal ?? -1) + 1,
    tasks: record.completed,
    tasksFirst: record.completedFirst,
  };
  const kept = completedFrameworks.push(retired);
  const surplus = kept.size - draft.state.histories.completedFrameworks;
  draft.state = {
    ...draft.state,
    frameworks: draft.state.frameworks.remove(framework.id),
    completedFrameworks: surplus > 0 ? kept.skip(surplus) : kept,
  };
}

/** By id, so that every master walks the same way. */
export function inOrder(tasks: Iterable<Task>): readonly Task[] {
  return [...tasks].toSorted(
    (left, right) =>
      compareIds(left.frameworkId, right.frameworkId) || compareIds(left.id, right.id),
  );
}

function takeLive(draft: Draft, { id, frameworkId, agentId }: Task): void {
  const before = liveTask(draft.state, frameworkId, id);
  assert(before !== undefined, `task ${id} is not live`);
  updateLoad(draft, agentId, (load) => withoutTask(load, before));
  changeRecord(draft, frameworkId, (record) => ({ ...record, tasks: record.tasks.remove(id) }));
}

function updateLoad(draft: Draft, id: AgentId, change: (load: Load) => Load): void {
  const { loads } = draft.state;
  const load = change(loads.get(id) ?? noLoad);
  draft.state = {
    ...draft.state,
    loads: isUnloaded(load) ? loads.remove(id) : loads.set(id, load),
  };
}

function changeRecord(
  draft: Draft,
  id: FrameworkId,
  change: (record: FrameworkRecord) => FrameworkRecord,
): void {
  const record = change(recordOf(draft.state, id));
  draft.state = { ...draft.state, frameworks: draft.state.frameworks.set(id, record) };
}
