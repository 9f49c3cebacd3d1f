/**
 * The books of one agent: which tasks and executors are there, and what they use together. All of it
 * follows from the tasks and the executors themselves, so that it is never written down.
 */
import { Map } from 'immutable';
import { type Executor, isTerminal, type Task } from '#internal/model/cluster.ts';
import type { ExecutorId, TaskId } from '#internal/model/ids.ts';
import { add, nothing, subtract, unallocated } from '#internal/resources/resources.ts';
import type { Resources } from '#internal/resources/resource.ts';
import type { Load } from './state.ts';

export const noLoad: Load = { tasks: Map(), executors: Map(), used: nothing };

export const isUnloaded = ({ tasks, executors }: Load): boolean =>
  tasks.isEmpty() && executors.isEmpty();

/** A task that is new, or that changed from what it was before. */
export function withTask(load: Load, before: Task | undefined, task: Task): Load {
  const ids = load.tasks.get(task.frameworkId, noTasks).set(task.id, true);
  return {
    tasks: load.tasks.set(task.frameworkId, ids),
    executors: counted(load, task, runs(task) - runs(before)),
    used: swapped(load, before, task),
  };
}

export function withoutTask(load: Load, task: Task): Load {
  const ids = load.tasks.get(task.frameworkId, noTasks).remove(task.id);
  const { frameworkId } = task;
  return {
    tasks: ids.isEmpty() ? load.tasks.remove(frameworkId) : load.tasks.set(frameworkId, ids),
    executors: counted(load, task, -runs(task)),
    used: swapped(load, task, undefined),
  };
}

export function withExecutor(load: Load, executor: Executor): Load {
  const { frameworkId, id, resources } = executor;
  const ids = load.executors.get(frameworkId, noExecutors);
  return {
    ...load,
    executors: load.executors.set(frameworkId, ids.set(id, ids.get(id, 0))),
    used: add(load.used, unallocated(resources)),
  };
}

export function withoutExecutor(load: Load, executor: Executor): Load {
  const { frameworkId, id, resources } = executor;
  const ids = load.executors.get(frameworkId, noExecutors).remove(id);
  return {
    ...load,
    executors: ids.isEmpty()
      ? load.executors.remove(frameworkId)
      : load.executors.set(frameworkId, ids),
    used: subtract(load.used, unallocated(resources)),
  };
}

/** How many tasks of an executor have not ended. */
export function tasksIn(
  load: Load | undefined,
  { frameworkId, id }: Pick<Executor, 'frameworkId' | 'id'>,
): number {
  return load?.executors.get(frameworkId)?.get(id) ?? 0;
}

const noTasks = Map<TaskId, true>();
const noExecutors = Map<ExecutorId, number>();

const runs = (task: Task | undefined): number =>
  task === undefined || isTerminal(task.state) ? 0 : 1;

function counted(
  { executors }: Load,
  { frameworkId, executorId }: Task,
  change: number,
): Load['executors'] {
  if (executorId === undefined || change === 0) return executors;
  const ids = executors.get(frameworkId, noExecutors);
  return executors.set(frameworkId, ids.set(executorId, ids.get(executorId, 0) + change));
}

/** What is used once `after` stands in the place of `before`. */
function swapped({ used }: Load, before: Task | undefined, after: Task | undefined): Resources {
  if (before?.resources === after?.resources && before?.state === after?.state) return used;
  return add(subtract(used, heldBy(before)), heldBy(after));
}

const heldBy = (task: Task | undefined): Resources =>
  task === undefined || isTerminal(task.state) ? nothing : unallocated(task.resources);
