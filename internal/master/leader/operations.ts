/**
 * What the log decided about operations, carried out, and what agents and schedulers say of them
 * (contract 8). Updates go through the log before anybody hears of them: there are few, and the next
 * leader then answers for all that this one has said.
 */
import { uuidBytes, uuidText } from '#internal/base/uuid.ts';
import type { Framework } from '#internal/model/cluster.ts';
import { type AgentId, agentId, operationId } from '#internal/model/ids.ts';
import type { Operation, OperationUpdate } from '#internal/model/operation.ts';
import type { OperationRefusal } from '#internal/state/operation-command.ts';
import { operationStateFromWire } from '#internal/wire/operation-state.ts';
import { operationStatusToWire } from '#internal/wire/operation.ts';
import type { OperationUpdate as Said } from '#proto/gen/altiplano/agent/v1.ts';
import type { Call_AcknowledgeOperationStatus } from '#proto/gen/mesos/v1/scheduler.ts';
import { rebuildBooks } from './agents.ts';
import { deliverOperation } from './deliver-operation.ts';
import { operationEvent } from './events.ts';
import { instruct, type Lead, tell } from './lead.ts';
import { textOf } from './operators/adopt.ts';
import { settle } from './settlement.ts';

/** In the log: the allocator learns what there is now, and the agent what to do. */
export function operationApplied(lead: Lead, operation: Operation): void {
  if (!settle(lead, operation)) rebuildBooks(lead, operation.agentId);
  deliverOperation(lead, operation);
}

/** Between its call and the log something came first: nothing was done. */
export function operationRefused(lead: Lead, operation: Operation, reason: OperationRefusal): void {
  lead.operating.delete(operation.uuid);
  rebuildBooks(lead, operation.agentId);
  const update = { state: 'dropped', uuid: undefined, message: textOf(reason) } as const;
  operationUpdated(lead, operation, { ...update, atMs: lead.clock.now() });
}

export function operationUpdated(lead: Lead, operation: Operation, update: OperationUpdate): void {
  const { id, frameworkId } = operation;
  if (id === undefined || frameworkId === undefined) return;
  tell(lead, frameworkId, operationEvent(operationStatusToWire(operation, update)));
}

export function operationAcknowledged(
  lead: Lead,
  {
    agentId: to,
    operationUuid,
    uuid,
  }: { readonly agentId: AgentId; readonly operationUuid: string; readonly uuid: string },
): void {
  const acknowledged = { operation_uuid: operationUuid, uuid: uuidBytes(uuid) };
  instruct(lead, to, { acknowledge_operation: acknowledged });
}

/** An agent says how an operation went. */
export function operationReported(lead: Lead, from: AgentId, said: Said): void {
  const { operation_uuid: operationUuid, status } = said;
  if (status.uuid?.value.length !== 16) {
    lead.logger.warn('operation update refused', { agentId: from, operationUuid });
    return;
  }
  const update: OperationUpdate = {
    state: operationStateFromWire(status.state),
    uuid: uuidText(status.uuid.value),
    message: status.message?.slice(0, messageMax),
    atMs: lead.clock.now(),
  };
  lead.propose({ kind: 'update-operation', agentId: from, operationUuid, update });
}

/** Of a text that an agent may make as long as it likes, so much is kept. */
const messageMax = 4096;

/** ACKNOWLEDGE_OPERATION_STATUS: what cannot be meant is dropped. */
export function acknowledgeOperation(
  lead: Lead,
  { id: frameworkId }: Framework,
  call: Call_AcknowledgeOperationStatus,
): void {
  const { agent_id, operation_id, uuid } = call;
  if (agent_id === undefined) return;
  lead.propose({
    kind: 'acknowledge-operation',
    frameworkId,
    agentId: agentId(agent_id.value),
    operationId: operationId(operation_id.value),
    uuid: uuidText(uuid),
  });
}
