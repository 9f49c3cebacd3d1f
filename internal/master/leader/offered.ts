/** Whether the offers that an ACCEPT names may be used together (contract 4.1, step 1). */
import { accept, refuse, type Result } from '#internal/base/result.ts';
import type { FrameworkId, OfferId } from '#internal/model/ids.ts';
import type { Lead, OutstandingOffer } from './lead.ts';

/** The offers, or the text of the first rule that is broken. */
export function findOffers(
  lead: Pick<Lead, 'offers'>,
  frameworkId: FrameworkId,
  ids: readonly OfferId[],
): Result<readonly OutstandingOffer[], string> {
  if (ids.length === 0) return refuse('No offers specified');
  const seen = new Set<OfferId>();
  const twice = ids.find((id) => seen.size === seen.add(id).size);
  if (twice !== undefined) return refuse(`Duplicate offer ${twice} in offer list`);
  const found: OutstandingOffer[] = [];
  for (const id of ids) {
    const offer = lead.offers.get(id);
    if (offer === undefined) return refuse(`Offer ${id} is no longer valid`);
    if (offer.frameworkId !== frameworkId) {
      return refuse(
        `Offer ${id} has invalid framework ${offer.frameworkId} ` +
          `while framework ${frameworkId} is expected`,
      );
    }
    found.push(offer);
  }
  const fault = mixtureFault(found);
  return fault === undefined ? accept(found) : refuse(fault);
}

function mixtureFault(offers: readonly OutstandingOffer[]): string | undefined {
  const [first] = offers;
  if (first === undefined) return undefined;
  for (const { id, role } of offers) {
    if (role === first.role) continue;
    // The quotes that are never closed are Mesos's.
    return (
      'Aggregated offers must be allocated to the same role. ' +
      `Offer ${id} uses role '${role} but another is using role '${first.role}`
    );
  }
  for (const { id, agentId } of offers) {
    if (agentId === first.agentId) continue;
    return (
      'Aggregated offers must belong to one single agent. ' +
      `Offer ${id} uses agent ${agentId} and agent ${first.agentId}`
    );
  }
  return undefined;
}
