/**
 * The calls of operators that change something (contract 10.2 to 10.6). Each is judged by what is
 * known now, then decided through the log, and answered when it is durable and was carried out here.
 */
import { assert } from '#internal/base/assert.ts';
import type { Call, Call_Type } from '#proto/gen/mesos/v1/master.ts';
import { unavailable } from '../events.ts';
import { isOverloaded, type Lead } from '../lead.ts';
import { deactivateAgent, drainAgent, markAgentGone, reactivateAgent } from './deactivation.ts';
import type { Reply } from './decide.ts';
import { scheduleMaintenance, startMaintenance, stopMaintenance } from './maintenance.ts';
import { removeQuota, setQuota, updateQuota } from './quota.ts';
import { changeResources, resourceCalls } from './resources.ts';
import { tearDown } from './teardown.ts';
import { updateWeights } from './weights.ts';

type Obey = (lead: Lead, call: Call, reply: Reply) => void;

/** Undefined for a type that is not served here. */
export const operations: ReadonlyMap<Call['type'], Obey> = new Map<Call_Type, Obey>([
  ['TEARDOWN', (lead, call, reply) => tearDown(lead, member(call.teardown), reply)],
  [
    'UPDATE_WEIGHTS',
    (lead, call, reply) => updateWeights(lead, member(call.update_weights), reply),
  ],
  ['UPDATE_QUOTA', (lead, call, reply) => updateQuota(lead, member(call.update_quota), reply)],
  ['SET_QUOTA', (lead, call, reply) => setQuota(lead, member(call.set_quota), reply)],
  ['REMOVE_QUOTA', (lead, call, reply) => removeQuota(lead, member(call.remove_quota), reply)],
  [
    'UPDATE_MAINTENANCE_SCHEDULE',
    (lead, call, reply) =>
      scheduleMaintenance(lead, member(call.update_maintenance_schedule).schedule, reply),
  ],
  [
    'START_MAINTENANCE',
    (lead, call, reply) => startMaintenance(lead, member(call.start_maintenance).machines, reply),
  ],
  [
    'STOP_MAINTENANCE',
    (lead, call, reply) => stopMaintenance(lead, member(call.stop_maintenance).machines, reply),
  ],
  ['DRAIN_AGENT', (lead, call, reply) => drainAgent(lead, member(call.drain_agent), reply)],
  [
    'DEACTIVATE_AGENT',
    (lead, call, reply) => deactivateAgent(lead, member(call.deactivate_agent), reply),
  ],
  [
    'REACTIVATE_AGENT',
    (lead, call, reply) => reactivateAgent(lead, member(call.reactivate_agent), reply),
  ],
  [
    'MARK_AGENT_GONE',
    (lead, call, reply) => markAgentGone(lead, member(call.mark_agent_gone), reply),
  ],
  ...resourceCalls.map((type) => [type, changeResources] as const),
]);

/** A call of one of these types, found well-formed by its face. `reply` is called once. */
export function operate(lead: Lead, call: Call, reply: Reply): void {
  const obey = operations.get(call.type);
  assert(obey !== undefined, `no operator's call that changes something: ${call.type ?? ''}`);
  if (isOverloaded(lead)) reply(unavailable('Master is overloaded'));
  else obey(lead, call, reply);
}

/** The face has checked that a call brings its message. */
function member<Message>(message: Message | undefined): Message {
  assert(message !== undefined, 'a call without its message');
  return message;
}
