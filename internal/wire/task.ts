/** A task as a scheduler describes it, as the cluster computes with it, and as operators see it. */
import { accept, type Result } from '#internal/base/result.ts';
import type { Task } from '#internal/model/cluster.ts';
import { encoded } from '#internal/model/encoded.ts';
import { agentId, executorId, type FrameworkId, type Role, taskId } from '#internal/model/ids.ts';
import type * as wire from '#proto/gen/mesos/v1.ts';
import { decode, encode, keepBytes } from './protobuf.ts';
import { resourcesFromWire, resourcesToWire } from './resources.ts';
import { statusToWire, updateUuidBytes } from './status.ts';
import { taskStateToWire } from './task-state.ts';

/**
 * A task in `staging`, to be launched on what was offered to `role`; resources that do not say for
 * whom they are get that role (contract 6.4). Refuses resources that are not valid.
 */
export function taskFromWire(
  info: wire.TaskInfo,
  {
    frameworkId,
    role,
    atMs,
  }: { readonly frameworkId: FrameworkId; readonly role: Role; readonly atMs: number },
): Result<Task, string> {
  const held = resourcesFromWire(injectRole(info.resources ?? [], role));
  if (!held.ok) return held;
  const bytes = encoded<'mesos.v1.TaskInfo'>(encode('mesos.v1.TaskInfo', info));
  described.set(bytes, keepBytes(info, bytes));
  return accept({
    id: taskId(info.task_id.value),
    frameworkId,
    agentId: agentId(info.agent_id.value),
    executorId:
      info.executor === undefined ? undefined : executorId(info.executor.executor_id.value),
    name: info.name,
    info: bytes,
    resources: held.value,
    launchedMs: atMs,
    state: 'staging',
    update: undefined,
    acknowledgedUuid: undefined,
    statuses: [],
    kill: undefined,
    groupId: undefined,
  });
}

/** A task's description, which is not read again from a task that `taskFromWire` has just made. */
export function taskInfo({ info }: Pick<Task, 'info'>): wire.TaskInfo {
  return described.get(info) ?? keepBytes(decode('mesos.v1.TaskInfo', info), info);
}

/** For as long as the very bytes live, which the log's copy of a task does not share. */
const described = new WeakMap<Task['info'], wire.TaskInfo>();

/** As GET_TASKS and the operator's stream show it (contract 10.7). */
export function taskToWire(task: Task): wire.Task {
  const info = decode('mesos.v1.TaskInfo', task.info);
  // What masters made of the task themselves does not count: nobody is to acknowledge it.
  const forwarded = task.statuses.findLast(({ kind }) => kind === 'agent');
  const uuid = forwarded && updateUuidBytes(forwarded);
  const user = info.command?.user;
  return {
    name: task.name,
    task_id: { value: task.id },
    framework_id: { value: task.frameworkId },
    ...(task.executorId !== undefined && { executor_id: { value: task.executorId } }),
    agent_id: { value: task.agentId },
    state: taskStateToWire(task.state),
    resources: resourcesToWire(task.resources, 'new'),
    statuses: task.statuses.map((update) => statusToWire(update, task)),
    ...(forwarded !== undefined && { status_update_state: taskStateToWire(forwarded.state) }),
    ...(uuid !== undefined && { status_update_uuid: uuid }),
    ...(info.labels !== undefined && { labels: info.labels }),
    ...(info.discovery !== undefined && { discovery: info.discovery }),
    ...(info.container !== undefined && { container: info.container }),
    ...(info.health_check !== undefined && { health_check: info.health_check }),
    ...(info.kill_policy !== undefined && { kill_policy: info.kill_policy }),
    ...(user !== undefined && { user }),
    ...(info.limits !== undefined && { limits: info.limits }),
  };
}

/** Fills in for whom resources are held where a scheduler left it out. */
export function injectRole(list: readonly wire.Resource[], role: string): readonly wire.Resource[] {
  return list.map((one) => ({ ...one, allocation_info: { role, ...one.allocation_info } }));
}
