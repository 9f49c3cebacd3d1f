/**
 * Executors that frameworks brought themselves, found through the tasks that run in them. Those of
 * command tasks are the agents' own affair: masters list none (contract 10.7).
 */
import { isTerminal, type Task } from '#internal/model/cluster.ts';
import { decode } from '#internal/wire/protobuf.ts';
import type { ExecutorInfo } from '#proto/gen/mesos/v1.ts';

export type ExecutorEntry = {
  readonly info: ExecutorInfo;
  /** The task that it was found through: agent and framework are the same. */
  readonly task: Task;
};

/** Of the live tasks of one framework, each executor once an agent. */
export function executorsOf(tasks: Iterable<Task>): readonly ExecutorEntry[] {
  const found = new Map<string, ExecutorEntry>();
  for (const task of tasks) {
    if (task.executorId === undefined || isTerminal(task.state)) continue;
    const key = JSON.stringify([task.agentId, task.executorId]);
    if (found.has(key)) continue;
    const { executor } = decode('mesos.v1.TaskInfo', task.info);
    if (executor !== undefined) found.set(key, { info: executor, task });
  }
  return [...found.values()];
}
