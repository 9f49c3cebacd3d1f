/**
 * Names of containers. Clients nest ids in ids (contract 12.1); inside they are paths, joined by a `.`,
 * which no id may contain. The containerizer knows those of tasks and executors by their last part.
 */
import type { ContainerID } from '#proto/gen/mesos/v1.ts';
import type { AgentState, Executor, Task } from './core/state.ts';

export const pathOf = ({ value, parent }: ContainerID): string =>
  parent === undefined ? value : `${pathOf(parent)}.${value}`;

export const idOfTask = ({ containerId: value, pod }: Task): ContainerID =>
  pod === undefined || pod.containerId === value
    ? { value }
    : { value, parent: { value: pod.containerId } };

/** A container of a task or an executor. */
export type Place = {
  readonly id: ContainerID;
  readonly containerId: string;
  readonly frameworkId: string;
  readonly executorId: string;
  /** Undefined for an executor's own. */
  readonly task: Task | undefined;
  readonly executor: Executor | undefined;
};

/** All that live. */
export function placesOf({ tasks, executors }: AgentState): readonly Place[] {
  const places: Place[] = [];
  for (const executor of executors.values()) {
    const { containerId, frameworkId, info } = executor;
    const executorId = info.executor_id.value;
    const id = { value: containerId };
    places.push({ id, containerId, frameworkId, executorId, task: undefined, executor });
  }
  for (const task of tasks.values()) {
    const { containerId, frameworkId, pod, info, life } = task;
    // An executor that its framework brought runs its tasks itself.
    if (life.kind === 'ended' || containerId === pod?.containerId) continue;
    const executorId = pod?.executorId ?? info.task_id.value;
    const id = idOfTask(task);
    places.push({ id, containerId, frameworkId, executorId, task, executor: undefined });
  }
  return places;
}

export function findPlace(state: AgentState, id: ContainerID): Place | undefined {
  const path = pathOf(id);
  return placesOf(state).find((place) => pathOf(place.id) === path);
}
