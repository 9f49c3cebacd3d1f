/** Operations on what an agent has, as the masters keep them until nobody has to hear of them. */
import { unreachable } from '#internal/base/assert.ts';
import type { Conversion } from '#internal/resources/conversion.ts';
import type { Encoded } from './encoded.ts';
import type { AgentId, FrameworkId, OperationId } from './ids.ts';
import type { Adoption } from './volume.ts';

/** Mesos's states that an operation can be in (contract 8), `OPERATION_GONE_BY_OPERATOR` as here. */
export type OperationState =
  | 'pending'
  | 'finished'
  | 'failed'
  | 'error'
  | 'dropped'
  | 'unreachable'
  | 'gone-by-operator';

export type Operation = {
  /** Text form; names it among masters and agents. */
  readonly uuid: string;
  readonly agentId: AgentId;
  /** Undefined when an operator asked for it. */
  readonly frameworkId: FrameworkId | undefined;
  /** The framework's own name for it. Without one nobody is told how it goes. */
  readonly id: OperationId | undefined;
  readonly info: Encoded<'mesos.v1.Offer.Operation'>;
  /** What it means for the agent's total: unallocated, one after the other. */
  readonly conversions: readonly Conversion[];
  /** It takes on a volume that its agent has found. */
  readonly adopts?: Adoption;
  /** Counted up on its agent; 0 until it is decided. */
  readonly ordinal: number;
  readonly state: OperationState;
  /** What its framework was told, or would have been; oldest first. */
  readonly updates: readonly OperationUpdate[];
};

export type OperationUpdate = {
  readonly state: OperationState;
  /** Text form. Undefined when a master made it: nobody acknowledges it. */
  readonly uuid: string | undefined;
  readonly message: string | undefined;
  readonly atMs: number;
};

/** No other state follows (contract 8). */
export function isOver(state: OperationState): boolean {
  switch (state) {
    case 'finished':
    case 'failed':
    case 'error':
    case 'dropped':
    case 'gone-by-operator':
      return true;
    case 'pending':
    case 'unreachable':
      return false;
    default:
      return unreachable(state);
  }
}
