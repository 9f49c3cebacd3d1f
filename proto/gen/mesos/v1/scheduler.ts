// Made by `npm run generate` from the .proto files of this folder; not to be edited.
import type * as mesos_v1 from '../../mesos/v1.ts';

export type Event_Type =
  | 'UNKNOWN'
  | 'SUBSCRIBED'
  | 'OFFERS'
  | 'INVERSE_OFFERS'
  | 'RESCIND'
  | 'RESCIND_INVERSE_OFFER'
  | 'UPDATE'
  | 'UPDATE_OPERATION_STATUS'
  | 'MESSAGE'
  | 'FAILURE'
  | 'ERROR'
  | 'HEARTBEAT';

export type Response_Type = 'UNKNOWN' | 'RECONCILE_OPERATIONS';

export type AttributeConstraint_Selector_PseudoattributeType =
  | 'UNKNOWN'
  | 'HOSTNAME'
  | 'REGION'
  | 'ZONE';

export type Call_Type =
  | 'UNKNOWN'
  | 'SUBSCRIBE'
  | 'TEARDOWN'
  | 'ACCEPT'
  | 'DECLINE'
  | 'ACCEPT_INVERSE_OFFERS'
  | 'DECLINE_INVERSE_OFFERS'
  | 'REVIVE'
  | 'KILL'
  | 'SHUTDOWN'
  | 'ACKNOWLEDGE'
  | 'ACKNOWLEDGE_OPERATION_STATUS'
  | 'RECONCILE'
  | 'RECONCILE_OPERATIONS'
  | 'MESSAGE'
  | 'REQUEST'
  | 'SUPPRESS'
  | 'UPDATE_FRAMEWORK';

export type Event = {
  readonly type?: Event_Type;
  readonly subscribed?: Event_Subscribed;
  readonly offers?: Event_Offers;
  readonly inverse_offers?: Event_InverseOffers;
  readonly rescind?: Event_Rescind;
  readonly rescind_inverse_offer?: Event_RescindInverseOffer;
  readonly update?: Event_Update;
  readonly update_operation_status?: Event_UpdateOperationStatus;
  readonly message?: Event_Message;
  readonly failure?: Event_Failure;
  readonly error?: Event_Error;
};

/** The first event of every stream. */
export type Event_Subscribed = {
  readonly framework_id: mesos_v1.FrameworkID;
  /** A scheduler that hears nothing for several of these should subscribe again. */
  readonly heartbeat_interval_seconds?: number;
  readonly master_info?: mesos_v1.MasterInfo;
};

export type Event_Offers = {
  readonly offers?: readonly mesos_v1.Offer[];
};

export type Event_InverseOffers = {
  readonly inverse_offers?: readonly mesos_v1.InverseOffer[];
};

/** The offer is void; an ACCEPT under way loses its tasks. */
export type Event_Rescind = {
  readonly offer_id: mesos_v1.OfferID;
};

export type Event_RescindInverseOffer = {
  readonly inverse_offer_id: mesos_v1.OfferID;
};

export type Event_Update = {
  readonly status: mesos_v1.TaskStatus;
};

export type Event_UpdateOperationStatus = {
  readonly status: mesos_v1.OperationStatus;
};

export type Event_Message = {
  readonly agent_id: mesos_v1.AgentID;
  readonly executor_id: mesos_v1.ExecutorID;
  readonly data: Uint8Array;
};

/** An agent without an executor id was removed; with one, that executor ended. */
export type Event_Failure = {
  readonly agent_id?: mesos_v1.AgentID;
  readonly executor_id?: mesos_v1.ExecutorID;
  readonly status?: number;
};

/** The last event: the framework is refused or another scheduler took its place. */
export type Event_Error = {
  readonly message: string;
};

export type Response = {
  readonly type?: Response_Type;
  readonly reconcile_operations?: Response_ReconcileOperations;
};

export type Response_ReconcileOperations = {
  readonly operation_statuses?: readonly mesos_v1.OperationStatus[];
};

export type AttributeConstraint = {
  readonly selector: AttributeConstraint_Selector;
  readonly predicate: AttributeConstraint_Predicate;
};

export type AttributeConstraint_Selector = {
  readonly pseudoattribute_type?: AttributeConstraint_Selector_PseudoattributeType;
  readonly attribute_name?: string;
};

export type AttributeConstraint_Predicate = {
  readonly exists?: AttributeConstraint_Predicate_Exists;
  readonly not_exists?: AttributeConstraint_Predicate_NotExists;
  readonly text_equals?: AttributeConstraint_Predicate_TextEquals;
  readonly text_not_equals?: AttributeConstraint_Predicate_TextNotEquals;
  readonly text_matches?: AttributeConstraint_Predicate_TextMatches;
  readonly text_not_matches?: AttributeConstraint_Predicate_TextNotMatches;
};

export type AttributeConstraint_Predicate_Exists = Readonly<Record<string, never>>;

export type AttributeConstraint_Predicate_NotExists = Readonly<Record<string, never>>;

export type AttributeConstraint_Predicate_TextEquals = {
  readonly value: string;
};

export type AttributeConstraint_Predicate_TextNotEquals = {
  readonly value: string;
};

