/**
 * Groups of tasks that run in one executor (contract 4.2, 9.7). All of a group is launched, or nothing;
 * when one of its tasks fails or is killed, the others are killed; one that finishes leaves them alone.
 * The executor ends with the last of its tasks.
 */
import { newUuid } from '#internal/base/uuid.ts';
import type { RunGroup, ShutdownExecutor } from '#proto/gen/altiplano/agent/v1.ts';
import type { ExecutorInfo, FrameworkInfo } from '#proto/gen/mesos/v1.ts';
import { endExecutor, isOwn, keepExecutor, tasksIn } from './executor-book.ts';
import { endGracefully, shutdownGraceMs } from './executor-end.ts';
import { delegate } from './executor-launch.ts';
import { graceOf, request } from './kill.ts';
import { adopt, launch, refusalOf, refuseTasks } from './launch.ts';
import { newTask, record } from './new-task.ts';
import { type Executor, executorKey, isDelegated, type Pod, type Task, taskKey } from './state.ts';
import type { Outcome } from './status.ts';
import { getTask, note, type Turn } from './turn.ts';
import { report } from './updates.ts';

export function runGroup(turn: Turn, message: RunGroup): void {
  const { framework_info: framework, executor_info: info, tasks = [], group_id } = message;
  const frameworkId = framework.id?.value;
  const group = { group: group_id, executor: info.executor_id.value, frameworkId };
  if (frameworkId === undefined || turn.state.ending.kind !== 'none') {
    note(turn, 'warn', 'group not launched', group);
    return;
  }
  // A new leader repeats what its log does not know to have started.
  const known = tasks.filter((task) => hasTask(turn, frameworkId, task.task_id.value));
  if (known.length > 0 || isEmptyAgain(turn, frameworkId, message)) {
    note(turn, 'debug', 'group is known already', group);
    return;
  }
  adopt(turn, frameworkId, { info: framework, removed: false });
  if (isDelegated({ info: { executor: info } })) {
    delegateGroup(turn, frameworkId, message);
    return;
  }
  const executor = join(turn, frameworkId, info, tasks.length > 0);
  const pod: Pod = {
    executorId: info.executor_id.value,
    containerId: executor.containerId,
    groupId: group_id,
    place: 0,
  };
  const made = tasks.map((task) => newTask(turn, frameworkId, task, pod));
  const refusal = groupRefusal(turn, framework, message);
  for (const task of made) {
    if (refusal === undefined) launch(turn, task);
    else {
      record(turn, task);
      report(turn, task, refusal);
    }
  }
  endIfOver(turn, frameworkId, info.executor_id.value);
}

/** The executor that its framework brought looks after all of it. */
function delegateGroup(turn: Turn, frameworkId: string, message: RunGroup): void {
  const { framework_info: framework, executor_info: executor, group_id: groupId } = message;
  const tasks = (message.tasks ?? []).map((task) => ({ ...task, executor }));
  const refusal = groupRefusal(turn, framework, { ...message, tasks });
  if (refusal === undefined) delegate(turn, { frameworkId, executor, tasks, groupId });
  else refuseTasks(turn, frameworkId, { tasks, refusal });
}

/** A task's container has ended, or never started: the others may have to go too. */
export function shareFate(turn: Turn, before: Task): void {
  const { pod, frameworkId, key } = before;
  if (pod === undefined) return;
  const after = getTask(turn, key);
  if (after !== undefined && after.life.kind !== 'ended') return;
  // One that is forgotten was not wanted any more: neither are the others.
  if (after !== undefined && after.state !== 'TASK_FINISHED') killSiblings(turn, after, pod);
  endIfOver(turn, frameworkId, pod.executorId);
}

/** A scheduler wants an executor gone, with all that runs in it. */
export function shutdownExecutor(turn: Turn, message: ShutdownExecutor): void {
  const executorId = message.executor_id.value;
  const key = executorKey(message.framework_id.value, executorId);
  const executor = turn.state.executors.get(key);
  if (executor === undefined) {
    note(turn, 'debug', 'shutdown of an unknown executor', { executor: key });
    return;
  }
  if (isOwn(executor)) {
    endGracefully(turn, executor);
    return;
  }
  const limitMs = shutdownGraceMs(turn, executor);
  const tasks = tasksIn(turn, executor);
  for (const task of tasks) request(turn, task, Math.min(ownGraceMs(turn, task), limitMs));
  if (tasks.length === 0) endExecutor(turn, executor, 0);
}

/** Executors that have no task: nobody will give them one any more. */
export function endIdleExecutors(turn: Turn): void {
  for (const executor of turn.state.executors.values()) {
    const isWanted =
      turn.state.ending.kind === 'none' &&
      turn.state.drain === undefined &&
      turn.state.frameworks.get(executor.frameworkId)?.removed === false;
    if (isWanted || tasksIn(turn, executor).length > 0) continue;
    if (isOwn(executor)) endGracefully(turn, executor);
    else endExecutor(turn, executor, 0);
  }
}

function groupRefusal(
  turn: Turn,
  framework: FrameworkInfo,
  { tasks = [] }: RunGroup,
): Outcome | undefined {
  for (const task of tasks) {
    const refusal = refusalOf(turn, framework, task);
    if (refusal !== undefined) return refusal;
  }
  return undefined;
}

/** The executor of that id, or a new one. */
function join(turn: Turn, frameworkId: string, info: ExecutorInfo, hasTasks: boolean): Executor {
  const known = turn.state.executors.get(executorKey(frameworkId, info.executor_id.value));
  if (known !== undefined && (known.hasTasks || !hasTasks)) return known;
  const containerId = known?.containerId ?? newUuid(turn.moment.random);
  return keepExecutor(turn, {
    frameworkId,
    info: known?.info ?? info,
    containerId,
    hasTasks,
    isUnhealthy: false,
    own: undefined,
  });
}

/** The launch of an executor that waits for tasks, said again. */
function isEmptyAgain(
  turn: Turn,
  frameworkId: string,
  { executor_info, tasks = [] }: RunGroup,
): boolean {
  const key = executorKey(frameworkId, executor_info.executor_id.value);
  return tasks.length === 0 && turn.state.executors.has(key);
}

function killSiblings(turn: Turn, { key, frameworkId }: Task, { groupId }: Pod): void {
  for (const task of turn.state.tasks.values()) {
    const isSibling = task.frameworkId === frameworkId && task.pod?.groupId === groupId;
    if (isSibling && task.key !== key && task.kill === undefined) {
      request(turn, task, ownGraceMs(turn, task));
    }
  }
}

function endIfOver(turn: Turn, frameworkId: string, executorId: string): void {
  const executor = turn.state.executors.get(executorKey(frameworkId, executorId));
  if (executor === undefined || tasksIn(turn, executor).length > 0) return;
  if (executor.hasTasks) endExecutor(turn, executor, 0);
}

const hasTask = (turn: Turn, frameworkId: string, id: string): boolean =>
  getTask(turn, taskKey(frameworkId, id)) !== undefined;

const ownGraceMs = (turn: Turn, { info }: Task): number =>
  graceOf(info.kill_policy) ?? turn.settings.killGraceMs;
