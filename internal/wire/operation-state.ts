/** The states of an operation: kebab-case in the model, Mesos's spelling on the wire (contract 8). */
import type { OperationState } from '#internal/model/operation.ts';
import type * as wire from '#proto/gen/mesos/v1.ts';

const wireStates = {
  pending: 'OPERATION_PENDING',
  finished: 'OPERATION_FINISHED',
  failed: 'OPERATION_FAILED',
  error: 'OPERATION_ERROR',
  dropped: 'OPERATION_DROPPED',
  unreachable: 'OPERATION_UNREACHABLE',
  'gone-by-operator': 'OPERATION_GONE_BY_OPERATOR',
} as const satisfies Record<OperationState, wire.OperationState>;

/** Those that only answers have are of an operation of which nothing is known yet. */
const modelStates = {
  OPERATION_UNSUPPORTED: 'pending',
  OPERATION_PENDING: 'pending',
  OPERATION_FINISHED: 'finished',
  OPERATION_FAILED: 'failed',
  OPERATION_ERROR: 'error',
  OPERATION_DROPPED: 'dropped',
  OPERATION_UNREACHABLE: 'unreachable',
  OPERATION_GONE_BY_OPERATOR: 'gone-by-operator',
  OPERATION_RECOVERING: 'pending',
  OPERATION_UNKNOWN: 'pending',
} as const satisfies Record<wire.OperationState, OperationState>;

export const operationStateToWire = (state: OperationState): wire.OperationState =>
  wireStates[state];

export const operationStateFromWire = (state: wire.OperationState): OperationState =>
  modelStates[state];
