/** Task states and reasons: kebab-case in the model, Mesos's spelling on the wire. */
import type { MasterReason, TaskState } from '#internal/model/cluster.ts';
import type * as wire from '#proto/gen/mesos/v1.ts';

const wireStates = {
  staging: 'TASK_STAGING',
  starting: 'TASK_STARTING',
  running: 'TASK_RUNNING',
  killing: 'TASK_KILLING',
  finished: 'TASK_FINISHED',
  failed: 'TASK_FAILED',
  killed: 'TASK_KILLED',
  error: 'TASK_ERROR',
  lost: 'TASK_LOST',
  dropped: 'TASK_DROPPED',
  unreachable: 'TASK_UNREACHABLE',
  gone: 'TASK_GONE',
  'gone-by-operator': 'TASK_GONE_BY_OPERATOR',
  unknown: 'TASK_UNKNOWN',
} as const satisfies Record<TaskState, wire.TaskState>;

const modelStates = {
  TASK_STAGING: 'staging',
  TASK_STARTING: 'starting',
  TASK_RUNNING: 'running',
  TASK_KILLING: 'killing',
  TASK_FINISHED: 'finished',
  TASK_FAILED: 'failed',
  TASK_KILLED: 'killed',
  TASK_ERROR: 'error',
  TASK_LOST: 'lost',
  TASK_DROPPED: 'dropped',
  TASK_UNREACHABLE: 'unreachable',
  TASK_GONE: 'gone',
  TASK_GONE_BY_OPERATOR: 'gone-by-operator',
  TASK_UNKNOWN: 'unknown',
} as const satisfies Record<wire.TaskState, TaskState>;

const wireReasons = {
  'agent-disconnected': 'REASON_AGENT_DISCONNECTED',
  'agent-removed': 'REASON_AGENT_REMOVED',
  'agent-removed-by-operator': 'REASON_AGENT_REMOVED_BY_OPERATOR',
  'agent-reregistered': 'REASON_AGENT_REREGISTERED',
  'framework-removed': 'REASON_FRAMEWORK_REMOVED',
  'invalid-offers': 'REASON_INVALID_OFFERS',
  reconciliation: 'REASON_RECONCILIATION',
  'task-group-invalid': 'REASON_TASK_GROUP_INVALID',
  'task-group-unauthorized': 'REASON_TASK_GROUP_UNAUTHORIZED',
  'task-invalid': 'REASON_TASK_INVALID',
  'task-killed-during-launch': 'REASON_TASK_KILLED_DURING_LAUNCH',
  'task-unauthorized': 'REASON_TASK_UNAUTHORIZED',
} as const satisfies Record<MasterReason, wire.TaskStatus_Reason>;

const masterReasons: readonly MasterReason[] = [
  'agent-disconnected',
  'agent-removed',
  'agent-removed-by-operator',
  'agent-reregistered',
  'framework-removed',
  'invalid-offers',
  'reconciliation',
  'task-group-invalid',
  'task-group-unauthorized',
  'task-invalid',
  'task-killed-during-launch',
  'task-unauthorized',
];

export const taskStateToWire = (state: TaskState): wire.TaskState => wireStates[state];

export const taskStateFromWire = (state: wire.TaskState): TaskState => modelStates[state];

const modelReasons: ReadonlyMap<wire.TaskStatus_Reason, MasterReason> = new Map(
  masterReasons.map((reason) => [wireReasons[reason], reason]),
);

export const reasonToWire = (reason: MasterReason): wire.TaskStatus_Reason => wireReasons[reason];

/** Undefined for the reasons that only agents and executors give. */
export function reasonFromWire(reason: wire.TaskStatus_Reason): MasterReason | undefined {
  return modelReasons.get(reason);
}
