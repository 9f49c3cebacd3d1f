// Made by `npm run generate` from the .proto files of this folder; not to be edited.
import type * as mesos_v1 from '../../mesos/v1.ts';

/** Times are milliseconds since the epoch, chosen by the leader that proposed the command. */
export type Command = {
  readonly at_ms: number;
  readonly announce_leader?: AnnounceLeader;
  readonly admit_agent?: AdmitAgent;
  readonly reregister_agent?: ReregisterAgent;
  readonly mark_agent_unreachable?: MarkAgentUnreachable;
  readonly remove_agent?: RemoveAgent;
  readonly subscribe_framework?: SubscribeFramework;
  readonly disconnect_framework?: DisconnectFramework;
  readonly remove_framework?: RemoveFramework;
  readonly launch_tasks?: LaunchTasks;
  readonly update_tasks?: UpdateTasks;
  readonly acknowledge_updates?: AcknowledgeUpdates;
  readonly kill_task?: KillTask;
  readonly update_weights?: UpdateWeights;
  readonly update_quotas?: UpdateQuotas;
  readonly schedule_maintenance?: ScheduleMaintenance;
  readonly start_maintenance?: StartMaintenance;
  readonly stop_maintenance?: StopMaintenance;
  readonly deactivate_agent?: DeactivateAgent;
  readonly drain_agent?: DrainAgent;
  readonly finish_drain?: FinishDrain;
  readonly reactivate_agent?: ReactivateAgent;
  readonly mark_agent_gone?: MarkAgentGone;
  readonly apply_operation?: ApplyOperation;
  readonly update_operation?: UpdateOperation;
  readonly acknowledge_operation?: AcknowledgeOperation;
  readonly launch_with_executor?: LaunchWithExecutor;
  readonly end_executors?: EndExecutors;
  readonly raise_version?: RaiseVersion;
  readonly check_digest?: CheckDigest;
  readonly reregister_agents?: ReregisterAgents;
  readonly forget_agents?: ForgetAgents;
  readonly find_executors?: FindExecutors;
  readonly put_value?: PutValue;
  readonly delete_value?: DeleteValue;
  readonly note_volume_uses?: NoteVolumeUses;
  readonly limit_histories?: Histories;
  /** A master that does not know the command skips it; without this it stops. */
  readonly ignorable?: boolean;
};

/** The programs of all masters know this version of the state. */
export type RaiseVersion = {
  readonly version: number;
  /** What the cluster is called from version 5 on, if it has no name yet. */
  readonly cluster_id?: string;
};

/** How much is remembered of what is over. */
export type Histories = {
  readonly completed_frameworks: number;
  /** Of each framework. */
  readonly completed_tasks: number;
  readonly unreachable_tasks: number;
};

export type CheckDigest = {
  /** The entry after which the leader's state was this. */
  readonly index: number;
  readonly parts?: readonly PartDigest[];
};

export type PartDigest = {
  readonly part: string;
  readonly digest: string;
};

export type AnnounceLeader = {
  readonly node_id: number;
  readonly master: MasterAddress;
};

export type AdmitAgent = {
  readonly agent: Agent;
};

export type ReregisterAgent = {
  readonly agent: Agent;
  readonly tasks?: readonly ReportedTask[];
  /** The uuids of the operations that it knows of. */
  readonly operations?: readonly string[];
  /** The executors that it runs, but for its own of command tasks. */
  readonly executors?: readonly Executor[];
  /** Its volumes, by their manifests. */
  readonly volumes?: readonly FoundVolume[];
};

/** Agents come back in crowds. */
export type ReregisterAgents = {
  readonly agents?: readonly ReregisterAgent[];
};

/** Unreachable or gone for too long, or too many. */
export type ForgetAgents = {
  readonly agent_ids?: readonly string[];
};

export type ReportedTask = {
  readonly framework_id: string;
  readonly task_id: string;
  readonly state: mesos_v1.TaskState;
};

