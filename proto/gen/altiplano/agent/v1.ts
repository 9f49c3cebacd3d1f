// Made by `npm run generate` from the .proto files of this folder; not to be edited.
import type * as mesos_v1 from '../../mesos/v1.ts';

export type BookedLife = 'UNKNOWN_LIFE' | 'LIVES' | 'ENDS' | 'ENDED';

export type ExecutorRecord_Phase = 'UNKNOWN_PHASE' | 'REGISTERING' | 'RUNNING' | 'TERMINATING';

export type ExecutorRecord_Cause =
  | 'UNKNOWN_CAUSE'
  | 'SHUTDOWN'
  | 'REGISTRATION_TIMEOUT'
  | 'REREGISTRATION_TIMEOUT'
  | 'LOST';

export type KillRecord_Cause =
  | 'UNKNOWN'
  | 'REQUESTED'
  | 'DURING_LAUNCH'
  | 'COMPLETION_TIME'
  | 'ABANDONED'
  | 'DRAINED'
  | 'DRAINED_GONE'
  | 'UNHEALTHY';

export type AgentMessage = {
  readonly register?: Register;
  readonly reregister?: Reregister;
  readonly status_update?: StatusUpdate;
  readonly pong?: Pong;
  readonly unregister?: Unregister;
  readonly operation_update?: OperationUpdate;
  readonly executor_exited?: ExecutorExited;
  readonly executor_message?: ExecutorMessage;
  readonly drained?: Drained;
  readonly executor_launched?: Executor;
  readonly volumes_used?: VolumesUsed;
  readonly books?: Books;
};

/** What an agent is, as it presents itself. */
export type Description = {
  /** `id` is set on re-registration only. */
  readonly agent_info: mesos_v1.AgentInfo;
  readonly version: string;
  readonly ip: string;
  readonly capabilities?: readonly mesos_v1.AgentInfo_Capability[];
  /** The agent understands `run_tasks`. Unset by programs that came before it. */
  readonly takes_run_tasks?: boolean;
  /** The agent understands `tell_books`. Unset by programs that came before it. */
  readonly tells_books?: boolean;
};

/**
 * A first registration. The agent draws `registration_uuid` once and keeps it on disk, so that a
 * repeated request finds the id that an earlier, unanswered one was given.
 */
export type Register = {
  readonly description: Description;
  readonly registration_uuid: string;
  /** Volumes on its disks that it does not know. */
  readonly found_volumes?: readonly VolumeManifest[];
};

/**
 * An agent with an id introduces itself to a leader, with everything that it runs or still has to
 * report.
 */
export type Reregister = {
  readonly description: Description;
  readonly registration_uuid: string;
  readonly frameworks?: readonly mesos_v1.FrameworkInfo[];
  readonly tasks?: readonly Task[];
  /** All that it has, with what operations made of it. Empty: what its `agent_info` says. */
  readonly total?: readonly mesos_v1.Resource[];
  /**
   * Operations that it has heard of and that were not acknowledged to it. What they made is in
   * `total`, if they succeeded.
   */
  readonly operations?: readonly KnownOperation[];
  /** The executors that it runs, but for its own of command tasks. */
  readonly executors?: readonly Executor[];
  /** As in `Register`. */
  readonly found_volumes?: readonly VolumeManifest[];
  /** Those of its total, by their manifests. */
  readonly volumes?: readonly VolumeManifest[];
};

/** What lies beside the data of a volume, and says whose they are. In a file it is JSON. */
export type VolumeManifest = {
  /** With its reservations, its id and the disk that it lies on. */
  readonly volume: mesos_v1.Resource;
  /** The volume for ever, whatever agent or cluster has it: drawn when it was made. */
  readonly origin: string;
  /** Rises with every use and with every agent that takes it on. */
  readonly epoch: bigint;
  readonly cluster_id?: string;
  /** Only this agent may use it. */
  readonly agent_id?: string;
  /** Who made it; unset for an operator. */
  readonly framework_id?: string;
  readonly made_ms: number;
  readonly used_ms?: number;
};

/** Tasks began to use them. May be lost: it is said again at each registration. */
export type VolumesUsed = {
  readonly volumes?: readonly VolumeManifest[];
};

/** A volume that was found, and is the agent's from now on. */
export type Adoption = {
  readonly origin: string;
  /** That it had, and that it gets. */
  readonly found_epoch: bigint;
  readonly epoch: bigint;
};

export type KnownOperation = {
  readonly uuid: string;
  readonly state: mesos_v1.OperationState;
};

/**
 * One that lives, or, as `executor_launched`, that its framework brought and the agent has just begun to
 * launch, perhaps anew: it may have been given a task when the agent had said already that it ended.
 */
export type Executor = {
  readonly framework_id: mesos_v1.FrameworkID;
  readonly executor_info: mesos_v1.ExecutorInfo;
};

