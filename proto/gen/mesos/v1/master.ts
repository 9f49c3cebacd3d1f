// Made by `npm run generate` from the .proto files of this folder; not to be edited.
import type * as google_protobuf from '../../google/protobuf.ts';
import type * as mesos_v1 from '../../mesos/v1.ts';
import type * as mesos_v1_maintenance from '../../mesos/v1/maintenance.ts';
import type * as mesos_v1_quota from '../../mesos/v1/quota.ts';
import type * as mesos_v1_scheduler from '../../mesos/v1/scheduler.ts';

export type Call_Type =
  | 'UNKNOWN'
  | 'GET_HEALTH'
  | 'GET_FLAGS'
  | 'GET_VERSION'
  | 'GET_METRICS'
  | 'GET_LOGGING_LEVEL'
  | 'SET_LOGGING_LEVEL'
  | 'LIST_FILES'
  | 'READ_FILE'
  | 'GET_STATE'
  | 'GET_AGENTS'
  | 'GET_FRAMEWORKS'
  | 'GET_EXECUTORS'
  | 'GET_OPERATIONS'
  | 'GET_TASKS'
  | 'GET_ROLES'
  | 'GET_WEIGHTS'
  | 'UPDATE_WEIGHTS'
  | 'GET_MASTER'
  | 'SUBSCRIBE'
  | 'RESERVE_RESOURCES'
  | 'UNRESERVE_RESOURCES'
  | 'CREATE_VOLUMES'
  | 'DESTROY_VOLUMES'
  | 'GROW_VOLUME'
  | 'SHRINK_VOLUME'
  | 'GET_MAINTENANCE_STATUS'
  | 'GET_MAINTENANCE_SCHEDULE'
  | 'UPDATE_MAINTENANCE_SCHEDULE'
  | 'START_MAINTENANCE'
  | 'STOP_MAINTENANCE'
  | 'DRAIN_AGENT'
  | 'DEACTIVATE_AGENT'
  | 'REACTIVATE_AGENT'
  | 'GET_QUOTA'
  | 'UPDATE_QUOTA'
  | 'SET_QUOTA'
  | 'REMOVE_QUOTA'
  | 'TEARDOWN'
  | 'MARK_AGENT_GONE';

export type Response_Type =
  | 'UNKNOWN'
  | 'GET_HEALTH'
  | 'GET_FLAGS'
  | 'GET_VERSION'
  | 'GET_METRICS'
  | 'GET_LOGGING_LEVEL'
  | 'LIST_FILES'
  | 'READ_FILE'
  | 'GET_STATE'
  | 'GET_AGENTS'
  | 'GET_FRAMEWORKS'
  | 'GET_EXECUTORS'
  | 'GET_OPERATIONS'
  | 'GET_TASKS'
  | 'GET_ROLES'
  | 'GET_WEIGHTS'
  | 'GET_MASTER'
  | 'GET_MAINTENANCE_STATUS'
  | 'GET_MAINTENANCE_SCHEDULE'
  | 'GET_QUOTA';

export type Event_Type =
  | 'UNKNOWN'
  | 'SUBSCRIBED'
  | 'TASK_ADDED'
  | 'TASK_UPDATED'
  | 'AGENT_ADDED'
  | 'AGENT_REMOVED'
  | 'FRAMEWORK_ADDED'
  | 'FRAMEWORK_UPDATED'
  | 'FRAMEWORK_REMOVED'
  | 'HEARTBEAT';

/** Every type has at most one field of details. */
export type Call = {
  readonly type?: Call_Type;
  readonly get_metrics?: Call_GetMetrics;
  readonly set_logging_level?: Call_SetLoggingLevel;
  readonly list_files?: Call_ListFiles;
  readonly read_file?: Call_ReadFile;
  readonly update_weights?: Call_UpdateWeights;
  readonly reserve_resources?: Call_ReserveResources;
  readonly unreserve_resources?: Call_UnreserveResources;
  readonly create_volumes?: Call_CreateVolumes;
  readonly destroy_volumes?: Call_DestroyVolumes;
  readonly grow_volume?: Call_GrowVolume;
  readonly shrink_volume?: Call_ShrinkVolume;
  readonly update_maintenance_schedule?: Call_UpdateMaintenanceSchedule;
  readonly start_maintenance?: Call_StartMaintenance;
  readonly stop_maintenance?: Call_StopMaintenance;
  readonly drain_agent?: Call_DrainAgent;
  readonly deactivate_agent?: Call_DeactivateAgent;
  readonly reactivate_agent?: Call_ReactivateAgent;
  readonly update_quota?: Call_UpdateQuota;
  readonly teardown?: Call_Teardown;
  readonly mark_agent_gone?: Call_MarkAgentGone;
  readonly set_quota?: Call_SetQuota;
  readonly remove_quota?: Call_RemoveQuota;
};

export type Call_GetMetrics = {
  readonly timeout?: mesos_v1.DurationInfo;
};

export type Call_SetLoggingLevel = {
  readonly level: number;
  readonly duration: mesos_v1.DurationInfo;
};

export type Call_ListFiles = {
  readonly path: string;
};

