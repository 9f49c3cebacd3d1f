/**
 * What the end of one task for its health means for others: every terminal update that its executor
 * would send from then on says `healthy: false`, whatever its own task was like (contract 9.7).
 */
import { keepExecutor } from './executor-book.ts';
import { type Executor, executorKey, type Task } from './state.ts';
import type { Outcome } from './status.ts';
import type { Turn } from './turn.ts';

/** A terminal outcome as it is told. */
export function seenUnhealthy(turn: Turn, task: Task, outcome: Outcome): Outcome {
  const isOwn = task.kill?.cause === 'UNHEALTHY';
  const isShared = executorOf(turn, task)?.isUnhealthy === true;
  const isOfExecutor = outcome.source === 'SOURCE_EXECUTOR';
  return (isOwn || isShared) && isOfExecutor ? { ...outcome, healthy: false } : outcome;
}

/** A task of it is about to be killed for its health. A task that runs alone has none to mark. */
export function markUnhealthy(turn: Turn, task: Task): void {
  const executor = executorOf(turn, task);
  if (executor !== undefined) keepExecutor(turn, { ...executor, isUnhealthy: true });
}

function executorOf(turn: Turn, { frameworkId, pod }: Task): Executor | undefined {
  if (pod === undefined) return undefined;
  const executor = turn.state.executors.get(executorKey(frameworkId, pod.executorId));
  return executor?.containerId === pod.containerId ? executor : undefined;
}
