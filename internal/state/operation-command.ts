/** What the log decides about operations, and what is to be done about it. */
import type { AgentId, FrameworkId, OperationId } from '#internal/model/ids.ts';
import type { Operation, OperationUpdate } from '#internal/model/operation.ts';
import type { FoundVolume } from '#internal/model/volume.ts';

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
    }
  /** Tasks began to use these volumes of an agent. */
  | {
      readonly kind: 'note-volume-uses';
      readonly agentId: AgentId;
      readonly volumes: readonly FoundVolume[];
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
  | 'resources-unavailable'
  /** The agent does not find the volume any more, or it was used since. */
  | 'volume-unknown'
  /** An agent of the books has it. */
  | 'volume-held'
  /** A copy that was left behind: another agent used it later. */
  | 'volume-outdated'
  /** The agent has a volume of the same id. */
  | 'volume-id-taken'
  /** Some masters run a program that knows no orphans. */
  | 'too-early';
