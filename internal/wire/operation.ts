/** Operations of the public wire, and what the model says of them (contract 4.2, 8). */
import { uuidBytes } from '#internal/base/uuid.ts';
import type { Operation, OperationUpdate } from '#internal/model/operation.ts';
import { operationStateToWire } from './operation-state.ts';
import { decode } from './protobuf.ts';
import type * as wire from '#proto/gen/mesos/v1.ts';

/** An update as its framework is told; with a uuid it is to be acknowledged. */
export function operationStatusToWire(
  { id, agentId }: Pick<Operation, 'id' | 'agentId'>,
  { state, message, uuid }: Pick<OperationUpdate, 'state' | 'message' | 'uuid'>,
): wire.OperationStatus {
  return {
    ...(id !== undefined && { operation_id: { value: id } }),
    state: operationStateToWire(state),
    ...(message !== undefined && { message }),
    ...(uuid !== undefined && { uuid: { value: uuidBytes(uuid) } }),
    agent_id: { value: agentId },
  };
}

/** As GET_OPERATIONS shows it. */
export function operationToWire(operation: Operation): wire.Operation {
  const { uuid, agentId, frameworkId, state, updates } = operation;
  const statuses = updates.map((update) => operationStatusToWire(operation, update));
  const pending = { state, message: undefined, uuid: undefined };
  return {
    ...(frameworkId !== undefined && { framework_id: { value: frameworkId } }),
    agent_id: { value: agentId },
    info: decode('mesos.v1.Offer.Operation', operation.info),
    latest_status: statuses.at(-1) ?? operationStatusToWire(operation, pending),
    statuses,
    uuid: { value: uuidBytes(uuid) },
  };
}
