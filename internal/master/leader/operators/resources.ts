/**
 * What operators make of an agent's resources (contract 10.3). Offers that stand in the way are
 * rescinded, one by one, until what is needed is free. The answer says that the log has it; how the
 * agent fares is not reported here.
 */
import { newUuid } from '#internal/base/uuid.ts';
import type { Agent } from '#internal/model/cluster.ts';
import { encoded } from '#internal/model/encoded.ts';
import { agentId } from '#internal/model/ids.ts';
import type { Operation } from '#internal/model/operation.ts';
import { type Conversion, convert } from '#internal/resources/conversion.ts';
import { conversionsOf, type ResourceOperation } from '#internal/resources/operation.ts';
import { contains, unallocated } from '#internal/resources/resources.ts';
import { encode } from '#internal/wire/protobuf.ts';
import { resourceOperationFromWire } from '#internal/wire/resource-operation.ts';
import { resourcesFromWire } from '#internal/wire/resources.ts';
import type { AgentID, Offer_Operation, Resource } from '#proto/gen/mesos/v1.ts';
import type { Call } from '#proto/gen/mesos/v1/master.ts';
import { accepted, badRequest, conflict } from '../events.ts';
import { foreseenTotal, foreseenUse } from '../foreseen.ts';
import { agentOf, type Lead } from '../lead.ts';
import { rescind } from '../offers.ts';
import { malformedOperation } from '../operation.ts';
import { makeFree } from '../settlement.ts';
import { agentText, resourceOperationFault } from '../validate-operation.ts';
import { decide, type Reply } from './decide.ts';

export const resourceCalls = [
  'RESERVE_RESOURCES',
  'UNRESERVE_RESOURCES',
  'CREATE_VOLUMES',
  'DESTROY_VOLUMES',
  'GROW_VOLUME',
  'SHRINK_VOLUME',
] as const;

/** One of `resourceCalls`. */
export function changeResources(lead: Lead, call: Call, reply: Reply): void {
  const asked = operationOf(call);
  const fault = asked?.mustBeValid && resourcesFault(asked.mustBeValid);
  if (asked?.agent_id === undefined || fault !== undefined) {
    const why =
      fault ??
      "Expecting 'agent_id' to be present; only agent default resources are supported right now";
    reply(badRequest(`Failed to validate master::Call: ${why}`));
    return;
  }
  const agent = agentOf(lead, agentId(asked.agent_id.value));
  if (agent === undefined || !lead.peers.has(agent.id)) {
    reply(badRequest('No agent found with specified ID'));
    return;
  }
  const { info } = asked;
  const malformed = malformedOperation(info);
  const read = resourceOperationFromWire(info);
  if (malformed !== undefined || !read.ok) {
    reply(badRequest(malformed ?? (read.ok ? '' : read.refusal)));
    return;
  }
  const broken = faultOf(lead, agent, read.value);
  const conversions = conversionsOf(read.value);
  if (broken !== undefined || !conversions.ok) {
    const why = broken ?? (conversions.ok ? '' : conversions.refusal);
    reply(badRequest(`${invalid(info, agent)}: ${why}`));
    return;
  }
  if (read.value.kind === 'destroy') rescindHolders(lead, agent, read.value);
  propose(lead, { agent, info, conversions: conversions.value }, reply);
}

type Asked = {
  readonly agent: Agent;
  readonly info: Offer_Operation;
  readonly conversions: readonly Conversion[];
};

function propose(lead: Lead, { agent, info, conversions }: Asked, reply: Reply): void {
  makeFree(lead, agent.id, conversions);
  const left = convert(lead.allocator.freeOn(agent.id), conversions);
  if (!left.ok) {
    reply(conflict(left.refusal));
    return;
  }
  const operation: Operation = {
    uuid: newUuid(lead.random),
    agentId: agent.id,
    frameworkId: undefined,
    id: undefined,
    info: encoded(encode('mesos.v1.Offer.Operation', info)),
    conversions,
    ordinal: 0,
    state: 'pending',
    updates: [],
  };
  const { uuid } = operation;
  lead.operating.set(uuid, { operation, settlement: undefined });
  const unanswered: Reply = (answer) => {
    lead.operating.delete(uuid);
    reply(answer);
  };
  // A task that was on its way into the log may have come first.
  decide(lead, { kind: 'apply-operation', operation }, unanswered, () =>
    lead.state.operations.get(agent.id)?.has(uuid) === true
      ? accepted
      : conflict('The agent does not have these resources free any more'),
  );
}

function faultOf(lead: Lead, agent: Agent, operation: ResourceOperation): string | undefined {
  return resourceOperationFault(operation, {
    agent,
    total: foreseenTotal(lead, agent),
    used: foreseenUse(lead, agent.id),
    framework: undefined,
  });
}

/** Some texts name the agent and some do not. */
function invalid({ type }: Offer_Operation, agent: Agent): string {
  const isShort = type === 'UNRESERVE' || type === 'DESTROY';
  return `Invalid ${type} operation${isShort ? '' : ` on agent ${agentText(agent)}`}`;
}

function resourcesFault(list: readonly Resource[]): string | undefined {
  const read = resourcesFromWire(list);
  return read.ok ? undefined : read.refusal;
}

/** Every offer with a volume that is to be destroyed, shared ones being on offer more than once. */
function rescindHolders(
  lead: Lead,
  { id }: Agent,
  { volumes }: Extract<ResourceOperation, { kind: 'destroy' }>,
): void {
  for (const offerId of lead.peers.get(id)?.offers ?? []) {
    const offer = lead.offers.get(offerId);
    if (offer === undefined) continue;
    const offered = unallocated(offer.resources);
    if (volumes.some((volume) => contains(offered, [volume]))) rescind(lead, offer);
  }
}

type Meant = {
  readonly agent_id: AgentID | undefined;
  readonly info: Offer_Operation;
  /** These are looked at before the agent is. */
  readonly mustBeValid?: readonly Resource[];
};

function operationOf(call: Call): Meant | undefined {
  const { reserve_resources: reserve, unreserve_resources: unreserve } = call;
  const { create_volumes: create, destroy_volumes: destroy } = call;
  const { grow_volume: grow, shrink_volume: shrink } = call;
  if (reserve !== undefined) {
    const { agent_id, ...rest } = reserve;
    const mustBeValid = [...(rest.source ?? []), ...(rest.resources ?? [])];
    return { agent_id, info: { type: 'RESERVE', reserve: rest }, mustBeValid };
  }
  if (unreserve !== undefined) {
    const { agent_id, ...rest } = unreserve;
    const info: Offer_Operation = { type: 'UNRESERVE', unreserve: rest };
    return { agent_id, info, mustBeValid: rest.resources ?? [] };
  }
  if (create !== undefined) {
    const { agent_id, ...rest } = create;
    return { agent_id, info: { type: 'CREATE', create: rest } };
  }
  if (destroy !== undefined) {
    const { agent_id, ...rest } = destroy;
    return { agent_id, info: { type: 'DESTROY', destroy: rest } };
  }
  if (grow !== undefined) {
    const { agent_id, ...rest } = grow;
    return { agent_id, info: { type: 'GROW_VOLUME', grow_volume: rest } };
  }
  if (shrink === undefined) return undefined;
  const { agent_id, ...rest } = shrink;
  return { agent_id, info: { type: 'SHRINK_VOLUME', shrink_volume: rest } };
}
