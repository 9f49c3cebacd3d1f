/** A task as a scheduler describes it, as the cluster computes with it, and as operators see it. */
import { accept, type Result } from '#internal/base/result.ts';
import type { Task } from '#internal/model/cluster.ts';
import { encoded } from '#internal/model/encoded.ts';
import { agentId, executorId, type FrameworkId, type Role, taskId } from '#internal/model/ids.ts';
import type { Resources } from '#internal/resources/resource.ts';
import type * as wire from '#proto/gen/mesos/v1.ts';
import { decode, encode, keepBytes } from './protobuf.ts';
import { resourcesFromWire, resourcesToWire } from './resources.ts';
import { statusToWire, updateUuidBytes } from './status.ts';
import { taskStateToWire } from './task-state.ts';

/**
 * A task in `staging`, to be launched on what was offered to `role`; resources that do not say for
 * whom they are get that role (contract 6.4). Refuses resources that are not valid.
 */
export function taskFromWire(info: wire.TaskInfo, terms: LaunchTerms): Result<Task, string> {
  const held = resourcesFromWire(injectRole(info.resources ?? [], terms.role));
  return held.ok ? accept(stagingTask(info, held.value, terms)) : held;
}

export type LaunchTerms = {
  readonly frameworkId: FrameworkId;
  readonly role: Role;
  readonly atMs: number;
};

/** The same of a task whose resources were read already. */
export function stagingTask(
  info: wire.TaskInfo,
  resources: Resources,
  { frameworkId, atMs }: Pick<LaunchTerms, 'frameworkId' | 'atMs'>,
): Task {
  const bytes = encoded<'mesos.v1.TaskInfo'>(encode('mesos.v1.TaskInfo', info));
  described.set(bytes, keepBytes(info, bytes));
  return {
    id: taskId(info.task_id.value),
    frameworkId,
    agentId: agentId(info.agent_id.value),
    executorId:
      info.executor === undefined ? undefined : executorId(info.executor.executor_id.value),
    name: info.name,
    info: bytes,
    resources,
    launchedMs: atMs,
    state: 'staging',
    update: undefined,
    acknowledgedUuid: undefined,
    statuses: [],
    kill: undefined,
    groupId: undefined,
  };
}

/** A task's description. That of a task which was just made is given once without being read again. */
export function taskInfo({ info }: Pick<Task, 'info'>): wire.TaskInfo {
  const made = described.get(info);
  described.delete(info);
  return made ?? keepBytes(decode('mesos.v1.TaskInfo', info), info);
}

/** Until they are asked for: the bytes may live as long as the task does, and these are far larger. */
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