export type Task = {
  readonly framework_id: mesos_v1.FrameworkID;
  readonly task_info: mesos_v1.TaskInfo;
  readonly state: mesos_v1.TaskState;
  /** The latest update the agent made, acknowledged or not. */
  readonly status?: mesos_v1.TaskStatus;
};

/**
 * One status update, sent again until a master acknowledges its uuid. At most one of a task is under
 * way; the ones behind it wait on the agent.
 */
export type StatusUpdate = {
  readonly framework_id: mesos_v1.FrameworkID;
  readonly status: mesos_v1.TaskStatus;
  /** The newest state the agent knows of, which may be ahead of `status` (contract 7.2). */
  readonly latest_state: mesos_v1.TaskState;
};

/**
 * How an operation went, sent again until a master acknowledges it. Before it says that one has
 * failed, the agent introduces itself anew: what the masters made of its total was not so.
 */
export type OperationUpdate = {
  /** Of the operation, in text form. */
  readonly operation_uuid: string;
  /** Its `uuid` is that of the update. */
  readonly status: mesos_v1.OperationStatus;
};

/** An executor has ended; said once, of those that frameworks brought or groups ran in. */
export type ExecutorExited = {
  readonly framework_id: mesos_v1.FrameworkID;
  readonly executor_id: mesos_v1.ExecutorID;
  /** As `wait` gives it; -1 when nobody knows. */
  readonly status: number;
};

/** Bytes between a scheduler and one of its executors, either way. May be lost. */
export type ExecutorMessage = {
  readonly framework_id: mesos_v1.FrameworkID;
  readonly executor_id: mesos_v1.ExecutorID;
  readonly data: Uint8Array;
};

/**
 * Nothing runs here any more, not even what its framework left behind, and until the drain is over
 * nothing will. Said of each drain when it is so, and again after each registration.
 */
export type Drained = {
  /** Of the drain. */
  readonly since_ms: number;
};

export type Pong = {
  readonly sequence: bigint;
};

/** The agent leaves for good. */
export type Unregister = {
  readonly message: string;
};

export type MasterMessage = {
  /** The term under which the sender leads, or the newest it knows when it does not lead. */
  readonly term: bigint;
  readonly not_leading?: NotLeading;
  readonly registered?: Registered;
  readonly ping?: Ping;
  readonly run_task?: RunTask;
  readonly kill_task?: KillTask;
  readonly acknowledge_update?: AcknowledgeUpdate;
  readonly shutdown_framework?: ShutdownFramework;
  readonly update_framework?: UpdateFramework;
  readonly shutdown?: Shutdown;
  readonly drain?: Drain;
  readonly apply_operation?: ApplyOperation;
  readonly acknowledge_operation?: AcknowledgeOperation;
  readonly run_group?: RunGroup;
  readonly shutdown_executor?: ShutdownExecutor;
  readonly executor_message?: ExecutorMessage;
  readonly introduce_yourself?: IntroduceYourself;
  /** Only to agents that say that they take it. */
  readonly run_tasks?: RunTasks;
  /** Only to agents that say that they understand it. */
  readonly tell_books?: TellBooks;
};

/** Say again what you are: the masters know by now what to make of it. */
export type IntroduceYourself = Readonly<Record<string, never>>;

/** Say what you run and have, so that it can be compared with what the masters think. */
export type TellBooks = {
  /** Comes back with the answer. */
  readonly sequence: bigint;
};

/** What an agent runs and has at this moment. Nobody acts on it. */
export type Books = {
  readonly sequence: bigint;
  readonly tasks?: readonly BookedTask[];
  /** All that it has, with what operations made of it. */
  readonly total?: readonly mesos_v1.Resource[];
  /** Held by the executors that it runs, beside those of their tasks. */
  readonly executors?: readonly mesos_v1.Resource[];
};

/** A task that an agent knows, until its end is acknowledged. */
export type BookedTask = {
  readonly framework_id: mesos_v1.FrameworkID;
  readonly task_id: mesos_v1.TaskID;
  readonly life: BookedLife;
  readonly resources?: readonly mesos_v1.Resource[];
};

/** The answer of a master that does not lead; it closes the stream after it. */
export type NotLeading = {
  /** `host:port` of the leader's agent service, when known. */
  readonly leader?: string;
};

/** The agent is admitted, durably. Also the answer to a re-registration. */
export type Registered = {
  readonly agent_id: mesos_v1.AgentID;
  /** Without a ping for so long, the agent gives the link up and looks for the leader again. */
  readonly total_ping_timeout_seconds: number;
  /** Unset while some masters do not know that clusters have one. */
  readonly cluster_id?: string;
};

export type Ping = {
  readonly sequence: bigint;
};

