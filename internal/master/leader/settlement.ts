/**
 * What an ACCEPT with operations holds until the log has them: all that is left of its offers stays
 * with its framework, since before that nobody may be offered what an operation makes. Then the
 * allocator is told of each, and what is left goes back.
 *
 * An operator's operation holds nothing: offers that stand in its way are rescinded.
 */
import type { AgentId, FrameworkId, Role } from '#internal/model/ids.ts';
import type { Operation } from '#internal/model/operation.ts';
import { type Conversion, convert } from '#internal/resources/conversion.ts';
import type { Resources } from '#internal/resources/resource.ts';
import { allocatedTo } from '#internal/resources/resources.ts';
import { rescindEvent } from './events.ts';
import { type Lead, type OutstandingOffer, type Peer, tell } from './lead.ts';
import { filterOf, returnResources, takeOffer } from './offers.ts';

export type Settlement = {
  readonly frameworkId: FrameworkId;
  readonly agentId: AgentId;
  readonly role: Role;
  readonly peer: Peer | undefined;
  /** Operations of it that are on their way into the log. */
  pending: number;
  /** The allocator was told anew what is held on the agent, without what this holds. */
  isVoid: boolean;
  giveBack: () => void;
};

/** The allocator learns of an operation. False when it has to be told anew what the agent has. */
export function settle(lead: Lead, operation: Operation): boolean {
  const operating = lead.operating.get(operation.uuid);
  if (operating === undefined) return false;
  lead.operating.delete(operation.uuid);
  const { settlement } = operating;
  if (settlement === undefined) return settleFree(lead, operation);
  if (!holds(lead, settlement)) return false;
  const { frameworkId, agentId, role } = settlement;
  for (const { consumed, converted } of operation.conversions) {
    lead.allocator.handle({
      kind: 'resources-converted',
      frameworkId,
      agentId,
      consumed: allocatedTo(role, consumed),
      converted: allocatedTo(role, converted),
    });
  }
  settlement.pending--;
  if (settlement.pending === 0) settlement.giveBack();
  return true;
}

/** Rescinds offers of an agent, until what would be converted is free. False: it never is. */
export function makeFree(
  lead: Lead,
  agentId: AgentId,
  conversions: readonly Conversion[],
): boolean {
  return withdrawUntil(lead, agentId, (free) => convert(free, conversions).ok);
}

/** Rescinds offers of an agent, until what is free there is enough. False: it never is. */
export function withdrawUntil(
  lead: Lead,
  agentId: AgentId,
  isEnough: (free: Resources) => boolean,
): boolean {
  for (const id of lead.peers.get(agentId)?.offers ?? []) {
    if (isEnough(lead.allocator.freeOn(agentId))) return true;
    const offer = lead.offers.get(id);
    if (offer !== undefined) withdraw(lead, offer);
  }
  return isEnough(lead.allocator.freeOn(agentId));
}

/** As if it had been declined without filters: what is left of it is not offered again at once. */
function withdraw(lead: Lead, offer: OutstandingOffer): void {
  takeOffer(lead, offer);
  returnResources(lead, offer, offer.resources, filterOf(lead, undefined));
  tell(lead, offer.frameworkId, rescindEvent(offer.id));
}

/** Whatever ACCEPTs hold of the agent is not theirs any more. */
export function voidSettlements(lead: Lead, agentId: AgentId): void {
  for (const { settlement } of lead.operating.values()) {
    if (settlement?.agentId === agentId) settlement.isVoid = true;
  }
}

/** Offers may have been made since it was proposed. */
function settleFree(lead: Lead, { agentId, conversions }: Operation): boolean {
  if (!lead.peers.has(agentId) || !makeFree(lead, agentId, conversions)) return false;
  for (const { consumed, converted } of conversions) {
    const change = { frameworkId: undefined, agentId, consumed, converted };
    lead.allocator.handle({ kind: 'resources-converted', ...change });
  }
  return true;
}

/** An agent that was lost in between holds nothing of what it held. */
const holds = (lead: Lead, { agentId, peer, isVoid }: Settlement): boolean =>
  !isVoid && peer !== undefined && lead.peers.get(agentId) === peer;
