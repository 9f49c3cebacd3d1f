/** What the replicated state is made of: masters, agents, frameworks, tasks. Immutable records. */
import type { List } from 'immutable';
import { unreachable } from '#internal/base/assert.ts';
import type { Resources } from '#internal/resources/resource.ts';
import type { FoundVolume } from './volume.ts';
import type { Encoded } from './encoded.ts';
import type { AgentId, ExecutorId, FrameworkId, MasterId, Role, TaskId } from './ids.ts';
import type { Deactivation } from './policy.ts';

/** A master as others are told to reach it. `ip` is the text form. */
export type MasterAddress = {
  readonly id: MasterId;
  readonly hostname: string;
  readonly ip: string;
  readonly httpPort: number;
  readonly grpcPort: number;
};

export type Agent = {
  readonly id: AgentId;
  /** Drawn by the agent for its first registration, so that a repeated one finds this record. */
  readonly registration: string;
  /** As the agent sent it, with the id. */
  readonly info: Encoded<'mesos.v1.AgentInfo'>;
  readonly hostname: string;
  readonly ip: string;
  readonly port: number;
  readonly version: string;
  readonly capabilities: readonly string[];
  /** Everything the agent has; unallocated. */
  readonly total: Resources;
  readonly registeredMs: number;
  readonly reregisteredMs: number | undefined;
  readonly reach:
    | { readonly kind: 'admitted' }
    | { readonly kind: 'unreachable'; readonly sinceMs: number };
  /** Set while an operator keeps new work from it. */
  readonly deactivation: Deactivation | undefined;
  /** Volumes on its disks that it does not know; at most `orphansMax`. */
  readonly orphans: readonly FoundVolume[];
};

export type FrameworkCapability =
  | 'REVOCABLE_RESOURCES'
  | 'TASK_KILLING_STATE'
  | 'GPU_RESOURCES'
  | 'SHARED_RESOURCES'
  | 'PARTITION_AWARE'
  | 'MULTI_ROLE'
  | 'RESERVATION_REFINEMENT'
  | 'REGION_AWARE';

export type Framework = {
  readonly id: FrameworkId;
  /** As the scheduler sent it last, with the id. */
  readonly info: Encoded<'mesos.v1.FrameworkInfo'>;
  readonly name: string;
  readonly user: string;
  readonly principal: string | undefined;
  /** `['*']` for a framework without MULTI_ROLE and without a role. */
  readonly roles: readonly Role[];
  readonly capabilities: ReadonlySet<FrameworkCapability>;
  readonly checkpoint: boolean;
  readonly failoverTimeoutMs: number;
  readonly registeredMs: number;
  readonly reregisteredMs: number;
  /** Removed at `deadlineMs` unless it subscribes again, whichever master leads by then. */
  readonly connection:
    | { readonly kind: 'connected' }
    | { readonly kind: 'disconnected'; readonly sinceMs: number; readonly deadlineMs: number };
};

/** A framework that may never subscribe again, kept for those who ask (at most 50). */
export type CompletedFramework = {
  readonly framework: Framework;
  readonly unregisteredMs: number;
  /** Frameworks are numbered in the order in which they were removed. */
  readonly ordinal: number;
  /** Oldest first, as in the framework's own history; at most 1000. */
  readonly tasks: List<Task>;
  /** The number of `tasks`' first element in the framework's history. */
  readonly tasksFirst: number;
};

/** Mesos's task states in the model's spelling: `TASK_GONE_BY_OPERATOR` is `gone-by-operator`. */
export type TaskState =
  | 'staging'
  | 'starting'
  | 'running'
  | 'killing'
  | 'finished'
  | 'failed'
  | 'killed'
  | 'error'
  | 'lost'
  | 'dropped'
  | 'unreachable'
  | 'gone'
  | 'gone-by-operator'
  | 'unknown';

export type Task = {
  readonly id: TaskId;
  readonly frameworkId: FrameworkId;
  readonly agentId: AgentId;
  /** Undefined for a command task. */
  readonly executorId: ExecutorId | undefined;
  readonly name: string;
  readonly info: Encoded<'mesos.v1.TaskInfo'>;
  /** Allocated to the role of the offer that it was launched on. */
  readonly resources: Resources;
  readonly launchedMs: number;
  /** The newest state known: resources are free as soon as it is terminal (contract 7.2). */
  readonly state: TaskState;
  /** What the scheduler was told last; undefined while it was told nothing. */
  readonly update: TaskUpdate | undefined;
  /**
   * The update that the scheduler acknowledged last. When an agent sends it again, it has not heard
   * of the acknowledgement: the agent is told, the scheduler is left alone.
   */
  readonly acknowledgedUuid: string | undefined;
  /** The newest update of each state it went through, oldest first. Bounded. */
  readonly statuses: readonly TaskUpdate[];
  /** A kill that was asked for and is repeated to the agent until the task ends. */
  readonly kill: { readonly policy: Encoded<'mesos.v1.KillPolicy'> | undefined } | undefined;
  /** Tasks of one group have the same: they are started together and share their fate. */
  readonly groupId: string | undefined;
};

/**
 * What runs tasks of one framework on one agent, brought by the framework or the agent's own for
 * groups. Executors of command tasks are their agents' affair, and are not among these.
 */
export type Executor = {
  readonly id: ExecutorId;
  readonly frameworkId: FrameworkId;
  readonly agentId: AgentId;
  readonly info: Encoded<'mesos.v1.ExecutorInfo'>;
  /** Held while it lives, beside those of its tasks; allocated. */
  readonly resources: Resources;
  readonly launchedMs: number;
  /**
   * With the last of its tasks, or when its agent says so: one that its framework brought may stay
   * for the tasks to come, and one that was given no task waits for some.
   */
  readonly endsWith: 'tasks' | 'agent';
};

/** A status update: made by an agent, who awaits its acknowledgement, or by a master (contract 7.2). */
export type TaskUpdate = AgentUpdate | MasterUpdate;

export type AgentUpdate = {
  readonly kind: 'agent';
  readonly state: TaskState;
  /** Text form. */
  readonly uuid: string;
  /** Without `data`, which is only for the scheduler's eyes and may be large. */
  readonly status: Encoded<'mesos.v1.TaskStatus'>;
};

/** Nobody acknowledges it. It becomes a `TaskStatus` with the ids of its task. */
export type MasterUpdate = {
  readonly kind: 'master';
  readonly state: TaskState;
  readonly reason: MasterReason;
  readonly message: string;
  readonly atMs: number;
  /** Since when the agent is not reached (`unreachable_time`). */
  readonly unreachableMs: number | undefined;
};

/** The reasons that masters give (contract 7.7), `REASON_AGENT_REMOVED` as `agent-removed`. */
export type MasterReason =
  | 'agent-disconnected'
  | 'agent-removed'
  | 'agent-removed-by-operator'
  | 'agent-reregistered'
  | 'framework-removed'
  | 'invalid-offers'
  | 'reconciliation'
  | 'task-group-invalid'
  | 'task-group-unauthorized'
  | 'task-invalid'
  | 'task-killed-during-launch'
  | 'task-unauthorized';

/** Of a terminal task nothing runs any more, and no other state follows (contract 7.1). */
export function isTerminal(state: TaskState): boolean {
  switch (state) {
    case 'finished':
    case 'failed':
    case 'killed':
    case 'error':
    case 'lost':
    case 'dropped':
    case 'gone':
    case 'gone-by-operator':
      return true;
    case 'staging':
    case 'starting':
    case 'running':
    case 'killing':
    case 'unreachable':
    case 'unknown':
      return false;
    default:
      return unreachable(state);
  }
}