export type AttributeConstraint_Predicate_TextMatches = {
  readonly regex: string;
};

export type AttributeConstraint_Predicate_TextNotMatches = {
  readonly regex: string;
};

/** By role: which agents are offered at all. Any one group must hold. */
export type OfferConstraints = {
  readonly role_constraints?: Readonly<Record<string, OfferConstraints_RoleConstraints>>;
};

export type OfferConstraints_RoleConstraints = {
  readonly groups?: readonly OfferConstraints_RoleConstraints_Group[];
};

/** All of these must hold. */
export type OfferConstraints_RoleConstraints_Group = {
  readonly attribute_constraints?: readonly AttributeConstraint[];
};

/** Every call but SUBSCRIBE carries the framework id, and the stream id in a header. */
export type Call = {
  readonly framework_id?: mesos_v1.FrameworkID;
  readonly type?: Call_Type;
  readonly subscribe?: Call_Subscribe;
  readonly accept?: Call_Accept;
  readonly decline?: Call_Decline;
  readonly accept_inverse_offers?: Call_AcceptInverseOffers;
  readonly decline_inverse_offers?: Call_DeclineInverseOffers;
  readonly revive?: Call_Revive;
  readonly kill?: Call_Kill;
  readonly shutdown?: Call_Shutdown;
  readonly acknowledge?: Call_Acknowledge;
  readonly acknowledge_operation_status?: Call_AcknowledgeOperationStatus;
  readonly reconcile?: Call_Reconcile;
  readonly reconcile_operations?: Call_ReconcileOperations;
  readonly message?: Call_Message;
  readonly request?: Call_Request;
  readonly suppress?: Call_Suppress;
  readonly update_framework?: Call_UpdateFramework;
};

export type Call_Subscribe = {
  readonly framework_info: mesos_v1.FrameworkInfo;
  /** Of these, no offers until a REVIVE. */
  readonly suppressed_roles?: readonly string[];
  readonly offer_constraints?: OfferConstraints;
};

/** All offers must be of one agent; resources that no operation uses are declined. */
export type Call_Accept = {
  readonly offer_ids?: readonly mesos_v1.OfferID[];
  readonly operations?: readonly mesos_v1.Offer_Operation[];
  readonly filters?: mesos_v1.Filters;
};

export type Call_Decline = {
  readonly offer_ids?: readonly mesos_v1.OfferID[];
  readonly filters?: mesos_v1.Filters;
};

export type Call_AcceptInverseOffers = {
  readonly inverse_offer_ids?: readonly mesos_v1.OfferID[];
  readonly filters?: mesos_v1.Filters;
};

export type Call_DeclineInverseOffers = {
  readonly inverse_offer_ids?: readonly mesos_v1.OfferID[];
  readonly filters?: mesos_v1.Filters;
};

/** Without roles: all of them. Filters of these roles are dropped. */
export type Call_Revive = {
  readonly roles?: readonly string[];
};

export type Call_Kill = {
  readonly task_id: mesos_v1.TaskID;
  readonly agent_id?: mesos_v1.AgentID;
  readonly kill_policy?: mesos_v1.KillPolicy;
};

export type Call_Shutdown = {
  readonly executor_id: mesos_v1.ExecutorID;
  readonly agent_id: mesos_v1.AgentID;
};

/** The update with this uuid has been taken note of; the next one may come. */
export type Call_Acknowledge = {
  readonly agent_id: mesos_v1.AgentID;
  readonly task_id: mesos_v1.TaskID;
  readonly uuid: Uint8Array;
};

export type Call_AcknowledgeOperationStatus = {
  readonly agent_id?: mesos_v1.AgentID;
  readonly resource_provider_id?: mesos_v1.ResourceProviderID;
  readonly uuid: Uint8Array;
  readonly operation_id: mesos_v1.OperationID;
};

/** Asks for the latest state of these tasks; without any, of all. */
export type Call_Reconcile = {
  readonly tasks?: readonly Call_Reconcile_Task[];
};

export type Call_Reconcile_Task = {
  readonly task_id: mesos_v1.TaskID;
  readonly agent_id?: mesos_v1.AgentID;
};

export type Call_ReconcileOperations = {
  readonly operations?: readonly Call_ReconcileOperations_Operation[];
};

export type Call_ReconcileOperations_Operation = {
  readonly operation_id: mesos_v1.OperationID;
  readonly agent_id?: mesos_v1.AgentID;
  readonly resource_provider_id?: mesos_v1.ResourceProviderID;
};

/** Passed to the executor without promise. */
export type Call_Message = {
  readonly agent_id: mesos_v1.AgentID;
  readonly executor_id: mesos_v1.ExecutorID;
  readonly data: Uint8Array;
};

export type Call_Request = {
  readonly requests?: readonly mesos_v1.Request[];
};

export type Call_Suppress = {
  readonly roles?: readonly string[];
};

export type Call_UpdateFramework = {
  readonly framework_info: mesos_v1.FrameworkInfo;
  readonly suppressed_roles?: readonly string[];
  readonly offer_constraints?: OfferConstraints;
};

export type APIResult = {
  readonly status_code: number;
  readonly response?: Response;
  readonly error?: string;
};