export type MarkAgentUnreachable = {
  readonly agent_id: string;
  readonly cause: string;
};

export type RemoveAgent = {
  readonly agent_id: string;
  readonly cause: string;
};

export type SubscribeFramework = {
  readonly framework: Framework;
};

export type DisconnectFramework = {
  readonly framework_id: string;
  readonly deadline_ms: number;
};

export type RemoveFramework = {
  readonly framework_id: string;
};

export type LaunchTasks = {
  readonly tasks?: readonly Task[];
};

/** Tasks that run in one executor of their framework. All of them are launched, or none. */
export type LaunchWithExecutor = {
  readonly executor: Executor;
  readonly tasks?: readonly Task[];
  /** The offers paid for the executor too: it was not known to live when this was proposed. */
  readonly executor_held: boolean;
};

/** Executors that an agent said have ended. */
export type EndExecutors = {
  readonly agent_id: string;
  readonly executors?: readonly ExecutorName[];
};

/** Executors that an agent said it has started: they live until it says otherwise, whatever it said before. */
export type FindExecutors = {
  readonly agent_id: string;
  readonly executors?: readonly Executor[];
};

export type ExecutorName = {
  readonly framework_id: string;
  readonly executor_id: string;
};

export type UpdateTasks = {
  readonly updates?: readonly TaskReport[];
};

export type TaskReport = {
  readonly framework_id: string;
  readonly task_id: string;
  readonly agent_id: string;
  readonly state: mesos_v1.TaskState;
  readonly update: TaskUpdate;
};

export type AcknowledgeUpdates = {
  readonly acknowledgements?: readonly Acknowledgement[];
};

export type Acknowledgement = {
  readonly framework_id: string;
  readonly task_id: string;
  readonly agent_id: string;
  readonly uuid: string;
};

export type KillTask = {
  readonly framework_id: string;
  readonly task_id: string;
  /** A mesos.v1.KillPolicy. */
  readonly policy?: Uint8Array;
};

export type UpdateWeights = {
  readonly weights?: readonly Weight[];
};

export type Weight = {
  readonly role: string;
  readonly weight: number;
};

export type UpdateQuotas = {
  readonly quotas?: readonly Quota[];
};

/** Whole thousandths by name. A name that is missing is promised nothing, and has no limit. */
export type Quota = {
  readonly role: string;
  readonly guarantees?: readonly Amount[];
  readonly limits?: readonly Amount[];
};

export type Amount = {
  readonly name: string;
  readonly milli: number;
};

export type ScheduleMaintenance = {
  readonly windows?: readonly MaintenanceWindow[];
};

export type MaintenanceWindow = {
  readonly machines?: readonly mesos_v1.MachineID[];
  readonly unavailability: mesos_v1.Unavailability;
};

export type StartMaintenance = {
  readonly machines?: readonly mesos_v1.MachineID[];
};

export type StopMaintenance = {
  readonly machines?: readonly mesos_v1.MachineID[];
};

export type DeactivateAgent = {
  readonly agent_id: string;
};

export type DrainAgent = {
  readonly agent_id: string;
  readonly max_grace_ms?: number;
  /** It is gone when nothing is left on it. */
  readonly gone_then: boolean;
};

export type FinishDrain = {
  readonly agent_id: string;
};

export type ReactivateAgent = {
  readonly agent_id: string;
};

export type MarkAgentGone = {
  readonly agent_id: string;
};

export type ApplyOperation = {
  readonly operation: Operation;
};

export type UpdateOperation = {
  readonly agent_id: string;
  readonly operation_uuid: string;
  readonly update: OperationUpdate;
};

export type AcknowledgeOperation = {
  readonly framework_id: string;
  readonly agent_id: string;
  readonly operation_id: string;
  /** Of the update. */
  readonly uuid: string;
};

export type MasterAddress = {
  readonly id: string;
  readonly hostname: string;
  readonly ip: string;
  readonly http_port: number;
  readonly grpc_port: number;
};

