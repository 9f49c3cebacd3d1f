// Made by `npm run generate` from the .proto files of this folder; not to be edited.
import type * as mesos_v1 from '../../mesos/v1.ts';

export type Event_Type =
  | 'UNKNOWN'
  | 'SUBSCRIBED'
  | 'LAUNCH'
  | 'LAUNCH_GROUP'
  | 'KILL'
  | 'ACKNOWLEDGED'
  | 'MESSAGE'
  | 'ERROR'
  | 'SHUTDOWN'
  | 'HEARTBEAT';

export type Call_Type = 'UNKNOWN' | 'SUBSCRIBE' | 'UPDATE' | 'MESSAGE' | 'HEARTBEAT';

export type Event = {
  readonly type?: Event_Type;
  readonly subscribed?: Event_Subscribed;
  readonly acknowledged?: Event_Acknowledged;
  readonly launch?: Event_Launch;
  readonly launch_group?: Event_LaunchGroup;
  readonly kill?: Event_Kill;
  readonly message?: Event_Message;
  readonly error?: Event_Error;
};

/** The first event of every stream. */
export type Event_Subscribed = {
  readonly executor_info: mesos_v1.ExecutorInfo;
  readonly framework_info: mesos_v1.FrameworkInfo;
  readonly agent_info: mesos_v1.AgentInfo;
  readonly container_id?: mesos_v1.ContainerID;
};

export type Event_Launch = {
  readonly task: mesos_v1.TaskInfo;
};

export type Event_LaunchGroup = {
  readonly task_group: mesos_v1.TaskGroupInfo;
};

/** To be answered by updates of the task. */
export type Event_Kill = {
  readonly task_id: mesos_v1.TaskID;
  readonly kill_policy?: mesos_v1.KillPolicy;
};

/** The agent need not be told of this update again when subscribing. */
export type Event_Acknowledged = {
  readonly task_id: mesos_v1.TaskID;
  readonly uuid: Uint8Array;
};

export type Event_Message = {
  readonly data: Uint8Array;
};

export type Event_Error = {
  readonly message: string;
};

export type Call = {
  readonly executor_id: mesos_v1.ExecutorID;
  readonly framework_id: mesos_v1.FrameworkID;
  readonly type?: Call_Type;
  readonly subscribe?: Call_Subscribe;
  readonly update?: Call_Update;
  readonly message?: Call_Message;
};

/** What was not acknowledged when the connection was lost. */
export type Call_Subscribe = {
  readonly unacknowledged_tasks?: readonly mesos_v1.TaskInfo[];
  readonly unacknowledged_updates?: readonly Call_Update[];
};

export type Call_Update = {
  readonly status: mesos_v1.TaskStatus;
};

export type Call_Message = {
  readonly data: Uint8Array;
};