/**
 * Start a task. Sent again after a change of leaders when the log does not say that it started; an
 * agent that knows the task, alive or ended, does not start it twice.
 */
export type RunTask = {
  readonly framework_info: mesos_v1.FrameworkInfo;
  readonly task_info: mesos_v1.TaskInfo;
};

/** As many `RunTask`, in this order: tasks that were decided together share a message. */
export type RunTasks = {
  readonly framework_info: mesos_v1.FrameworkInfo;
  readonly task_infos?: readonly mesos_v1.TaskInfo[];
};

/**
 * Start a group: all of its tasks or none, in one executor, which lives already or is started for it.
 * Sent again like `RunTask`.
 */
export type RunGroup = {
  readonly framework_info: mesos_v1.FrameworkInfo;
  readonly executor_info: mesos_v1.ExecutorInfo;
  /** With their executor. */
  readonly tasks?: readonly mesos_v1.TaskInfo[];
  /** Tasks that share their fate have the same. */
  readonly group_id: string;
};

/** End an executor, with its tasks. */
export type ShutdownExecutor = {
  readonly framework_id: mesos_v1.FrameworkID;
  readonly executor_id: mesos_v1.ExecutorID;
};

export type KillTask = {
  readonly framework_id: mesos_v1.FrameworkID;
  readonly task_id: mesos_v1.TaskID;
  readonly kill_policy?: mesos_v1.KillPolicy;
};

/** The scheduler acknowledged this update and the log knows of it. */
export type AcknowledgeUpdate = {
  readonly framework_id: mesos_v1.FrameworkID;
  readonly task_id: mesos_v1.TaskID;
  readonly uuid: Uint8Array;
};

/** The framework is gone: kill its tasks, forget it. */
export type ShutdownFramework = {
  readonly framework_id: mesos_v1.FrameworkID;
};

export type UpdateFramework = {
  readonly framework_info: mesos_v1.FrameworkInfo;
};

/** The agent is not wanted any more (gone, removed, or its address changed): kill everything, stop. */
export type Shutdown = {
  readonly message: string;
};

/**
 * Kill every task and start no new one, or, without a configuration, be an agent like any other again.
 * Said after each registration while it holds; what was killed is killed.
 */
export type Drain = {
  readonly config?: DrainConfig;
};

export type DrainConfig = {
  /** No task gets longer than this to end. Unset leaves each its own. */
  readonly max_grace_ms?: number;
  /** The agent is gone when it is drained: partition-aware frameworks are told so of their tasks. */
  readonly gone_then: boolean;
  /** When an operator decided it: tells it from others before. */
  readonly since_ms: number;
};

/**
 * Make something else of what the agent has. An agent that knows the operation, whatever became of it,
 * does nothing but say so again.
 */
export type ApplyOperation = {
  readonly uuid: string;
  /** Unset: an operator asked for it. */
  readonly framework_id?: mesos_v1.FrameworkID;
  readonly info: mesos_v1.Offer_Operation;
  /** What the operation means, one after the other. */
  readonly conversions?: readonly Conversion[];
  readonly adopts?: Adoption;
  readonly cluster_id?: string;
};

/** `consumed` must be there; `converted` is there instead. Unallocated. */
export type Conversion = {
  readonly consumed?: readonly mesos_v1.Resource[];
  readonly converted?: readonly mesos_v1.Resource[];
  /** A volume of which no copy may be left. */
  readonly destroyed?: mesos_v1.Resource;
};

/** The log knows how the operation went, and nobody has to be told any more: it may be forgotten. */
export type AcknowledgeOperation = {
  readonly operation_uuid: string;
  /** Of the update. */
  readonly uuid: Uint8Array;
};

/** Who the agent is. */
export type IdentityRecord = {
  /** Drawn once, presented at each registration. */
  readonly registration_uuid: string;
  /** Unset until a master has admitted the agent. */
  readonly agent_id?: string;
  /** As it presented itself last, without its id: what it may become depends on it. */
  readonly agent_info?: mesos_v1.AgentInfo;
  /** Of the machine's kernel, when it was written. */
  readonly boot_id?: string;
  /** The cluster that it is an agent of. */
  readonly cluster_id?: string;
};

/** The highest term of a leader that the agent has heeded: lower ones are refused for ever. */
export type TermRecord = {
  readonly term: bigint;
};

export type FrameworkRecord = {
  readonly info: mesos_v1.FrameworkInfo;
  /** It is gone: its tasks are being killed, and nobody is told how they end. */
  readonly removed?: boolean;
};

/** A task as it was launched; written anew only when its executor is, before anything of it ran. */
export type TaskRecord = {
  readonly framework_id: string;
  readonly info: mesos_v1.TaskInfo;
  readonly container_id: string;
  /** Set for a task that does not stand alone. */
  readonly pod?: PodRecord;
  /** Nobody launched it here: its executor speaks of it. */
  readonly stray?: boolean;
};

