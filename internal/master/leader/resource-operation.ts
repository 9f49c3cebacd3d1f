/**
 * RESERVE, UNRESERVE, CREATE, DESTROY, GROW_VOLUME and SHRINK_VOLUME of an ACCEPT (contract 4.1, 4.2).
 * What an operation makes of the offers is what the next one finds; it is proposed at once, so that the
 * log has it before the tasks that are launched on it.
 */
import { assert, unreachable } from '#internal/base/assert.ts';
import { newUuid } from '#internal/base/uuid.ts';
import type { Agent } from '#internal/model/cluster.ts';
import { encoded } from '#internal/model/encoded.ts';
import { operationId } from '#internal/model/ids.ts';
import type { Operation } from '#internal/model/operation.ts';
import { type Conversion, convert } from '#internal/resources/conversion.ts';
import { conversionsOf, type ResourceOperation } from '#internal/resources/operation.ts';
import {
  add,
  contains,
  subtract,
  sum,
  unallocated,
  without,
} from '#internal/resources/resources.ts';
import { encode } from '#internal/wire/protobuf.ts';
import { resourceOperationFromWire, withRole } from '#internal/wire/resource-operation.ts';
import type { Offer_Operation } from '#proto/gen/mesos/v1.ts';
import { type Acceptance, proposeLaunches, refuseOperation } from './acceptance.ts';
import { foreseenTotal, foreseenUse } from './foreseen.ts';
import type { Lead } from './lead.ts';
import { rescind } from './offers.ts';
import { feedbackFault, shapeFault } from './operation.ts';
import { agentText, resourceOperationFault } from './validate-operation.ts';

export function operateOn(lead: Lead, acceptance: Acceptance, sent: Offer_Operation): void {
  const { framework, agent, role } = acceptance;
  const refuse = (text: string): void => refuseOperation(lead, framework, sent, text);
  const shape = shapeFault(sent);
  if (shape !== undefined) return refuse(`Operation attempted with invalid resources: ${shape}`);
  const info = withRole(sent, role);
  const fault = feedbackFault(agent, sent) ?? countFault(lead, agent);
  if (fault !== undefined) return refuse(fault);
  const onAgent = (text: string): void => refuse(`${text}; on agent ${agentText(agent)}`);
  const read = resourceOperationFromWire(info);
  if (!read.ok) return onAgent(read.refusal);
  const broken = resourceOperationFault(read.value, {
    agent,
    // Worked out only for those that ask: an ACCEPT may carry a thousand that do not.
    get total() {
      return foreseenTotal(lead, agent);
    },
    get used() {
      return foreseenUse(lead, agent.id);
    },
    framework,
  });
  if (broken !== undefined) return onAgent(broken);
  const conversions = conversionsOf(read.value);
  if (!conversions.ok) return onAgent(conversions.refusal);
  if (read.value.kind === 'destroy') rescindSharers(lead, agent, read.value);
  const left = convert(acceptance.remaining, conversions.value);
  if (!left.ok) return refuse(missingText(info, read.value, left.refusal));
  propose(lead, acceptance, info, conversions.value);
  return undefined;
}

/** CREATE_DISK and DESTROY_DISK: no agent has a resource provider that could. */
export function refuseDisk(lead: Lead, acceptance: Acceptance, sent: Offer_Operation): void {
  const { framework, agent } = acceptance;
  const shape = shapeFault(sent);
  const text =
    shape === undefined
      ? (feedbackFault(agent, sent) ??
        `'source' is not managed by a resource provider; on agent ${agentText(agent)}`)
      : `Operation attempted with invalid resources: ${shape}`;
  refuseOperation(lead, framework, sent, text);
}

function propose(
  lead: Lead,
  acceptance: Acceptance,
  info: Offer_Operation,
  conversions: readonly Conversion[],
): void {
  const { framework, agent, role, remaining } = acceptance;
  const operation: Operation = {
    uuid: newUuid(lead.random),
    agentId: agent.id,
    frameworkId: framework.id,
    id: info.id && operationId(info.id.value),
    info: encoded(encode('mesos.v1.Offer.Operation', info)),
    conversions: conversions.map(plain),
    ordinal: 0,
    state: 'pending',
    updates: [],
  };
  proposeLaunches(lead, acceptance);
  if (!lead.propose({ kind: 'apply-operation', operation })) {
    refuseOperation(lead, framework, info, 'The operation is too large for the log');
    return;
  }
  const left = convert(remaining, conversions);
  assert(left.ok, 'a conversion that was possible before it was proposed');
  const made = sum(conversions.map(({ converted }) => converted));
  const isLater = info.type === 'GROW_VOLUME' || info.type === 'SHRINK_VOLUME';
  // What has another size now is not to be used before it is offered again (contract 4.2).
  if (isLater) {
    acceptance.remaining = subtract(left.value, made);
    acceptance.aside = add(acceptance.aside, made);
  } else {
    acceptance.remaining = left.value;
    acceptance.made = add(acceptance.made, made);
  }
  const { id: frameworkId } = framework;
  acceptance.settlement ??= {
    frameworkId,
    agentId: agent.id,
    role,
    peer: lead.peers.get(agent.id),
    pending: 0,
    isVoid: false,
    giveBack: () => {},
  };
  const consumed = sum(conversions.map((one) => one.consumed));
  acceptance.sharable = add(
    without(acceptance.sharable, consumed),
    made.filter(({ shared }) => shared),
  );
  acceptance.settlement.pending++;
  lead.operating.set(operation.uuid, { operation, settlement: acceptance.settlement });
}

/** What an ACCEPT gives back at its end: what its operations made, and what nothing was done to. */
export function leftOvers({ remaining, aside, made }: Acceptance): {
  readonly speculative: Acceptance['remaining'];
  readonly declined: Acceptance['remaining'];
} {
  const declined = without(remaining, made);
  return { speculative: add(subtract(remaining, declined), aside), declined };
}

function plain({ consumed, converted, destroyed }: Conversion): Conversion {
  return {
    consumed: unallocated(consumed),
    converted: unallocated(converted),
    destroyed: destroyed && unallocated([destroyed])[0],
  };
}

/** A shared volume may be on offer to others, too: those offers go first. */
function rescindSharers(
  lead: Lead,
  { id }: Agent,
  { volumes }: Extract<ResourceOperation, { kind: 'destroy' }>,
): void {
  const shared = unallocated(volumes.filter((volume) => volume.shared));
  for (const offerId of lead.peers.get(id)?.offers ?? []) {
    const offer = lead.offers.get(offerId);
    if (offer === undefined) continue;
    const offered = unallocated(offer.resources);
    if (shared.some((volume) => contains(offered, [volume]))) rescind(lead, offer);
  }
}

/** Reservations and volumes speak of the one part that is missing, resizing of all that it needs. */
function missingText(
  { type }: Offer_Operation,
  operation: ResourceOperation,
  text: string,
): string {
  switch (operation.kind) {
    case 'grow-volume':
    case 'shrink-volume':
      return `Invalid ${type} operation: ${text}`;
    case 'reserve':
    case 'reserve-anew':
    case 'unreserve':
    case 'create':
    case 'destroy':
      return text;
    default:
      return unreachable(operation);
  }
}

/** An agent that does not answer must not be given more and more to do. */
function countFault(lead: Lead, { id }: Agent): string | undefined {
  const { operationsMax } = lead.options;
  let known = lead.state.operations.get(id)?.size ?? 0;
  for (const { operation } of lead.operating.values()) known += Number(operation.agentId === id);
  return known < operationsMax
    ? undefined
    : `Agent ${id} has ${known} operations that are not acknowledged`;
}
