/**
 * Offers: what the allocator gives out, told to its framework, and taken back. An offer is in the books
 * of the leader from the moment it is told until it is accepted, declined or rescinded; all that time
 * the allocator counts its resources as held by the framework.
 */
import type { Allocation, RefusalFilter, Run } from '#internal/allocator/event.ts';
import { refusalFilter } from '#internal/allocator/refusals.ts';
import { assert } from '#internal/base/assert.ts';
import type { AgentId, FrameworkId } from '#internal/model/ids.ts';
import type { Resources } from '#internal/resources/resource.ts';
import { isEmpty } from '#internal/resources/resources.ts';
import type { Filters, Offer } from '#proto/gen/mesos/v1.ts';
import { executorIdsOn } from './arriving.ts';
import { offersEvent, rescindEvent } from './events.ts';
import { makeInverseOffers, withdrawPointless } from './inverse-offers.ts';
import { isHeld } from './recovery.ts';
import { agentOf, frameworkOf, type Lead, type OutstandingOffer, tell } from './lead.ts';
import { offerToWire } from './offer-wire.ts';

/** Runs the allocation soon: one run answers all that happens until then. */
export function allocateSoon(lead: Lead): void {
  if (lead.allocation?.kind === 'soon') return;
  if (lead.allocation?.kind === 'under-way') lead.allocation.isWanted = true;
  else arm(lead, 'soon');
}

/** Agents that arrive faster than so many a second, for so many agents, are a crowd. */
const crowdMin = 50;

/** As `allocateSoon`; agents that arrive in a crowd are offered together. */
export function allocateArrival(lead: Lead): void {
  const level = Math.min(2 * crowdMin, arrivalLevel(lead) + 1);
  lead.arrivals = { level, atMs: lead.clock.monotonic() };
  allocateSoon(lead);
}

function arrivalLevel({ arrivals: { level, atMs }, clock }: Lead): number {
  return Math.max(0, level - ((clock.monotonic() - atMs) / 1000) * crowdMin);
}

/** Takes an offer out of the books; its resources are then the caller's to return or to use. */
export function takeOffer(lead: Lead, offer: OutstandingOffer): void {
  lead.offers.delete(offer.id);
  lead.peers.get(offer.agentId)?.offers.delete(offer.id);
  lead.allocator.handle({ kind: 'offer-closed', serial: offer.serial });
}

/** Withdraws an offer silently, as from a framework that does not listen. */
export function giveBack(lead: Lead, offer: OutstandingOffer): void {
  takeOffer(lead, offer);
  returnResources(lead, offer, offer.resources);
}

export function rescind(lead: Lead, offer: OutstandingOffer): void {
  giveBack(lead, offer);
  tell(lead, offer.frameworkId, rescindEvent(offer.id));
}

export function rescindOffersOfAgent(lead: Lead, id: AgentId): void {
  for (const offerId of lead.peers.get(id)?.offers ?? []) {
    const offer = lead.offers.get(offerId);
    if (offer !== undefined) rescind(lead, offer);
  }
}

/** All that a framework was offered, in the order in which it was. */
export function offersOf(lead: Lead, id: FrameworkId): readonly OutstandingOffer[] {
  return [...lead.offers.values()].filter(({ frameworkId }) => frameworkId === id);
}

type Holder = { readonly frameworkId: FrameworkId; readonly agentId: AgentId };

/** Gives the resources of an offer or a task to whoever wants them now. */
export function returnResources(
  lead: Lead,
  holder: Holder,
  resources: Resources,
  filter?: RefusalFilter,
): void {
  if (handBack(lead, holder, resources, filter)) allocateSoon(lead);
}

/**
 * Gives back what a framework had no use for. Without a filter that may come straight back to it, so it
 * waits for the regular run: who declines everything would else be asked hundreds of times a second.
 */
export function returnDeclined(
  lead: Lead,
  holder: Holder,
  resources: Resources,
  filter: RefusalFilter | undefined,
): void {
  if (handBack(lead, holder, resources, filter) && filter !== undefined) allocateSoon(lead);
}

/** Whether there was something to hand back: the allocator forgot what lost agents had. */
function handBack(
  lead: Lead,
  { frameworkId, agentId }: Holder,
  resources: Resources,
  filter: RefusalFilter | undefined,
): boolean {
  if (isEmpty(resources) || !lead.peers.has(agentId)) return false;
  lead.allocator.handle({ kind: 'resources-returned', frameworkId, agentId, resources, filter });
  return true;
}

