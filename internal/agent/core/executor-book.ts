/** The executors that live here, and which tasks are theirs. What changes of one is written down. */
import type { ExecutorRecord } from '#proto/gen/altiplano/agent/v1.ts';
import { uuidBytes } from '#internal/base/uuid.ts';
import type { ContainerLimits } from '../containerizer.ts';
import { containerLimits } from './container-limits.ts';
import { executorTimers } from './input.ts';
import { type Executor, executorKey, type ExecutorKey, isDelegated, type Task } from './state.ts';
import { act, change, count, forgetFramework, tell, type Turn } from './turn.ts';

/** Ids of updates that are remembered of the ended tasks of an executor. */
const heardMax = 128;

/** An executor that its framework brought. */
export type OwnExecutor = Executor & { readonly own: NonNullable<Executor['own']> };

export const keyOf = ({ frameworkId, info }: Executor): ExecutorKey =>
  executorKey(frameworkId, info.executor_id.value);

/** Undefined also for one that is no process of its own. */
export function ownExecutor({ state }: Turn, key: ExecutorKey): OwnExecutor | undefined {
  const executor = state.executors.get(key);
  return executor !== undefined && isOwn(executor) ? executor : undefined;
}

export const isOwn = (executor: Executor): executor is OwnExecutor => executor.own !== undefined;

export function keepExecutor<Kept extends Executor>(turn: Turn, executor: Kept): Kept {
  rememberExecutor(turn, executor);
  const { frameworkId, info } = executor;
  turn.writes.push({
    kind: 'executor',
    name: { frameworkId, executorId: info.executor_id.value },
    record: toRecord(executor),
  });
  return executor;
}

/** Only in memory: what changed of it need not survive. */
export function rememberExecutor(turn: Turn, executor: Executor): void {
  change(turn, { executors: turn.state.executors.set(keyOf(executor), executor) });
}

/**
 * One of its tasks is about to be forgotten. What it said of it may come again: it may not have heard
 * that we took it.
 */
export function keepHeard(turn: Turn, { frameworkId, pod, heard }: Task): void {
  if (pod === undefined || heard.length === 0) return;
  const executor = ownExecutor(turn, executorKey(frameworkId, pod.executorId));
  if (executor === undefined) return;
  const kept = [...executor.own.heard, ...heard].slice(-heardMax);
  keepExecutor(turn, { ...executor, own: { ...executor.own, heard: kept } });
}

function toRecord(executor: Executor): ExecutorRecord {
  const { frameworkId, info, containerId, hasTasks, isUnhealthy, own } = executor;
  const record = {
    framework_id: frameworkId,
    info,
    container_id: containerId,
    has_tasks: hasTasks,
    ...(isUnhealthy && { unhealthy: true }),
  };
  if (own === undefined) return record;
  const { phase, process, heard } = own;
  return {
    ...record,
    ...(heard.length > 0 && { heard: heard.map(uuidBytes) }),
    phase: phases[phase.kind],
    ...(process !== undefined && { process }),
    ...(phase.kind === 'terminating' && { cause: phase.cause }),
  };
}

const phases = {
  registering: 'REGISTERING',
  running: 'RUNNING',
  terminating: 'TERMINATING',
} as const;

/**
 * It has ended with all of its tasks. Its master hears it once: one that misses it learns it when we
 * register.
 */
export function forgetExecutor(turn: Turn, executor: Executor, status: number): void {
  const { frameworkId, info, own, containerId } = executor;
  const key = keyOf(executor);
  change(turn, { executors: turn.state.executors.delete(key) });
  const executorId = info.executor_id.value;
  turn.writes.push({ kind: 'remove-executor', name: { frameworkId, executorId } });
  count(turn, 'executors_terminated');
  const framework_id = { value: frameworkId };
  tell(turn, { executor_exited: { framework_id, executor_id: info.executor_id, status } });
  if (own === undefined) return;
  cancelTimers(turn, executor);
  const { connection } = own;
  if (connection !== undefined) act(turn, { kind: 'close-executor', connection });
  act(turn, { kind: 'release', containerId });
}

/** It waits for nothing any more. */
export function cancelTimers(turn: Turn, executor: Executor): void {
  for (const kind of executorTimers) {
    act(turn, { kind: 'cancel-timer', timer: { kind, executor: keyOf(executor) } });
  }
}

/** Forgets one that is over, and its framework with the last that it has here. */
export function endExecutor(turn: Turn, executor: Executor, status: number): void {
  forgetExecutor(turn, executor, status);
  forgetFramework(turn, executor.frameworkId);
}

/** Those that have not ended, in the order in which they came if it looks after them itself. */
export function tasksIn(turn: Pick<Turn, 'state'>, executor: Executor): readonly Task[] {
  const { frameworkId, info, containerId } = executor;
  const isIts = ({ pod, life, ...task }: Task): boolean =>
    life.kind !== 'ended' &&
    task.frameworkId === frameworkId &&
    pod?.executorId === info.executor_id.value &&
    isDelegated(task) === isOwn(executor) &&
    (isOwn(executor) || pod.containerId === containerId);
  const tasks = [...turn.state.tasks.filter(isIts).values()];
  return isOwn(executor) ? tasks.toSorted((one, other) => placeOf(one) - placeOf(other)) : tasks;
}

/** What it may use: what it asked for itself, and what its tasks did. */
export function executorLimits(turn: Pick<Turn, 'state'>, executor: Executor): ContainerLimits {
  const infos = [executor.info, ...tasksIn(turn, executor).map(({ info }) => info)];
  return containerLimits({ resources: infos.flatMap(({ resources = [] }) => resources) });
}

const placeOf = ({ pod }: Task): number => pod?.place ?? 0;
