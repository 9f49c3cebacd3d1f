/** Agents that get no new work because an operator said so (contract 10.2, 10.6). */
import { type AgentId, agentId as asAgentId } from '#internal/model/ids.ts';
import { isMachineOf } from '#internal/model/policy.ts';
import { tasksOnAgent } from '#internal/state/state.ts';
import { machineToWire } from '#internal/wire/policy-record.ts';
import type { Drained } from '#proto/gen/altiplano/agent/v1.ts';
import type {
  Call_DeactivateAgent,
  Call_DrainAgent,
  Call_MarkAgentGone,
  Call_ReactivateAgent,
} from '#proto/gen/mesos/v1/master.ts';
import { badRequest, conflict, done, notFound } from '../events.ts';
import { agentOf, instruct, type Lead, type Visitor } from '../lead.ts';
import { allocateSoon, rescindOffersOfAgent } from '../offers.ts';
import { decide, type Reply } from './decide.ts';

export function drainAgent(lead: Lead, call: Call_DrainAgent, reply: Reply): void {
  const agentId = asAgentId(call.agent_id.value);
  const agent = agentOf(lead, agentId);
  if (agent === undefined) {
    reply(badRequest('Unknown agent'));
    return;
  }
  const scheduled = lead.state.maintenance.windows
    .flatMap(({ machines }) => machines)
    .find((machine) => isMachineOf(machine, agent));
  if (scheduled !== undefined) {
    // mark: a drain of an agent in maintenance
    const machine = JSON.stringify(machineToWire(scheduled));
    const text = `Agent ${agentId} is part of a maintenance schedule under Machine ${machine}`;
    reply(badRequest(text));
    return;
  }
  if (agent.reach.kind === 'admitted' && !agent.capabilities.includes('AGENT_DRAINING')) {
    reply(badRequest(`Agent ${agentId} is not capable of draining`));
    return;
  }
  const { seconds = 0n, nanos = 0 } = call.max_grace_period ?? {};
  const graceMs = Number(seconds) * 1000 + nanos / 1e6;
  const maxGraceMs = call.max_grace_period === undefined ? undefined : Math.max(0, graceMs);
  const isGoneThen = call.mark_gone === true;
  decide(lead, { kind: 'drain-agent', agentId, maxGraceMs, isGoneThen }, reply);
}

export function deactivateAgent(lead: Lead, call: Call_DeactivateAgent, reply: Reply): void {
  const agentId = asAgentId(call.agent_id.value);
  if (agentOf(lead, agentId) === undefined) reply(badRequest('Unknown agent'));
  else decide(lead, { kind: 'deactivate-agent', agentId }, reply);
}

export function reactivateAgent(lead: Lead, call: Call_ReactivateAgent, reply: Reply): void {
  const agentId = asAgentId(call.agent_id.value);
  const deactivation = agentOf(lead, agentId)?.deactivation;
  if (deactivation === undefined) reply(badRequest('Agent is not deactivated'));
  else if (deactivation.kind === 'draining') {
    reply(badRequest('Agent is still in the DRAINING state'));
  } else {
    decide(lead, { kind: 'reactivate-agent', agentId }, reply, () =>
      agentOf(lead, agentId) === undefined
        ? conflict('Agent removed while processing the call')
        : done,
    );
  }
}

/** Said again of an agent that is gone, it is as true as before. */
export function markAgentGone(lead: Lead, call: Call_MarkAgentGone, reply: Reply): void {
  const agentId = asAgentId(call.agent_id.value);
  if (lead.state.goneAgents.has(agentId)) reply(done);
  else if (agentOf(lead, agentId) === undefined) reply(notFound(`Agent '${agentId}' not found`));
  else decide(lead, { kind: 'mark-agent-gone', agentId }, reply);
}

/** Decided: its offers fall, or new ones are made; one that is to drain is told so. */
export function deactivationChanged(lead: Lead, agentId: AgentId): void {
  if (!lead.peers.has(agentId)) return;
  heedDeactivation(lead, agentId);
  if (agentOf(lead, agentId)?.deactivation === undefined) {
    instruct(lead, agentId, { drain: {} });
    allocateSoon(lead);
  } else {
    rescindOffersOfAgent(lead, agentId);
    sendDrain(lead, agentId);
  }
}

const change = (isBarred: boolean): 'agent-barred' | 'agent-unbarred' =>
  isBarred ? 'agent-barred' : 'agent-unbarred';

/** What operators said of an agent, told to the allocator: also when it comes, or comes back. */
export function heedDeactivation({ state, allocator, draining }: Lead, agentId: AgentId): void {
  const kind = state.agents.get(agentId)?.deactivation?.kind;
  const isDrain = kind === 'draining' || kind === 'drained';
  allocator.handle({ kind: change(isDrain), agentId, bar: 'draining' });
  allocator.handle({ kind: change(kind === 'deactivated'), agentId, bar: 'deactivated' });
  if (kind === 'draining') draining.add(agentId);
  else draining.delete(agentId);
}

/** What a draining agent has to know: how long tasks may take to end. It kills them itself. */
export function sendDrain(lead: Lead, agentId: AgentId): void {
  const deactivation = agentOf(lead, agentId)?.deactivation;
  if (deactivation === undefined || deactivation.kind === 'deactivated') return;
  const { maxGraceMs, isGoneThen, sinceMs } = deactivation;
  const grace = maxGraceMs === undefined ? {} : { max_grace_ms: maxGraceMs };
  instruct(lead, agentId, {
    drain: { config: { ...grace, gone_then: isGoneThen, since_ms: sinceMs } },
  });
}

/** A draining agent says that nothing runs there any more. */
export function agentEmpty(lead: Lead, visitor: Visitor, { since_ms: sinceMs }: Drained): void {
  visitor.emptySinceDrainMs = sinceMs;
  finishDrains(lead);
}

/**
 * Draining agents with nothing left, all of it acknowledged, are drained, or gone. What a framework left
 * behind is in no book, and still there until the agent says otherwise.
 */
export function finishDrains(lead: Lead): void {
  for (const agentId of lead.draining) {
    const isLaunching = [...lead.launching.values()].some((tasks) =>
      [...tasks.values()].some((task) => task.agentId === agentId),
    );
    if (isLaunching || tasksOnAgent(lead.state, agentId).length > 0) continue;
    if (isOperating(lead, agentId) || !saysEmpty(lead, agentId)) continue;
    lead.draining.delete(agentId);
    lead.propose({ kind: 'finish-drain', agentId });
  }
}

/** Contract 10.6: neither is there an operation left, in the log or on its way into it. */
const isOperating = ({ state, operating }: Lead, agentId: AgentId): boolean =>
  state.operations.has(agentId) ||
  [...operating.values()].some(({ operation }) => operation.agentId === agentId);

/** Of the drain that is on now: what it said of an earlier one is no news. */
function saysEmpty(lead: Lead, agentId: AgentId): boolean {
  const presence = lead.peers.get(agentId)?.presence;
  const deactivation = agentOf(lead, agentId)?.deactivation;
  if (presence?.kind !== 'connected' || deactivation?.kind !== 'draining') return false;
  return presence.visitor.emptySinceDrainMs === deactivation.sinceMs;
}
