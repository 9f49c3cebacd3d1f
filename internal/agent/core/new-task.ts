/** A task as it comes to the agent, and how it is written down. */
import { newUuid } from '#internal/base/uuid.ts';
import type { PodRecord } from '#proto/gen/altiplano/agent/v1.ts';
import type { TaskInfo } from '#proto/gen/mesos/v1.ts';
import { isDelegated, type Pod, type Task, taskKey } from './state.ts';
import { keep, nameOf, type Turn } from './turn.ts';

/** A task that is about to be launched; `pod` says in which company. */
export function newTask(turn: Turn, frameworkId: string, info: TaskInfo, pod?: Pod): Task {
  const isIts = isDelegated({ info });
  return {
    key: taskKey(frameworkId, info.task_id.value),
    frameworkId,
    info,
    containerId: isIts ? (pod?.containerId ?? '') : newUuid(turn.moment.random),
    pod,
    isStray: false,
    heard: [],
    life: { kind: isIts ? 'queued' : 'launching' },
    state: 'TASK_STAGING',
    status: undefined,
    kill: undefined,
    health: undefined,
    updates: [],
    nextUpdate: 1,
    retryMs: turn.settings.updateRetryMs,
  };
}

/** With its place. What becomes of it is written down where it happens. */
export function record(turn: Turn, task: Task): void {
  const { frameworkId: framework_id, containerId: container_id, info, pod, isStray } = task;
  turn.writes.push({
    kind: 'task',
    name: nameOf(task),
    record: {
      framework_id,
      info,
      container_id,
      ...(pod !== undefined && { pod: toRecord(pod) }),
      ...(isStray && { stray: true }),
    },
  });
  keep(turn, task);
}

const toRecord = ({ executorId, containerId, groupId = '', place }: Pod): PodRecord => ({
  executor_id: executorId,
  container_id: containerId,
  group_id: groupId,
  ...(place > 0 && { place: BigInt(place) }),
});
