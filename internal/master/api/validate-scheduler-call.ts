/**
 * What a scheduler's call must look like before anybody asks whether it can be done (contract 1.7
 * row 10, 3.2, 3.3). The text follows `Failed to validate scheduler::Call: `.
 */
import type { Call, Call_Type } from '#proto/gen/mesos/v1/scheduler.ts';
import { principalMismatch } from '../leader/events.ts';
import { breadthProblem } from './call-breadth.ts';
import { isUpdateUuid } from './update-uuid.ts';

/** The part that a call of this type must carry; calls that are not listed carry none. */
const parts: ReadonlyMap<Call_Type, keyof Call> = new Map<Call_Type, keyof Call>([
  ['SUBSCRIBE', 'subscribe'],
  ['ACCEPT', 'accept'],
  ['DECLINE', 'decline'],
  ['ACCEPT_INVERSE_OFFERS', 'accept_inverse_offers'],
  ['DECLINE_INVERSE_OFFERS', 'decline_inverse_offers'],
  ['KILL', 'kill'],
  ['SHUTDOWN', 'shutdown'],
  ['ACKNOWLEDGE', 'acknowledge'],
  ['ACKNOWLEDGE_OPERATION_STATUS', 'acknowledge_operation_status'],
  ['RECONCILE', 'reconcile'],
  ['RECONCILE_OPERATIONS', 'reconcile_operations'],
  ['MESSAGE', 'message'],
  ['REQUEST', 'request'],
  ['UPDATE_FRAMEWORK', 'update_framework'],
]);

/** What is wrong with the call, or undefined. `principal`: whom its sender was found to be. */
export function schedulerCallProblem(call: Call, principal?: string): string | undefined {
  const { type } = call;
  if (type === undefined) return expecting('type');
  if (type !== 'SUBSCRIBE' && call.framework_id === undefined) return expecting('framework_id');
  const part = parts.get(type);
  if (part !== undefined && call[part] === undefined) return expecting(part);
  return (
    subscribeProblem(call, principal) ??
    acknowledgeProblem(call) ??
    updateProblem(call) ??
    breadthProblem(call)
  );
}

function subscribeProblem(
  { type, framework_id, subscribe }: Call,
  principal: string | undefined,
): string | undefined {
  if (type !== 'SUBSCRIBE') return undefined;
  // An id that is not set and one with an empty value are the same id.
  const named = subscribe?.framework_info.id?.value ?? '';
  if (named !== (framework_id?.value ?? '')) {
    return `'framework_id' differs from 'subscribe.framework_info.id'`;
  }
  const claimed = subscribe?.framework_info.principal ?? principal;
  return principal === undefined || claimed === principal
    ? undefined
    : principalMismatch(principal, claimed);
}

function acknowledgeProblem(call: Call): string | undefined {
  if (call.type === 'ACKNOWLEDGE') return uuidProblem(call.acknowledge?.uuid);
  if (call.type !== 'ACKNOWLEDGE_OPERATION_STATUS') return undefined;
  const { uuid, agent_id } = call.acknowledge_operation_status ?? {};
  return uuidProblem(uuid) ?? (agent_id === undefined ? expecting('agent_id') : undefined);
}

function updateProblem({ type, framework_id, update_framework }: Call): string | undefined {
  if (type !== 'UPDATE_FRAMEWORK') return undefined;
  const named = update_framework?.framework_info.id?.value ?? '';
  if (named === framework_id?.value) return undefined;
  return `'framework_id' differs from 'update_framework.framework_info.id'`;
}

const expecting = (name: string): string => `Expecting '${name}' to be present`;

function uuidProblem(uuid: Uint8Array | undefined): string | undefined {
  return uuid !== undefined && isUpdateUuid(uuid) ? undefined : 'Not a valid UUID';
}
