/** What masters decide about executors, as they write it down. */
import { agentId, executorId, frameworkId } from '#internal/model/ids.ts';
import type { Command } from '#internal/state/command.ts';
import type * as written from '#proto/gen/altiplano/state/v1.ts';
import {
  executorFromWritten,
  executorToWritten,
  tasksFromWritten,
  taskToWritten,
} from './state-model.ts';

type ExecutorCommand = Extract<
  Command,
  { readonly kind: 'launch-with-executor' | 'end-executors' | 'find-executors' }
>;

export function executorsToWritten(command: ExecutorCommand): Omit<written.Command, 'at_ms'> {
  if (command.kind === 'launch-with-executor') {
    return {
      launch_with_executor: {
        executor: executorToWritten(command.executor),
        tasks: command.tasks.map(taskToWritten),
        executor_held: command.isExecutorHeld,
      },
    };
  }
  if (command.kind === 'find-executors') {
    const executors = command.executors.map(executorToWritten);
    return { find_executors: { agent_id: command.agentId, executors } };
  }
  const executors = command.executors.map((name) => ({
    framework_id: name.frameworkId,
    executor_id: name.executorId,
  }));
  return { end_executors: { agent_id: command.agentId, executors } };
}

/** Undefined for a command of another sort. */
export function executorsFromWritten(
  from: written.Command,
):
  | Omit<Extract<ExecutorCommand, { kind: 'launch-with-executor' }>, 'atMs'>
  | Omit<Extract<ExecutorCommand, { kind: 'end-executors' }>, 'atMs'>
  | Omit<Extract<ExecutorCommand, { kind: 'find-executors' }>, 'atMs'>
  | undefined {
  if (from.launch_with_executor !== undefined) {
    const { executor, tasks = [], executor_held: isExecutorHeld } = from.launch_with_executor;
    return {
      kind: 'launch-with-executor',
      executor: executorFromWritten(executor),
      tasks: tasksFromWritten(tasks),
      isExecutorHeld,
    };
  }
  if (from.find_executors !== undefined) {
    const { agent_id: id, executors = [] } = from.find_executors;
    const found = executors.map(executorFromWritten);
    return { kind: 'find-executors', agentId: agentId(id), executors: found };
  }
  if (from.end_executors === undefined) return undefined;
  const { agent_id: agent, executors = [] } = from.end_executors;
  return {
    kind: 'end-executors',
    agentId: agentId(agent),
    executors: executors.map((name) => ({
      frameworkId: frameworkId(name.framework_id),
      executorId: executorId(name.executor_id),
    })),
  };
}
