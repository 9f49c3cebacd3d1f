// Made by `npm run generate` from the .proto files of this folder; not to be edited.
import type * as mesos_v1 from '../../mesos/v1.ts';

export type Event_Type =
  | 'UNKNOWN'
  | 'SUBSCRIBED'
  | 'APPLY_OPERATION'
  | 'PUBLISH_RESOURCES'
  | 'ACKNOWLEDGE_OPERATION_STATUS'
  | 'RECONCILE_OPERATIONS'
  | 'TEARDOWN';

export type Call_Type =
  | 'UNKNOWN'
  | 'SUBSCRIBE'
  | 'UPDATE_OPERATION_STATUS'
  | 'UPDATE_STATE'
  | 'UPDATE_PUBLISH_RESOURCES_STATUS';

export type Call_UpdatePublishResourcesStatus_Status = 'UNKNOWN' | 'OK' | 'FAILED';

export type Event = {
  readonly type?: Event_Type;
  readonly subscribed?: Event_Subscribed;
  readonly apply_operation?: Event_ApplyOperation;
  readonly publish_resources?: Event_PublishResources;
  readonly acknowledge_operation_status?: Event_AcknowledgeOperationStatus;
  readonly reconcile_operations?: Event_ReconcileOperations;
};

export type Event_Subscribed = {
  readonly provider_id: mesos_v1.ResourceProviderID;
};

export type Event_ApplyOperation = {
  readonly framework_id?: mesos_v1.FrameworkID;
  readonly info: mesos_v1.Offer_Operation;
  readonly operation_uuid: mesos_v1.UUID;
  readonly resource_version_uuid: mesos_v1.UUID;
};

/** To be made ready for use on the agent. */
export type Event_PublishResources = {
  readonly uuid: mesos_v1.UUID;
  readonly resources?: readonly mesos_v1.Resource[];
};

export type Event_AcknowledgeOperationStatus = {
  readonly status_uuid: mesos_v1.UUID;
  readonly operation_uuid: mesos_v1.UUID;
};

export type Event_ReconcileOperations = {
  readonly operation_uuids?: readonly mesos_v1.UUID[];
};

export type Call = {
  readonly resource_provider_id?: mesos_v1.ResourceProviderID;
  readonly type?: Call_Type;
  readonly subscribe?: Call_Subscribe;
  readonly update_operation_status?: Call_UpdateOperationStatus;
  readonly update_state?: Call_UpdateState;
  readonly update_publish_resources_status?: Call_UpdatePublishResourcesStatus;
};

export type Call_Subscribe = {
  readonly resource_provider_info: mesos_v1.ResourceProviderInfo;
};

export type Call_UpdateOperationStatus = {
  readonly framework_id?: mesos_v1.FrameworkID;
  readonly status: mesos_v1.OperationStatus;
  readonly latest_status?: mesos_v1.OperationStatus;
  readonly operation_uuid: mesos_v1.UUID;
};

/** All the provider has and does. */
export type Call_UpdateState = {
  readonly operations?: readonly mesos_v1.Operation[];
  readonly resources?: readonly mesos_v1.Resource[];
  readonly resource_version_uuid: mesos_v1.UUID;
};

export type Call_UpdatePublishResourcesStatus = {
  readonly uuid: mesos_v1.UUID;
  readonly status: Call_UpdatePublishResourcesStatus_Status;
};
