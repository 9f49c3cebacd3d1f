/** Status updates: what agents and masters said of a task, as the `TaskStatus` of the wire. */
import { unreachable } from '#internal/base/assert.ts';
import { accept, refuse, type Result } from '#internal/base/result.ts';
import { uuidBytes, uuidText } from '#internal/base/uuid.ts';
import type {
  AgentUpdate,
  MasterReason,
  MasterUpdate,
  Task,
  TaskUpdate,
} from '#internal/model/cluster.ts';
import { encoded } from '#internal/model/encoded.ts';
import type * as wire from '#proto/gen/mesos/v1.ts';
import { decode, encode } from './protobuf.ts';
import { reasonToWire, taskStateFromWire, taskStateToWire } from './task-state.ts';

/** Whose update it is, and what was said of it before. */
export type TaskIdentity = Pick<Task, 'id' | 'agentId' | 'executorId'> &
  Partial<Pick<Task, 'statuses'>>;

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
  return masterStatusToWire(
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
}

/** The 16 bytes of an update's uuid; undefined for one that a master made. */
export function updateUuidBytes(update: TaskUpdate): Uint8Array | undefined {
  if (update.kind === 'master') return undefined;
  return uuidBytes(update.uuid);
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
    ...(isNews(reason) ? {} : lastSeen(task.statuses ?? [])),
  };
}

/** Whether it says what has happened, and not only how things stand. */
const isNews = (reason: MasterReason): boolean =>
  reason !== 'reconciliation' && reason !== 'agent-reregistered';

type Seen = Pick<wire.TaskStatus, 'healthy' | 'check_status' | 'container_status'>;

/** What an agent knew last of a task's health and container. */
function lastSeen(statuses: readonly TaskUpdate[]): Seen {
  const last = statuses.findLast(({ kind }) => kind === 'agent');
  if (last?.kind !== 'agent') return {};
  const status = decode('mesos.v1.TaskStatus', last.status);
  return {
    ...(status.healthy !== undefined && { healthy: status.healthy }),
    ...(status.check_status !== undefined && { check_status: status.check_status }),
    ...(status.container_status !== undefined && { container_status: status.container_status }),
  };
}

const timeToWire = (atMs: number): wire.TimeInfo => ({
  nanoseconds: BigInt(Math.round(atMs)) * 1_000_000n,
});
