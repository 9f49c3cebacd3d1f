/**
 * Inverse offers: frameworks are asked to leave agents that will be under maintenance (contract 3.8).
 * The allocator says who is asked and when again; here it is told, answered, and withdrawn when there
 * is nothing to leave any more. An answer has no consequence but that operators see it.
 */
import type { InverseAllocation } from '#internal/allocator/event.ts';
import { refusalFilter } from '#internal/allocator/refusals.ts';
import type { Framework } from '#internal/model/cluster.ts';
import { type AgentId, type FrameworkId, offerId } from '#internal/model/ids.ts';
import { unavailabilityToWire } from '#internal/wire/policy-record.ts';
import type { Filters, InverseOffer, OfferID } from '#proto/gen/mesos/v1.ts';
import type { InverseAnswer } from '../door.ts';
import { inverseOffersEvent, rescindInverseEvent } from './events.ts';
import { agentOf, type Lead, type OutstandingInverse, tell } from './lead.ts';
import { eachSlowly } from './slow-work.ts';
import { agentUrl } from './offer-wire.ts';

/** Asks each framework once, for all agents together. */
export function makeInverseOffers(lead: Lead, allocations: readonly InverseAllocation[]): void {
  const events = new Map<FrameworkId, InverseOffer[]>();
  for (const { frameworkId, agentId } of allocations) {
    const outstanding = { id: lead.ids.nextOfferId(), frameworkId, agentId };
    const wire = inverseToWire(lead, outstanding);
    if (wire === undefined) {
      settle(lead, outstanding);
      continue;
    }
    lead.inverseOffers.set(outstanding.id, outstanding);
    const list = events.get(frameworkId);
    if (list === undefined) events.set(frameworkId, [wire]);
    else list.push(wire);
  }
  for (const [id, offers] of events) tell(lead, id, inverseOffersEvent(offers));
}

/** What the framework has left since it was asked, it need not be asked to leave. */
export function withdrawPointless(lead: Lead): void {
  for (const inverse of lead.inverseOffers.values()) {
    if (!holdsAnything(lead, inverse)) rescindInverse(lead, inverse);
  }
}

/** The agent leaves, or its window is another: what was asked and answered counts no more. */
export function rescindInverseOffersOfAgent(lead: Lead, id: AgentId): void {
  for (const inverse of lead.inverseOffers.values()) {
    if (inverse.agentId === id) rescindInverse(lead, inverse);
  }
  lead.inverseAnswers.delete(id);
}

/** Its stream is over: it is asked again on the next. */
export function forgetInverseOffersOf(lead: Lead, id: FrameworkId): void {
  for (const inverse of lead.inverseOffers.values()) {
    if (inverse.frameworkId === id) settle(lead, inverse);
  }
}

/** ACCEPT_INVERSE_OFFERS, DECLINE_INVERSE_OFFERS: ids that are not its own are passed over. */
export function answerInverseOffers(
  lead: Lead,
  { id }: Framework,
  said: {
    readonly status: InverseAnswer['status'];
    readonly ids: readonly OfferID[];
    readonly filters: Filters | undefined;
  },
): void {
  const nowMs = lead.clock.monotonic();
  const filter = refusalFilter(said.filters?.refuse_seconds, nowMs, lead.options);
  eachSlowly(lead, said.ids, (piece) => {
    for (const { value } of piece) {
      const inverse = lead.inverseOffers.get(offerId(value));
      if (inverse?.frameworkId !== id) continue;
      const { agentId } = inverse;
      lead.inverseOffers.delete(inverse.id);
      const answers = lead.inverseAnswers.get(agentId) ?? new Map<FrameworkId, InverseAnswer>();
      answers.set(id, { agentId, frameworkId: id, status: said.status, atMs: lead.clock.now() });
      lead.inverseAnswers.set(agentId, answers);
      lead.allocator.handle({ kind: 'inverse-offer-answered', frameworkId: id, agentId, filter });
    }
  });
}

function inverseToWire(
  lead: Lead,
  { id, frameworkId, agentId }: OutstandingInverse,
): InverseOffer | undefined {
  const agent = agentOf(lead, agentId);
  const window = lead.windows.get(agentId);
  if (agent === undefined || window === undefined) return undefined;
  return {
    id: { value: id },
    url: agentUrl(agent),
    framework_id: { value: frameworkId },
    agent_id: { value: agentId },
    unavailability: unavailabilityToWire(window.unavailability),
  };
}

function holdsAnything(lead: Lead, { frameworkId, agentId }: OutstandingInverse): boolean {
  const load = lead.state.loads.get(agentId);
  if (load?.tasks.has(frameworkId) === true) return true;
  for (const id of lead.peers.get(agentId)?.offers ?? []) {
    if (lead.offers.get(id)?.frameworkId === frameworkId) return true;
  }
  const launching = lead.launching.get(frameworkId)?.values() ?? [];
  return [...launching].some((task) => task.agentId === agentId);
}

function rescindInverse(lead: Lead, inverse: OutstandingInverse): void {
  settle(lead, inverse);
  tell(lead, inverse.frameworkId, rescindInverseEvent(inverse.id));
}

/** Not answered, and not outstanding any more. */
function settle(lead: Lead, { id, frameworkId, agentId }: OutstandingInverse): void {
  lead.inverseOffers.delete(id);
  if (!lead.peers.has(agentId)) return;
  const answered = { kind: 'inverse-offer-answered', frameworkId, agentId } as const;
  lead.allocator.handle({ ...answered, filter: undefined });
}