export type Agent = {
  readonly id: string;
  readonly registration: string;
  /** A mesos.v1.AgentInfo, as it came. */
  readonly info: Uint8Array;
  readonly hostname: string;
  readonly ip: string;
  readonly port: number;
  readonly version: string;
  readonly capabilities?: readonly string[];
  readonly total?: readonly mesos_v1.Resource[];
  readonly registered_ms: number;
  readonly reregistered_ms?: number;
  /** Set while the agent is unreachable. */
  readonly unreachable_since_ms?: number;
  /** Set while an operator keeps new work from it. */
  readonly deactivation?: Deactivation;
  /** Volumes on its disks that it does not know. */
  readonly orphans?: readonly FoundVolume[];
};

export type Deactivation = {
  /** Unset when it was deactivated without being drained. */
  readonly drain?: Drain;
};

export type Drain = {
  readonly drained: boolean;
  readonly since_ms: number;
  readonly max_grace_ms?: number;
  readonly gone_then: boolean;
};

export type Framework = {
  readonly id: string;
  /** A mesos.v1.FrameworkInfo, as it came. */
  readonly info: Uint8Array;
  readonly name: string;
  readonly user: string;
  readonly principal?: string;
  readonly roles?: readonly string[];
  readonly capabilities?: readonly string[];
  readonly checkpoint: boolean;
  readonly failover_timeout_ms: number;
  readonly registered_ms: number;
  readonly reregistered_ms: number;
  /** Set while the framework is disconnected. */
  readonly disconnection?: Disconnection;
};

export type Disconnection = {
  readonly since_ms: number;
  readonly deadline_ms: number;
};

export type Task = {
  readonly id: string;
  readonly framework_id: string;
  readonly agent_id: string;
  readonly executor_id?: string;
  readonly name: string;
  /** A mesos.v1.TaskInfo, as it came. */
  readonly info: Uint8Array;
  readonly resources?: readonly mesos_v1.Resource[];
  readonly launched_ms: number;
  readonly state: mesos_v1.TaskState;
  readonly update?: TaskUpdate;
  readonly acknowledged_uuid?: string;
  readonly statuses?: readonly TaskUpdate[];
  /** Set when a kill was asked for. */
  readonly kill?: Kill;
  /** Tasks that were launched as one group have the same. */
  readonly group_id?: string;
};

export type Executor = {
  readonly id: string;
  readonly framework_id: string;
  readonly agent_id: string;
  /** A mesos.v1.ExecutorInfo, with its framework, and for whom its resources are held. */
  readonly info: Uint8Array;
  readonly resources?: readonly mesos_v1.Resource[];
  readonly launched_ms: number;
  /** It ends with the last of its tasks; otherwise when its agent says so. */
  readonly ends_with_tasks: boolean;
};

export type Kill = {
  /** A mesos.v1.KillPolicy. */
  readonly policy?: Uint8Array;
};

export type TaskUpdate = {
  readonly state: mesos_v1.TaskState;
  readonly agent?: AgentUpdate;
  readonly master?: MasterUpdate;
};

export type AgentUpdate = {
  readonly uuid: string;
  /** A mesos.v1.TaskStatus without `data`. */
  readonly status: Uint8Array;
};

export type MasterUpdate = {
  readonly reason: mesos_v1.TaskStatus_Reason;
  readonly message: string;
  readonly at_ms: number;
  readonly unreachable_ms?: number;
};

export type Operation = {
  readonly uuid: string;
  readonly agent_id: string;
  /** Unset: an operator asked for it. */
  readonly framework_id?: string;
  /** Under which its framework hears of it. */
  readonly id?: string;
  /** A mesos.v1.Offer.Operation. */
  readonly info: Uint8Array;
  readonly conversions?: readonly Conversion[];
  /** The operations of an agent are numbered in their order. */
  readonly ordinal: number;
  readonly state: mesos_v1.OperationState;
  readonly updates?: readonly OperationUpdate[];
  /** It takes an orphan on. */
  readonly adopts?: Adoption;
};

