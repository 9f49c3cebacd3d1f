/** What is known of operations, for a scheduler that asks (contract 8): there always is an answer. */
import { agentId, type FrameworkId, operationId } from '#internal/model/ids.ts';
import type { Operation } from '#internal/model/operation.ts';
import { operationStatusToWire } from '#internal/wire/operation.ts';
import type { OperationStatus } from '#proto/gen/mesos/v1.ts';
import type {
  Call_ReconcileOperations,
  Call_ReconcileOperations_Operation,
} from '#proto/gen/mesos/v1/scheduler.ts';
import { operationEvent } from './events.ts';
import { agentOf, type Lead, tell } from './lead.ts';
import { eachSlowly } from './slow-work.ts';

/** No operations named: all of the framework that have an id. */
export function reconcileOperations(
  lead: Lead,
  framework: FrameworkId,
  { operations: asked = [] }: Call_ReconcileOperations,
): void {
  const say = (status: OperationStatus): void => tell(lead, framework, operationEvent(status));
  if (asked.length === 0) {
    for (const operation of operationsOf(lead, framework).values()) say(latest(operation));
    return;
  }
  eachSlowly(lead, asked, (piece) => {
    const known = operationsOf(lead, framework);
    for (const one of piece) {
      const operation = known.get(operationId(one.operation_id.value));
      say(operation === undefined ? unknown(lead, one) : latest(operation));
    }
  });
}

/** By the framework's id; also those that are on their way into the log. */
function operationsOf(lead: Lead, framework: FrameworkId): ReadonlyMap<string, Operation> {
  const known = new Map<string, Operation>();
  const decided = [...lead.state.operations.values()].flatMap((ofAgent) => [...ofAgent.values()]);
  const coming = [...lead.operating.values()].map(({ operation }) => operation);
  for (const operation of [...decided, ...coming]) {
    const { frameworkId, id } = operation;
    if (frameworkId === framework && id !== undefined) known.set(id, operation);
  }
  return known;
}

/** What was told last; nobody acknowledges an answer. */
function latest(operation: Operation): OperationStatus {
  const { state, message } = operation.updates.at(-1) ?? { ...operation, message: undefined };
  return operationStatusToWire(operation, { state, message, uuid: undefined });
}

function unknown(lead: Lead, asked: Call_ReconcileOperations_Operation): OperationStatus {
  const { operation_id, agent_id, resource_provider_id } = asked;
  const answer = (state: OperationStatus['state'], why: string): OperationStatus => ({
    operation_id,
    state,
    message: `Reconciliation: ${why}`,
    ...(agent_id !== undefined && { agent_id }),
    ...(resource_provider_id !== undefined && { resource_provider_id }),
  });
  if (agent_id === undefined) {
    return answer('OPERATION_UNKNOWN', "Operation is unknown and no 'agent_id' was provided");
  }
  const id = agentId(agent_id.value);
  if (lead.peers.get(id)?.presence.kind === 'recovered') {
    return answer('OPERATION_RECOVERING', 'Agent is recovered but has not re-registered');
  }
  if (lead.state.goneAgents.has(id)) {
    return answer('OPERATION_GONE_BY_OPERATOR', 'Agent marked gone by operator');
  }
  const agent = agentOf(lead, id);
  if (agent === undefined) {
    return answer('OPERATION_UNKNOWN', 'Both operation and agent are unknown');
  }
  return agent.reach.kind === 'admitted'
    ? answer('OPERATION_UNKNOWN', 'Operation is unknown')
    : answer('OPERATION_UNREACHABLE', 'Agent is unreachable');
}
