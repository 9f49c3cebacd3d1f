/** What the log decides about operations, and what is to be done about it. */
import type { AgentId, FrameworkId, OperationId } from '#internal/model/ids.ts';
import type { Operation, OperationUpdate } from '#internal/model/operation.ts';

export type OperationCommand =
  /** Committed before its agent hears of it, and before anybody is offered what it makes. */
  | { readonly kind: 'apply-operation'; readonly operation: Operation }
  /** An agent said how it went. */
  | {
      readonly kind: 'update-operation';
      readonly agentId: AgentId;
      readonly operationUuid: string;
      readonly update: OperationUpdate;
    }
  /** Its framework has heard of this update. */
  | {
      readonly kind: 'acknowledge-operation';
      readonly frameworkId: FrameworkId;
      readonly agentId: AgentId;
      readonly operationId: OperationId;
      /** Of the update, in text form. */
      readonly uuid: string;
    };

export type OperationEffect =
  /** Its agent's total is another: the agent is to be told. */
  | { readonly kind: 'operation-applied'; readonly operation: Operation }
  /** It came too late, and nothing was done. */
  | {
      readonly kind: 'operation-refused';
      readonly operation: Operation;
      readonly reason: OperationRefusal;
    }
  /** Tell its framework. */
  | {
      readonly kind: 'operation-updated';
      readonly operation: Operation;
      readonly update: OperationUpdate;
    }
  /** The agent may forget it. */
  | {
      readonly kind: 'operation-acknowledged';
      readonly agentId: AgentId;
      readonly operationUuid: string;
      /** Of the update. */
      readonly uuid: string;
    };

export type OperationRefusal =
  | 'framework-unknown'
  | 'agent-unknown'
  | 'agent-unreachable'
  /** What it would change is not there, or is held by a task. */
  | 'resources-unavailable';