export type Call_ReadFile = {
  readonly path: string;
  readonly offset: bigint;
  readonly length?: bigint;
};

export type Call_UpdateWeights = {
  readonly weight_infos?: readonly mesos_v1.WeightInfo[];
};

/** Without an offer: of what the agent has free. */
export type Call_ReserveResources = {
  readonly agent_id: mesos_v1.AgentID;
  readonly source?: readonly mesos_v1.Resource[];
  readonly resources?: readonly mesos_v1.Resource[];
};

export type Call_UnreserveResources = {
  readonly agent_id: mesos_v1.AgentID;
  readonly resources?: readonly mesos_v1.Resource[];
};

export type Call_CreateVolumes = {
  readonly agent_id: mesos_v1.AgentID;
  readonly volumes?: readonly mesos_v1.Resource[];
};

export type Call_DestroyVolumes = {
  readonly agent_id: mesos_v1.AgentID;
  readonly volumes?: readonly mesos_v1.Resource[];
};

export type Call_GrowVolume = {
  readonly agent_id?: mesos_v1.AgentID;
  readonly volume: mesos_v1.Resource;
  readonly addition: mesos_v1.Resource;
};

export type Call_ShrinkVolume = {
  readonly agent_id?: mesos_v1.AgentID;
  readonly volume: mesos_v1.Resource;
  readonly subtract: mesos_v1.Value_Scalar;
};

export type Call_UpdateMaintenanceSchedule = {
  readonly schedule: mesos_v1_maintenance.Schedule;
};

export type Call_StartMaintenance = {
  readonly machines?: readonly mesos_v1.MachineID[];
};

export type Call_StopMaintenance = {
  readonly machines?: readonly mesos_v1.MachineID[];
};

/** Kills its tasks and keeps new ones away. */
export type Call_DrainAgent = {
  readonly agent_id: mesos_v1.AgentID;
  readonly max_grace_period?: google_protobuf.Duration;
  readonly mark_gone?: boolean;
};

export type Call_DeactivateAgent = {
  readonly agent_id: mesos_v1.AgentID;
};

export type Call_ReactivateAgent = {
  readonly agent_id: mesos_v1.AgentID;
};

export type Call_UpdateQuota = {
  readonly force?: boolean;
  readonly quota_configs?: readonly mesos_v1_quota.QuotaConfig[];
};

export type Call_SetQuota = {
  readonly quota_request: mesos_v1_quota.QuotaRequest;
};

export type Call_RemoveQuota = {
  readonly role: string;
};

export type Call_Teardown = {
  readonly framework_id: mesos_v1.FrameworkID;
};

/** For good: its tasks and volumes count as lost. */
export type Call_MarkAgentGone = {
  readonly agent_id: mesos_v1.AgentID;
};

export type Response = {
  readonly type?: Response_Type;
  readonly get_health?: Response_GetHealth;
  readonly get_flags?: Response_GetFlags;
  readonly get_version?: Response_GetVersion;
  readonly get_metrics?: Response_GetMetrics;
  readonly get_logging_level?: Response_GetLoggingLevel;
  readonly list_files?: Response_ListFiles;
  readonly read_file?: Response_ReadFile;
  readonly get_state?: Response_GetState;
  readonly get_agents?: Response_GetAgents;
  readonly get_frameworks?: Response_GetFrameworks;
  readonly get_executors?: Response_GetExecutors;
  readonly get_operations?: Response_GetOperations;
  readonly get_tasks?: Response_GetTasks;
  readonly get_roles?: Response_GetRoles;
  readonly get_weights?: Response_GetWeights;
  readonly get_master?: Response_GetMaster;
  readonly get_maintenance_status?: Response_GetMaintenanceStatus;
  readonly get_maintenance_schedule?: Response_GetMaintenanceSchedule;
  readonly get_quota?: Response_GetQuota;
};

export type Response_GetHealth = {
  readonly healthy: boolean;
};

export type Response_GetFlags = {
  readonly flags?: readonly mesos_v1.Flag[];
};

export type Response_GetVersion = {
  readonly version_info: mesos_v1.VersionInfo;
};

export type Response_GetMetrics = {
  readonly metrics?: readonly mesos_v1.Metric[];
};

export type Response_GetLoggingLevel = {
  readonly level: number;
};

export type Response_ListFiles = {
  readonly file_infos?: readonly mesos_v1.FileInfo[];
};

export type Response_ReadFile = {
  readonly size: bigint;
  readonly data: Uint8Array;
};

export type Response_GetState = {
  readonly get_tasks?: Response_GetTasks;
  readonly get_executors?: Response_GetExecutors;
  readonly get_frameworks?: Response_GetFrameworks;
  readonly get_agents?: Response_GetAgents;
};

/** Of recovered agents the new leader knows, but has not heard yet. */
export type Response_GetAgents = {
  readonly agents?: readonly Response_GetAgents_Agent[];
  readonly recovered_agents?: readonly mesos_v1.AgentInfo[];
};

