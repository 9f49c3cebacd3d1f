/**
 * ACCEPT, in the strict order of contract 4.1: the offers, then the operations in their order, each
 * against what is left of the offers, then the rest goes back.
 *
 * Tasks that pass are booked (they hold their resources from now on) and proposed as one decision; no
 * agent hears of anything before it is in the log. Whatever goes wrong is told on the stream.
 */
import { unreachable } from '#internal/base/assert.ts';
import type { Framework } from '#internal/model/cluster.ts';
import { type FrameworkId, offerId } from '#internal/model/ids.ts';
import type { Filters, Offer_Operation } from '#proto/gen/mesos/v1.ts';
import type { Call_Accept } from '#proto/gen/mesos/v1/scheduler.ts';
import {
  type Acceptance,
  droppedState,
  newAcceptance,
  proposeLaunches,
  refuseOperation,
  refuseTask,
  tasksOf,
} from './acceptance.ts';
import { launchGroup } from './launch-group.ts';
import { launch } from './launch.ts';
import type { Lead, OutstandingOffer } from './lead.ts';
import { findOffers } from './offered.ts';
import { filterOf, returnDeclined, returnResources, takeOffer } from './offers.ts';
import { leftOvers, operateOn, refuseDisk } from './resource-operation.ts';

export function accept(lead: Lead, framework: Framework, call: Call_Accept): void {
  const ids = (call.offer_ids ?? []).map(({ value }) => offerId(value));
  const operations = call.operations ?? [];
  const found = findOffers(lead, framework.id, ids);
  if (!found.ok) {
    for (const id of ids) giveBackOwn(lead, framework.id, lead.offers.get(id));
    for (const operation of operations) refuseForOffers(lead, framework, operation, found.refusal);
    return;
  }
  for (const offer of found.value) takeOffer(lead, offer);
  const acceptance = newAcceptance(lead, framework, found.value);
  for (const operation of operations) carryOut(lead, acceptance, operation);
  proposeLaunches(lead, acceptance);
  const finish = (): void => giveBack(lead, acceptance, call.filters);
  if (acceptance.settlement === undefined) finish();
  else acceptance.settlement.giveBack = finish;
}

/** What operations made goes back without a filter: it is not what was declined (contract 4.1). */
function giveBack(lead: Lead, acceptance: Acceptance, filters: Filters | undefined): void {
  const holder = { frameworkId: acceptance.framework.id, agentId: acceptance.agent.id };
  const { speculative, declined } = leftOvers(acceptance);
  const { copies } = acceptance;
  if (copies.length > 0) {
    lead.allocator.handle({ kind: 'resources-taken', ...holder, resources: copies });
  }
  returnResources(lead, holder, speculative);
  // Launches end by themselves when nothing is left, so what they leave need not wait.
  const decline = acceptance.hasLaunched ? returnResources : returnDeclined;
  decline(lead, holder, declined, filterOf(lead, filters));
}

function carryOut(lead: Lead, acceptance: Acceptance, operation: Offer_Operation): void {
  switch (operation.type) {
    // A type of a newer API, which reads as UNKNOWN: nobody can say what it would have done.
    case undefined:
    case 'UNKNOWN':
      return;
    case 'LAUNCH':
      return launch(lead, acceptance, operation);
    case 'LAUNCH_GROUP':
      return launchGroup(lead, acceptance, operation);
    case 'RESERVE':
    case 'UNRESERVE':
    case 'CREATE':
    case 'DESTROY':
    case 'GROW_VOLUME':
    case 'SHRINK_VOLUME':
      return operateOn(lead, acceptance, operation);
    case 'CREATE_DISK':
    case 'DESTROY_DISK':
      return refuseDisk(lead, acceptance, operation);
    default:
      return unreachable(operation.type);
  }
}

/** Offers of others stay theirs, whoever names them. */
function giveBackOwn(
  lead: Lead,
  frameworkId: FrameworkId,
  offer: OutstandingOffer | undefined,
): void {
  if (offer?.frameworkId !== frameworkId) return;
  takeOffer(lead, offer);
  returnDeclined(lead, offer, offer.resources, undefined);
}

function refuseForOffers(
  lead: Lead,
  framework: Framework,
  operation: Offer_Operation,
  text: string,
): void {
  for (const info of tasksOf(operation)) {
    refuseTask(lead, framework.id, info, {
      state: droppedState(framework),
      reason: 'invalid-offers',
      message: `Task launched with invalid offers: ${text}`,
    });
  }
  if (operation.type === 'LAUNCH' || operation.type === 'LAUNCH_GROUP') return;
  refuseOperation(lead, framework, operation, `Operation attempted with invalid offers: ${text}`);
}