/** Of an agent's total: unallocated. */
export type Conversion = {
  readonly consumed?: readonly mesos_v1.Resource[];
  readonly converted?: readonly mesos_v1.Resource[];
  readonly destroyed?: mesos_v1.Resource;
};

export type OperationUpdate = {
  readonly state: mesos_v1.OperationState;
  /** Unset when a master made it. */
  readonly uuid?: string;
  readonly message?: string;
  readonly at_ms: number;
};

/** One piece of the state; all of them together are a snapshot. */
export type Record = {
  readonly root?: Root;
  readonly agent?: Agent;
  readonly framework?: Framework;
  readonly completed_framework?: CompletedFramework;
  readonly live_task?: Task;
  readonly unreachable_task?: Task;
  readonly completed_task?: CompletedTask;
  readonly gone_agent?: GoneAgent;
  readonly weight?: Weight;
  readonly quota?: Quota;
  readonly maintenance?: Maintenance;
  readonly operation?: Operation;
  readonly executor?: Executor;
  readonly store?: Store;
  readonly stored_value?: StoredValue;
  readonly volume?: Volume;
};

export type Root = {
  readonly version: number;
  readonly leader?: Leader;
  readonly checked?: Checked;
  readonly cluster_id?: string;
  /** Unset: the usual ones. */
  readonly histories?: Histories;
};

export type Checked = {
  readonly index: number;
  readonly at_ms: number;
};

export type Leader = {
  readonly node_id: number;
  readonly master: MasterAddress;
  readonly elected_ms: number;
};

export type CompletedFramework = {
  readonly framework: Framework;
  readonly unregistered_ms: number;
  readonly ordinal: number;
};

export type CompletedTask = {
  readonly task: Task;
  /** Its number in its framework's history. */
  readonly ordinal: number;
};

export type GoneAgent = {
  readonly id: string;
  readonly gone_ms: number;
};

export type Maintenance = {
  readonly windows?: readonly MaintenanceWindow[];
  readonly down?: readonly mesos_v1.MachineID[];
};

/** A framework keeps something for itself. */
export type PutValue = {
  readonly framework_id: string;
  readonly key: string;
  readonly value: Uint8Array;
  /** What is there must have this version; 0: nothing is there. Unset: whatever is there. */
  readonly expected?: number;
  /** What the leader grants to a framework: a store that is larger then takes nothing more. */
  readonly keys_max: number;
  readonly bytes_max: number;
};

export type DeleteValue = {
  readonly framework_id: string;
  readonly key: string;
  /** As in PutValue. */
  readonly expected?: number;
};

/** Present once a framework has ever put something. */
export type Store = {
  readonly framework_id: string;
  /** The last that was given to a value of it: none gets the same again. */
  readonly version: number;
};

export type StoredValue = {
  readonly framework_id: string;
  readonly key: string;
  readonly value: Uint8Array;
  readonly version: number;
};

/** A volume as its manifest has it. */
export type FoundVolume = {
  readonly volume: mesos_v1.Resource;
  readonly origin: string;
  readonly epoch: number;
  readonly cluster_id?: string;
  readonly framework_id?: string;
  readonly made_ms: number;
  readonly used_ms?: number;
};

export type Adoption = {
  readonly origin: string;
  readonly found_epoch: number;
  readonly epoch: number;
};

/** Tasks began to use volumes of an agent. */
export type NoteVolumeUses = {
  readonly agent_id: string;
  readonly volumes?: readonly FoundVolume[];
};

/** A volume of an agent, or one that an agent left behind. */
export type Volume = {
  readonly agent_id: string;
  readonly hostname: string;
  readonly found: FoundVolume;
  /** Another agent has taken it on. */
  readonly stale: boolean;
  /** Set when its agent is in no book any more. */
  readonly left_ms?: number;
};