export type Response_GetAgents_Agent = {
  readonly agent_info: mesos_v1.AgentInfo;
  readonly active: boolean;
  readonly deactivated?: boolean;
  readonly version: string;
  readonly pid?: string;
  readonly registered_time?: mesos_v1.TimeInfo;
  readonly reregistered_time?: mesos_v1.TimeInfo;
  readonly total_resources?: readonly mesos_v1.Resource[];
  readonly allocated_resources?: readonly mesos_v1.Resource[];
  readonly offered_resources?: readonly mesos_v1.Resource[];
  readonly capabilities?: readonly mesos_v1.AgentInfo_Capability[];
  readonly resource_providers?: readonly Response_GetAgents_Agent_ResourceProvider[];
  readonly drain_info?: mesos_v1.DrainInfo;
  readonly estimated_drain_start_time?: mesos_v1.TimeInfo;
};

export type Response_GetAgents_Agent_ResourceProvider = {
  readonly resource_provider_info: mesos_v1.ResourceProviderInfo;
  readonly total_resources?: readonly mesos_v1.Resource[];
};

export type Response_GetFrameworks = {
  readonly frameworks?: readonly Response_GetFrameworks_Framework[];
  readonly completed_frameworks?: readonly Response_GetFrameworks_Framework[];
  readonly recovered_frameworks?: readonly mesos_v1.FrameworkInfo[];
};

export type Response_GetFrameworks_Framework = {
  readonly framework_info: mesos_v1.FrameworkInfo;
  readonly active: boolean;
  readonly connected: boolean;
  /** Known from its tasks, but not subscribed since the leader changed. */
  readonly recovered: boolean;
  readonly registered_time?: mesos_v1.TimeInfo;
  readonly reregistered_time?: mesos_v1.TimeInfo;
  readonly unregistered_time?: mesos_v1.TimeInfo;
  readonly offers?: readonly mesos_v1.Offer[];
  readonly inverse_offers?: readonly mesos_v1.InverseOffer[];
  readonly allocated_resources?: readonly mesos_v1.Resource[];
  readonly offered_resources?: readonly mesos_v1.Resource[];
  readonly offer_constraints?: mesos_v1_scheduler.OfferConstraints;
};

export type Response_GetExecutors = {
  readonly executors?: readonly Response_GetExecutors_Executor[];
  readonly orphan_executors?: readonly Response_GetExecutors_Executor[];
};

export type Response_GetExecutors_Executor = {
  readonly executor_info: mesos_v1.ExecutorInfo;
  readonly agent_id: mesos_v1.AgentID;
};

export type Response_GetOperations = {
  readonly operations?: readonly mesos_v1.Operation[];
};

/** `tasks` are those that have not ended. */
export type Response_GetTasks = {
  readonly pending_tasks?: readonly mesos_v1.Task[];
  readonly tasks?: readonly mesos_v1.Task[];
  readonly unreachable_tasks?: readonly mesos_v1.Task[];
  readonly completed_tasks?: readonly mesos_v1.Task[];
  readonly orphan_tasks?: readonly mesos_v1.Task[];
};

export type Response_GetRoles = {
  readonly roles?: readonly mesos_v1.Role[];
};

export type Response_GetWeights = {
  readonly weight_infos?: readonly mesos_v1.WeightInfo[];
};

export type Response_GetMaster = {
  readonly master_info?: mesos_v1.MasterInfo;
  readonly start_time?: number;
  readonly elected_time?: number;
};

export type Response_GetMaintenanceStatus = {
  readonly status: mesos_v1_maintenance.ClusterStatus;
};

export type Response_GetMaintenanceSchedule = {
  readonly schedule: mesos_v1_maintenance.Schedule;
};

export type Response_GetQuota = {
  readonly status: mesos_v1_quota.QuotaStatus;
};

export type Event = {
  readonly type?: Event_Type;
  readonly subscribed?: Event_Subscribed;
  readonly task_added?: Event_TaskAdded;
  readonly task_updated?: Event_TaskUpdated;
  readonly agent_added?: Event_AgentAdded;
  readonly agent_removed?: Event_AgentRemoved;
  readonly framework_added?: Event_FrameworkAdded;
  readonly framework_updated?: Event_FrameworkUpdated;
  readonly framework_removed?: Event_FrameworkRemoved;
};

/** The whole state, to which later events add. */
export type Event_Subscribed = {
  readonly get_state?: Response_GetState;
  readonly heartbeat_interval_seconds?: number;
};

export type Event_TaskAdded = {
  readonly task: mesos_v1.Task;
};

export type Event_TaskUpdated = {
  readonly framework_id: mesos_v1.FrameworkID;
  readonly status: mesos_v1.TaskStatus;
  readonly state: mesos_v1.TaskState;
};

export type Event_FrameworkAdded = {
  readonly framework: Response_GetFrameworks_Framework;
};

export type Event_FrameworkUpdated = {
  readonly framework: Response_GetFrameworks_Framework;
};

export type Event_FrameworkRemoved = {
  readonly framework_info: mesos_v1.FrameworkInfo;
};

export type Event_AgentAdded = {
  readonly agent: Response_GetAgents_Agent;
};

export type Event_AgentRemoved = {
  readonly agent_id: mesos_v1.AgentID;
};
