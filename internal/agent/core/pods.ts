/**
 * Groups of tasks that run in one executor (contract 4.2, 9.7). All of a group is launched, or nothing;
 * when one of its tasks fails or is killed, the others are killed; one that finishes leaves them alone.
 * The executor ends with the last of its tasks.
 */
import { newUuid } from '#internal/base/uuid.ts';
import type { RunGroup, ShutdownExecutor } from '#proto/gen/altiplano/agent/v1.ts';
import type { ExecutorInfo, FrameworkInfo } from '#proto/gen/mesos/v1.ts';
import { graceOf, request } from './kill.ts';
import { adopt, launch, newTask, record, refusalOf } from './launch.ts';
import { type Executor, executorKey, type Pod, type Task, taskKey } from './state.ts';
import { launchFailed, type Outcome } from './status.ts';
import { change, forgetFramework, getTask, note, tell, type Turn } from './turn.ts';
import { keepExecutor } from './unhealthy.ts';
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
  const executor = join(turn, frameworkId, info, tasks.length > 0);
  const pod: Pod = {
    executorId: info.executor_id.value,
    containerId: executor.containerId,
    groupId: group_id,
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
  const limitMs = durationMs(executor.info.shutdown_grace_period) ?? shutdownGraceMs;
  const tasks = tasksIn(turn, executor);
  for (const task of tasks) request(turn, task, Math.min(ownGraceMs(turn, task), limitMs));
  if (tasks.length === 0) endExecutor(turn, executor);
}

/** Executors that have no task: nobody will give them one any more. */
export function endIdleExecutors(turn: Turn): void {
  for (const executor of turn.state.executors.values()) {
    const isWanted =
      turn.state.ending.kind === 'none' &&
      turn.state.drain === undefined &&
      turn.state.frameworks.get(executor.frameworkId)?.removed === false;
    if (!isWanted && tasksIn(turn, executor).length === 0) endExecutor(turn, executor);
  }
}

/** Contract 9.5. */
const shutdownGraceMs = 5000;

function groupRefusal(
  turn: Turn,
  framework: FrameworkInfo,
  { executor_info: executor, tasks = [] }: RunGroup,
): Outcome | undefined {
  if (executor.type !== 'DEFAULT') {
    return launchFailed('This agent runs no executors that frameworks bring');
  }
  for (const task of tasks) {
    const refusal = refusalOf(turn, framework, task);
    if (refusal !== undefined) return refusal;
  }
  return undefined;
}

/** The executor of that id, or a new one. */
function join(turn: Turn, frameworkId: string, info: ExecutorInfo, hasTasks: boolean): Executor {
  const executorId = info.executor_id.value;
  const key = executorKey(frameworkId, executorId);
  const known = turn.state.executors.get(key);
  if (known !== undefined && (known.hasTasks || !hasTasks)) return known;
  const containerId = known?.containerId ?? newUuid(turn.moment.random);
  const executor: Executor = {
    frameworkId,
    info: known?.info ?? info,
    containerId,
    hasTasks,
    isUnhealthy: false,
  };
  keepExecutor(turn, executor);
  return executor;
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
  const isRefused = executor.info.type !== 'DEFAULT';
  if (executor.hasTasks || isRefused) endExecutor(turn, executor, isRefused ? -1 : 0);
}

/** Said once: a master that misses it learns it when we register. */
function endExecutor(turn: Turn, { frameworkId, info }: Executor, status = 0): void {
  const executorId = info.executor_id.value;
  const { executors } = turn.state;
  change(turn, { executors: executors.delete(executorKey(frameworkId, executorId)) });
  turn.writes.push({ kind: 'remove-executor', name: { frameworkId, executorId } });
  tell(turn, {
    executor_exited: {
      framework_id: { value: frameworkId },
      executor_id: info.executor_id,
      status,
    },
  });
  forgetFramework(turn, frameworkId);
}

/** Those that have not ended. */
const tasksIn = (turn: Turn, { frameworkId, info, containerId }: Executor): readonly Task[] => [
  ...turn.state.tasks
    .filter(
      ({ pod, life, ...task }) =>
        life.kind !== 'ended' &&
        task.frameworkId === frameworkId &&
        pod?.executorId === info.executor_id.value &&
        pod.containerId === containerId,
    )
    .values(),
];

const hasTask = (turn: Turn, frameworkId: string, id: string): boolean =>
  getTask(turn, taskKey(frameworkId, id)) !== undefined;

const ownGraceMs = (turn: Turn, { info }: Task): number =>
  graceOf(info.kill_policy) ?? turn.settings.killGraceMs;

const durationMs = (duration: ExecutorInfo['shutdown_grace_period']): number | undefined =>
  duration === undefined ? undefined : Math.max(0, Number(duration.nanoseconds) / 1e6);
