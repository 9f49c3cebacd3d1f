/**
 * The calls of a subscribed scheduler: the checks of contract 3.1, then what each call does. Most are
 * answered 202 at once, and whatever goes wrong later is told on the stream or not at all.
 */
import { assert, unreachable } from '#internal/base/assert.ts';
import type { Framework } from '#internal/model/cluster.ts';
import { frameworkId, offerId, type Role, role as asRole } from '#internal/model/ids.ts';
import type { Call, Call_Decline } from '#proto/gen/mesos/v1/scheduler.ts';
import type { Answer } from '../door.ts';
import { accept } from './accept.ts';
import { accepted, badRequest, forbidden, principalMismatch, unavailable } from './events.ts';
import { answerInverseOffers } from './inverse-offers.ts';
import { sendMessage, shutDownExecutor } from './executors.ts';
import { frameworkOf, isOverloaded, type Lead } from './lead.ts';
import { allocateSoon, filterOf, returnDeclined, takeOffer } from './offers.ts';
import { acknowledgeOperation } from './operations.ts';
import { reconcileOperations } from './reconcile-operations.ts';
import { reconcile } from './reconcile.ts';
import { acknowledge } from './reports.ts';
import { eachSlowly, isBusy } from './slow-work.ts';
import { updateFramework } from './subscribe.ts';
import { kill } from './tasks.ts';

type Reply = (answer: Answer) => void;

type Received = {
  readonly streamId: string | undefined;
  /** Whom the sender was found to be, where somebody asked. */
  readonly principal: string | undefined;
  readonly reply: Reply;
};

/** A call that its face found well-formed. `reply` is called once. */
export function receive(lead: Lead, call: Call, { streamId, principal, reply }: Received): void {
  const framework = frameworkOf(lead, frameworkId(call.framework_id?.value ?? ''));
  if (framework === undefined) {
    reply(badRequest('Framework cannot be found'));
    return;
  }
  if (principal !== undefined && principal !== framework.principal) {
    reply(badRequest(principalMismatch(principal, framework.principal)));
    return;
  }
  const refusal = standingFault(lead, framework, streamId);
  if (refusal !== undefined) {
    reply(refusal);
    return;
  }
  if (call.type === 'UPDATE_FRAMEWORK') {
    updateFramework(lead, framework, member(call.update_framework), reply);
    return;
  }
  if (call.type === undefined || call.type === 'UNKNOWN') {
    reply({ status: 501, text: '501 Not Implemented.' });
    return;
  }
  obey(lead, framework, { ...call, type: call.type });
  reply(accepted);
}

function standingFault(
  lead: Lead,
  { id }: Framework,
  streamId: string | undefined,
): Answer | undefined {
  const current = lead.schedulers.get(id)?.stream.id;
  if (current === undefined) return forbidden('Framework is not subscribed');
  if (streamId === undefined) {
    return badRequest(`All non-subscribe calls should include the 'Mesos-Stream-Id' header`);
  }
  if (streamId !== current) {
    return badRequest(
      `The stream ID '${streamId}' included in this request didn't match ` +
        `the stream ID currently associated with framework ID ${id}`,
    );
  }
  return isOverloaded(lead) || isBusy(lead) ? unavailable('Master is overloaded') : undefined;
}

type Known = Exclude<Call['type'], undefined | 'UNKNOWN' | 'UPDATE_FRAMEWORK'>;

function obey(lead: Lead, framework: Framework, call: Call & { readonly type: Known }): void {
  const { type } = call;
  switch (type) {
    case 'TEARDOWN':
      lead.propose({ kind: 'remove-framework', frameworkId: framework.id });
      return;
    case 'ACCEPT':
      return accept(lead, framework, member(call.accept));
    case 'DECLINE':
      return decline(lead, framework, member(call.decline));
    case 'REVIVE':
      return wish(lead, framework, 'roles-revived', call.revive?.roles);
    case 'SUPPRESS':
      return wish(lead, framework, 'roles-suppressed', call.suppress?.roles);
    case 'KILL':
      return kill(lead, framework, member(call.kill));
    case 'ACKNOWLEDGE':
      return acknowledge(lead, framework, member(call.acknowledge));
    case 'RECONCILE':
      return reconcile(lead, framework, member(call.reconcile));
    case 'RECONCILE_OPERATIONS':
      return reconcileOperations(lead, framework.id, member(call.reconcile_operations));
    case 'ACCEPT_INVERSE_OFFERS': {
      const { inverse_offer_ids: ids = [], filters } = member(call.accept_inverse_offers);
      return answerInverseOffers(lead, framework, { status: 'ACCEPT', ids, filters });
    }
    case 'DECLINE_INVERSE_OFFERS': {
      const { inverse_offer_ids: ids = [], filters } = member(call.decline_inverse_offers);
      return answerInverseOffers(lead, framework, { status: 'DECLINE', ids, filters });
    }
    case 'ACKNOWLEDGE_OPERATION_STATUS':
      return acknowledgeOperation(lead, framework, member(call.acknowledge_operation_status));
    case 'MESSAGE':
      return sendMessage(lead, framework, member(call.message));
    case 'SHUTDOWN':
      return shutDownExecutor(lead, framework, member(call.shutdown));
    // The allocator heeds no requests.
    case 'REQUEST':
    // The face has another way for it.
    case 'SUBSCRIBE':
      return;
    default:
      unreachable(type);
  }
}

/** Offers that are gone, or somebody else's, are passed over. */
function decline(lead: Lead, { id }: Framework, call: Call_Decline): void {
  const filter = filterOf(lead, call.filters);
  eachSlowly(lead, call.offer_ids ?? [], (ids) => {
    for (const { value } of ids) {
      const offer = lead.offers.get(offerId(value));
      if (offer?.frameworkId !== id) continue;
      takeOffer(lead, offer);
      returnDeclined(lead, offer, offer.resources, filter);
    }
  });
}

/** One role that is not the framework's makes the whole call void (contract 3.3). */
function wish(
  lead: Lead,
  framework: Framework,
  kind: 'roles-revived' | 'roles-suppressed',
  named: readonly string[] = [],
): void {
  const own: ReadonlySet<Role> = new Set(framework.roles);
  const roles = named.map(asRole);
  if (!roles.every((role) => own.has(role))) return;
  lead.allocator.handle({ kind, frameworkId: framework.id, roles });
  if (kind === 'roles-revived') allocateSoon(lead);
}

/** The face has checked that a call brings its message. */
function member<Message>(message: Message | undefined): Message {
  assert(message !== undefined, 'a call without its message');
  return message;
}