/** The filter that an answer asks for; none when the next run may offer it again. */
export function filterOf(lead: Lead, filters: Filters | undefined): RefusalFilter | undefined {
  return refusalFilter(filters?.refuse_seconds, lead.clock.monotonic(), lead.options);
}

function arm(lead: Lead, kind: 'regular' | 'soon'): void {
  const delayMs = kind === 'soon' ? soonMs(lead) : lead.options.allocationIntervalMs;
  lead.allocation?.timer.cancel();
  lead.allocation = { timer: lead.after(delayMs, () => allocate(lead)), kind, isWanted: false };
}

/**
 * Agents that come by the thousand are offered to one framework after the other, and each that declines
 * them asks for the next run: a run each few milliseconds would be an event and a call for every few
 * agents.
 */
function soonMs(lead: Lead): number {
  const { allocationDelayMs, gatherMs } = lead.options;
  if (arrivalLevel(lead) < crowdMin) return allocationDelayMs;
  return Math.max(allocationDelayMs, lead.offeredMs + gatherMs - lead.clock.monotonic());
}

function allocate(lead: Lead): void {
  rescindOverdue(lead);
  withdrawPointless(lead);
  if (isHeld(lead)) {
    arm(lead, 'regular');
    return;
  }
  if (lead.offers.size >= lead.options.offersMax) {
    lead.logger.warn('too many offers are outstanding: nothing is offered');
    arm(lead, 'regular');
    return;
  }
  goOn(lead, lead.allocator.begin({ nowMs: lead.clock.monotonic() }));
}

/** One slice of a run: others have their turns between two of them. */
function goOn(lead: Lead, run: Run): void {
  const isWanted = lead.allocation?.kind === 'under-way' && lead.allocation.isWanted;
  const { offers, inverseOffers } = run.step(lead.options.allocationSliceMax);
  makeOffers(lead, offers);
  makeInverseOffers(lead, inverseOffers);
  if (run.isOver) {
    arm(lead, isWanted ? 'soon' : 'regular');
    return;
  }
  lead.allocation?.timer.cancel();
  const timer = lead.after(0, () => goOn(lead, run));
  lead.allocation = { timer, kind: 'under-way', isWanted };
}

function makeOffers(lead: Lead, allocations: readonly Allocation[]): void {
  const offeredMs = lead.clock.monotonic();
  if (allocations.length > 0) lead.offeredMs = offeredMs;
  const events = new Map<FrameworkId, Offer[]>();
  for (const allocation of allocations) {
    const id = lead.ids.nextOfferId();
    const wire = bookOffer(lead, { id, offeredMs, ...allocation });
    const list = events.get(allocation.frameworkId);
    if (list === undefined) events.set(allocation.frameworkId, [wire]);
    else list.push(wire);
  }
  for (const [id, offers] of events) tell(lead, id, offersEvent(offers));
}

/** They stand in the order in which they were made. */
function rescindOverdue(lead: Lead): void {
  const { offerTimeoutMs } = lead.options;
  if (offerTimeoutMs === undefined) return;
  const nowMs = lead.clock.monotonic();
  for (const offer of lead.offers.values()) {
    if (nowMs - offer.offeredMs < offerTimeoutMs) return;
    lead.logger.info('offer was not answered in time', { offerId: offer.id });
    rescind(lead, offer);
  }
}

function bookOffer(lead: Lead, offer: OutstandingOffer): Offer {
  const peer = lead.peers.get(offer.agentId);
  const agent = agentOf(lead, offer.agentId);
  const framework = frameworkOf(lead, offer.frameworkId);
  assert(peer?.presence.kind === 'connected', `offered an agent that is away: ${offer.agentId}`);
  assert(agent !== undefined, `offered an agent that is in no book: ${offer.agentId}`);
  assert(framework !== undefined, `offered to a framework unknown: ${offer.frameworkId}`);
  lead.offers.set(offer.id, offer);
  peer.offers.add(offer.id);
  const window = lead.windows.get(agent.id);
  const shown = { ...offer, executorIds: executorIdsOn(lead, offer) };
  return offerToWire(shown, framework, { agent, info: peer.presence.info, window });
}
