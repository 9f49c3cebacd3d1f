/** Status updates: what agents and masters said of a task, as the `TaskStatus` of the wire. */
import { assert, unreachable } from '#internal/base/assert.ts';
import { accept, refuse, type Result } from '#internal/base/result.ts';
import type { AgentUpdate, MasterUpdate, Task, TaskUpdate } from '#internal/model/cluster.ts';
import { encoded } from '#internal/model/encoded.ts';
import type * as wire from '#proto/gen/mesos/v1.ts';
import { decode, encode } from './protobuf.ts';
import { reasonToWire, taskStateFromWire, taskStateToWire } from './task-state.ts';

/** Whose update it is. */
export type TaskIdentity = Pick<Task, 'id' | 'agentId' | 'executorId'>;

/** Refuses a status without a good uuid: agents number all of theirs. Leaves `data` out. */
export function agentUpdateFromWire(status: wire.TaskStatus): Result<AgentUpdate, string> {
  const { data: _data, ...kept } = status;
  if (kept.uuid === undefined) return refuse("Expecting 'uuid' to be present");
  if (kept.uuid.length !== 16) return refuse('Not a valid UUID');
  return accept({
    kind: 'agent',
    state: taskStateFromWire(kept.state),
    uuid: uuidText(kept.uuid),
    status: encoded<'mesos.v1.TaskStatus'>(encode('mesos.v1.TaskStatus', kept)),
  });
}

export function statusToWire(update: TaskUpdate, task: TaskIdentity): wire.TaskStatus {
  switch (update.kind) {
    case 'agent':
      return decode('mesos.v1.TaskStatus', update.status);
    case 'master':
      return masterStatusToWire(update, task);
    default:
      return unreachable(update);
  }
}

/**
 * The answer to a reconciliation (contract 7.5): the state that the scheduler was told last, or the
 * newest when it was told nothing, with what is known of it. Nobody acknowledges it.
 */
export function reconciliationToWire(task: Task, atMs: number): wire.TaskStatus {
  const state = task.update?.state ?? task.state;
  const answer = masterStatusToWire(
    {
      kind: 'master',
      state,
      reason: 'reconciliation',
      message: 'Reconciliation: Latest task state',
      atMs,
      unreachableMs: undefined,
    },
    task,
  );
  if (task.update?.kind !== 'agent') return answer;
  const last = decode('mesos.v1.TaskStatus', task.update.status);
  return {
    ...answer,
    ...(last.healthy !== undefined && { healthy: last.healthy }),
    ...(last.check_status !== undefined && { check_status: last.check_status }),
    ...(last.container_status !== undefined && { container_status: last.container_status }),
  };
}

/** The 16 bytes of an update's uuid; undefined for one that a master made. */
export function updateUuidBytes(update: TaskUpdate): Uint8Array | undefined {
  if (update.kind === 'master') return undefined;
  const digits = update.uuid.replaceAll('-', '');
  assert(/^[0-9a-f]{32}$/u.test(digits), `an update with the uuid '${update.uuid}'`);
  return Uint8Array.from({ length: 16 }, (_, i) =>
    Number.parseInt(digits.slice(2 * i, 2 * i + 2), 16),
  );
}

function masterStatusToWire(update: MasterUpdate, task: TaskIdentity): wire.TaskStatus {
  const { state, reason, message, atMs, unreachableMs } = update;
  return {
    task_id: { value: task.id },
    state: taskStateToWire(state),
    message,
    source: 'SOURCE_MASTER',
    reason: reasonToWire(reason),
    agent_id: { value: task.agentId },
    ...(task.executorId !== undefined && { executor_id: { value: task.executorId } }),
    timestamp: atMs / 1000,
    ...(unreachableMs !== undefined && { unreachable_time: timeToWire(unreachableMs) }),
  };
}

const timeToWire = (atMs: number): wire.TimeInfo => ({
  nanoseconds: BigInt(Math.round(atMs)) * 1_000_000n,
});

function uuidText(bytes: Uint8Array): string {
  const digits = Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
  return digits.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/u, '$1-$2-$3-$4-$5');
}