/** The executor that a task runs in, and who shares its fate. */
export type PodRecord = {
  readonly executor_id: string;
  /** The executor's container, in which that of the task is nested if the agent runs it. */
  readonly container_id: string;
  /** Empty when it was launched alone, in an executor that its framework brought. */
  readonly group_id: string;
  /** An executor that its framework brought gets those with lower ones first. */
  readonly place?: bigint;
};

/** An executor of groups, or one that a framework brought, while it lives. */
export type ExecutorRecord = {
  readonly framework_id: string;
  readonly info: mesos_v1.ExecutorInfo;
  readonly container_id: string;
  /** It was given tasks, and ends with the last of them. */
  readonly has_tasks: boolean;
  /** Unset for one that is no process of its own. */
  readonly phase?: ExecutorRecord_Phase;
  /** Set when its container runs. */
  readonly process?: ProcessRecord;
  /** Set with TERMINATING. */
  readonly cause?: ExecutorRecord_Cause;
  /** One of its tasks was killed because of its health. */
  readonly unhealthy?: boolean;
  /** Of the newest updates that it made of tasks that are over, each 16 bytes: the same one may come again. */
  readonly heard?: readonly Uint8Array[];
};

/** What has become of a task so far. */
export type ProgressRecord = {
  /** The newest state, acknowledged or not. */
  readonly state: mesos_v1.TaskState;
  readonly process?: ProcessRecord;
  /** Wall time of its start in milliseconds since the epoch. */
  readonly started_ms?: number;
  readonly kill?: KillRecord;
  /** The newest status it was given. */
  readonly status?: mesos_v1.TaskStatus;
  /** Number of the next update. */
  readonly next_update: bigint;
  /** Of a task with a health check that has told something. */
  readonly health?: HealthRecord;
  /** It was handed to the executor that its framework brought. */
  readonly delivered?: boolean;
  /** Of the newest updates that its executor made, each 16 bytes: the same one may come again. */
  readonly heard?: readonly Uint8Array[];
};

/** What a task's health check has shown so far. */
export type HealthRecord = {
  /** One after the other, up to the newest. */
  readonly failures: number;
  /** It was healthy once: there is no grace any more. */
  readonly has_passed: boolean;
  /** Wall time of the newest failure in milliseconds since the epoch. */
  readonly failed_ms?: number;
};

/** A process that cannot be confused with a later one of the same pid. */
export type ProcessRecord = {
  readonly pid: bigint;
  /** As the kernel counts it: clock ticks since it booted. */
  readonly start_ticks: bigint;
  readonly boot_id: string;
};

export type KillRecord = {
  readonly cause: KillRecord_Cause;
  readonly grace_ms: number;
};

/** A status update that no master has acknowledged yet. */
export type UpdateRecord = {
  readonly status: mesos_v1.TaskStatus;
};

/**
 * What operations have made of the agent's resources: those of its total that are reserved dynamically
 * or are volumes. The rest is what the agent finds on its machine.
 */
export type ResourcesRecord = {
  readonly changed?: readonly mesos_v1.Resource[];
  /** Volumes that were destroyed, and whose data may still be there. */
  readonly doomed?: readonly mesos_v1.Resource[];
};

/** An operation that was asked of the agent and not acknowledged to it. */
export type OperationRecord = {
  readonly uuid: string;
  readonly framework_id?: string;
  readonly info: mesos_v1.Offer_Operation;
  readonly status: mesos_v1.OperationStatus;
  /** What it means, until its volumes are there: it is undone when they cannot be. */
  readonly conversions?: readonly Conversion[];
  readonly adopts?: Adoption;
};

/** A container that an operator or an executor asked for, beside those of tasks, until it is removed. */
export type ContainerRecord = {
  readonly container_id: mesos_v1.ContainerID;
  /** Where its sandbox lies; all three empty for one that stands alone. */
  readonly agent_id: string;
  readonly framework_id: string;
  readonly executor_id: string;
  /** By which the containerizer knows the one that it is nested in. */
  readonly parent?: string;
  readonly command?: mesos_v1.CommandInfo;
  readonly container?: mesos_v1.ContainerInfo;
  readonly resources?: readonly mesos_v1.Resource[];
  readonly limits?: Readonly<Record<string, mesos_v1.Value_Scalar>>;
  readonly user?: string;
  /** It ends with the connection that asked for it. */
  readonly is_session: boolean;
  /** Unset while it lives. */
  readonly end?: ContainerEndRecord;
};

/** How a container ended. */
export type ContainerEndRecord = {
  /** As wait(2) has it. Unset when nobody can tell. */
  readonly wait_status?: number;
  /** Of one that used more than it may. */
  readonly reason?: mesos_v1.TaskStatus_Reason;
  readonly message?: string;
};
