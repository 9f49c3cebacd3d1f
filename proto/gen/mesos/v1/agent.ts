// Made by `npm run generate` from the .proto files of this folder; not to be edited.
import type * as mesos_v1 from '../../mesos/v1.ts';

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
  | 'GET_CONTAINERS'
  | 'GET_FRAMEWORKS'
  | 'GET_EXECUTORS'
  | 'GET_OPERATIONS'
  | 'GET_TASKS'
  | 'GET_AGENT'
  | 'GET_RESOURCE_PROVIDERS'
  | 'LAUNCH_NESTED_CONTAINER'
  | 'WAIT_NESTED_CONTAINER'
  | 'KILL_NESTED_CONTAINER'
  | 'REMOVE_NESTED_CONTAINER'
  | 'LAUNCH_NESTED_CONTAINER_SESSION'
  | 'ATTACH_CONTAINER_INPUT'
  | 'ATTACH_CONTAINER_OUTPUT'
  | 'LAUNCH_CONTAINER'
  | 'WAIT_CONTAINER'
  | 'KILL_CONTAINER'
  | 'REMOVE_CONTAINER'
  | 'ADD_RESOURCE_PROVIDER_CONFIG'
  | 'UPDATE_RESOURCE_PROVIDER_CONFIG'
  | 'REMOVE_RESOURCE_PROVIDER_CONFIG'
  | 'MARK_RESOURCE_PROVIDER_GONE'
  | 'PRUNE_IMAGES';

export type Call_AttachContainerInput_Type = 'UNKNOWN' | 'CONTAINER_ID' | 'PROCESS_IO';

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
  | 'GET_CONTAINERS'
  | 'GET_FRAMEWORKS'
  | 'GET_EXECUTORS'
  | 'GET_OPERATIONS'
  | 'GET_TASKS'
  | 'GET_AGENT'
  | 'GET_RESOURCE_PROVIDERS'
  | 'WAIT_NESTED_CONTAINER'
  | 'WAIT_CONTAINER';

export type ProcessIO_Type = 'UNKNOWN' | 'DATA' | 'CONTROL';

export type ProcessIO_Data_Type = 'UNKNOWN' | 'STDIN' | 'STDOUT' | 'STDERR';

export type ProcessIO_Control_Type = 'UNKNOWN' | 'TTY_INFO' | 'HEARTBEAT';

export type Call = {
  readonly type?: Call_Type;
  readonly get_metrics?: Call_GetMetrics;
  readonly set_logging_level?: Call_SetLoggingLevel;
  readonly list_files?: Call_ListFiles;
  readonly read_file?: Call_ReadFile;
  readonly get_containers?: Call_GetContainers;
  readonly launch_nested_container?: Call_LaunchNestedContainer;
  readonly wait_nested_container?: Call_WaitNestedContainer;
  readonly kill_nested_container?: Call_KillNestedContainer;
  readonly remove_nested_container?: Call_RemoveNestedContainer;
  readonly launch_nested_container_session?: Call_LaunchNestedContainerSession;
  readonly attach_container_input?: Call_AttachContainerInput;
  readonly attach_container_output?: Call_AttachContainerOutput;
  readonly launch_container?: Call_LaunchContainer;
  readonly wait_container?: Call_WaitContainer;
  readonly kill_container?: Call_KillContainer;
  readonly remove_container?: Call_RemoveContainer;
  readonly add_resource_provider_config?: Call_AddResourceProviderConfig;
  readonly update_resource_provider_config?: Call_UpdateResourceProviderConfig;
  readonly remove_resource_provider_config?: Call_RemoveResourceProviderConfig;
  readonly mark_resource_provider_gone?: Call_MarkResourceProviderGone;
  readonly prune_images?: Call_PruneImages;
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

export type Call_GetContainers = {
  readonly show_nested?: boolean;
  readonly show_standalone?: boolean;
};

export type Call_LaunchNestedContainer = {
  readonly container_id: mesos_v1.ContainerID;
  readonly command?: mesos_v1.CommandInfo;
  readonly container?: mesos_v1.ContainerInfo;
};

export type Call_WaitNestedContainer = {
  readonly container_id: mesos_v1.ContainerID;
};

export type Call_KillNestedContainer = {
  readonly container_id: mesos_v1.ContainerID;
  readonly signal?: number;
};

export type Call_RemoveNestedContainer = {
  readonly container_id: mesos_v1.ContainerID;
};

export type Call_LaunchNestedContainerSession = {
  readonly container_id: mesos_v1.ContainerID;
  readonly command?: mesos_v1.CommandInfo;
  readonly container?: mesos_v1.ContainerInfo;
};

/** The first of the stream names the container, the others carry its input. */
export type Call_AttachContainerInput = {
  readonly type?: Call_AttachContainerInput_Type;
  readonly container_id?: mesos_v1.ContainerID;
  readonly process_io?: ProcessIO;
};

export type Call_AttachContainerOutput = {
  readonly container_id: mesos_v1.ContainerID;
};

export type Call_LaunchContainer = {
  readonly container_id: mesos_v1.ContainerID;
  readonly command?: mesos_v1.CommandInfo;
  readonly resources?: readonly mesos_v1.Resource[];
  readonly container?: mesos_v1.ContainerInfo;
  readonly limits?: Readonly<Record<string, mesos_v1.Value_Scalar>>;
};

export type Call_WaitContainer = {
  readonly container_id: mesos_v1.ContainerID;
};

/** SIGKILL unless another signal is asked for. */
export type Call_KillContainer = {
  readonly container_id: mesos_v1.ContainerID;
  readonly signal?: number;
};

export type Call_RemoveContainer = {
  readonly container_id: mesos_v1.ContainerID;
};

export type Call_AddResourceProviderConfig = {
  readonly info: mesos_v1.ResourceProviderInfo;
};

export type Call_UpdateResourceProviderConfig = {
  readonly info: mesos_v1.ResourceProviderInfo;
};

export type Call_RemoveResourceProviderConfig = {
  readonly type: string;
  readonly name: string;
};

export type Call_MarkResourceProviderGone = {
  readonly resource_provider_id: mesos_v1.ResourceProviderID;
};

export type Call_PruneImages = {
  readonly excluded_images?: readonly mesos_v1.Image[];
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
  readonly get_containers?: Response_GetContainers;
  readonly get_frameworks?: Response_GetFrameworks;
  readonly get_executors?: Response_GetExecutors;
  readonly get_operations?: Response_GetOperations;
  readonly get_tasks?: Response_GetTasks;
  readonly get_agent?: Response_GetAgent;
  readonly get_resource_providers?: Response_GetResourceProviders;
  readonly wait_nested_container?: Response_WaitNestedContainer;
  readonly wait_container?: Response_WaitContainer;
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
};

export type Response_GetContainers = {
  readonly containers?: readonly Response_GetContainers_Container[];
};

export type Response_GetContainers_Container = {
  readonly framework_id?: mesos_v1.FrameworkID;
  readonly executor_id?: mesos_v1.ExecutorID;
  readonly executor_name?: string;
  readonly container_id: mesos_v1.ContainerID;
  readonly container_status?: mesos_v1.ContainerStatus;
  readonly resource_statistics?: mesos_v1.ResourceStatistics;
};

export type Response_GetFrameworks = {
  readonly frameworks?: readonly Response_GetFrameworks_Framework[];
  readonly completed_frameworks?: readonly Response_GetFrameworks_Framework[];
};

export type Response_GetFrameworks_Framework = {
  readonly framework_info: mesos_v1.FrameworkInfo;
};

export type Response_GetExecutors = {
  readonly executors?: readonly Response_GetExecutors_Executor[];
  readonly completed_executors?: readonly Response_GetExecutors_Executor[];
};

export type Response_GetExecutors_Executor = {
  readonly executor_info: mesos_v1.ExecutorInfo;
};

export type Response_GetOperations = {
  readonly operations?: readonly mesos_v1.Operation[];
};

/** By stage: waiting for its executor, handed to it, ended but not acknowledged, done. */
export type Response_GetTasks = {
  readonly pending_tasks?: readonly mesos_v1.Task[];
  readonly queued_tasks?: readonly mesos_v1.Task[];
  readonly launched_tasks?: readonly mesos_v1.Task[];
  readonly terminated_tasks?: readonly mesos_v1.Task[];
  readonly completed_tasks?: readonly mesos_v1.Task[];
};

export type Response_GetAgent = {
  readonly agent_info?: mesos_v1.AgentInfo;
  readonly drain_config?: mesos_v1.DrainConfig;
  readonly estimated_drain_start_time?: mesos_v1.TimeInfo;
};

export type Response_GetResourceProviders = {
  readonly resource_providers?: readonly Response_GetResourceProviders_ResourceProvider[];
};

export type Response_GetResourceProviders_ResourceProvider = {
  readonly resource_provider_info: mesos_v1.ResourceProviderInfo;
  readonly total_resources?: readonly mesos_v1.Resource[];
};

export type Response_WaitNestedContainer = {
  readonly exit_status?: number;
  readonly state?: mesos_v1.TaskState;
  readonly reason?: mesos_v1.TaskStatus_Reason;
  readonly limitation?: mesos_v1.TaskResourceLimitation;
  readonly message?: string;
};

export type Response_WaitContainer = {
  readonly exit_status?: number;
  readonly state?: mesos_v1.TaskState;
  readonly reason?: mesos_v1.TaskStatus_Reason;
  readonly limitation?: mesos_v1.TaskResourceLimitation;
  readonly message?: string;
};

/** One piece of input or output of a container, or a word about its terminal. */
export type ProcessIO = {
  readonly type?: ProcessIO_Type;
  readonly data?: ProcessIO_Data;
  readonly control?: ProcessIO_Control;
};

export type ProcessIO_Data = {
  readonly type?: ProcessIO_Data_Type;
  readonly data?: Uint8Array;
};

export type ProcessIO_Control = {
  readonly type?: ProcessIO_Control_Type;
  readonly tty_info?: mesos_v1.TTYInfo;
  readonly heartbeat?: ProcessIO_Control_Heartbeat;
};

export type ProcessIO_Control_Heartbeat = {
  readonly interval?: mesos_v1.DurationInfo;
};
