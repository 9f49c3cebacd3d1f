/**
 * SUBSCRIBE and UPDATE_FRAMEWORK (contract 3.2 and 3.5): checked, then decided in the log, then told.
 * A refused SUBSCRIBE is a stream of one ERROR; nothing is said on a stream before its framework is in
 * the log, so that no scheduler ever knows an id that the next leader does not.
 */
import { compilePattern } from '#internal/allocator/constraints-pattern.ts';
import { assert } from '#internal/base/assert.ts';
import { accept, refuse, type Result } from '#internal/base/result.ts';
import type { Framework } from '#internal/model/cluster.ts';
import { frameworkId, type FrameworkId, role as asRole } from '#internal/model/ids.ts';
import { completedFramework } from '#internal/state/state.ts';
import { frameworkFromWire } from '#internal/wire/framework.ts';
import { offerConstraintsFromWire } from '#internal/wire/offer-constraints.ts';
import type { FrameworkInfo } from '#proto/gen/mesos/v1.ts';
import type { Call, Call_UpdateFramework } from '#proto/gen/mesos/v1/scheduler.ts';
import type { Answer, EventStream } from '../door.ts';
import { badRequest, errorEvent, unavailable } from './events.ts';
import {
  filtersFault,
  immutableFault,
  principalFault,
  userFault,
  wishesFault,
} from './framework-info.ts';
import { frameworkOf, isOverloaded, type Lead, type OfferWish, type Subscription } from './lead.ts';

const tooLarge = 'FrameworkInfo is too large';

export function subscribe(lead: Lead, call: Call, stream: EventStream): void {
  assert(call.subscribe !== undefined, 'a SUBSCRIBE without its message');
  if (isOverloaded(lead)) {
    // No ERROR: the scheduler is to come again.
    stream.end();
    return;
  }
  const judged = judge(lead, call.subscribe);
  if (!judged.ok) {
    endWithError(stream, judged.refusal);
    return;
  }
  const { framework, wish } = judged.value;
  const fault = admissionFault(lead, framework, call.subscribe.framework_info);
  if (fault !== undefined) endWithError(stream, fault);
  else if (!propose(lead, framework, { kind: 'stream', stream, wish })) {
    endWithError(stream, tooLarge);
  }
}

export function updateFramework(
  lead: Lead,
  known: Framework,
  call: Call_UpdateFramework,
  answer: (answer: Answer) => void,
): void {
  const judged = judgeUpdate(lead, known, call);
  if (!judged.ok) {
    answer(badRequest(judged.refusal));
    return;
  }
  const { registeredMs, reregisteredMs } = known;
  const framework = { ...judged.value.framework, registeredMs, reregisteredMs };
  const { wish } = judged.value;
  if (!propose(lead, framework, { kind: 'update', wish, answer })) {
    answer(badRequest(`Supplied FrameworkInfo is not valid: ${tooLarge}`));
  }
}

/** The last words on a stream. */
export function endWithError(stream: EventStream, message: string): void {
  stream.send(errorEvent(message));
  stream.end();
}

/** The cluster will not have this framework: schedulers take an ERROR for the end of everything. */
export function refuseSubscription(subscription: Subscription, text: string): void {
  if (subscription.kind === 'stream') endWithError(subscription.stream, text);
  else subscription.answer(unavailable(text));
}

/** This master cannot keep it any more, the next leader can: the stream ends without a word. */
export function dropSubscription(subscription: Subscription, text: string): void {
  if (subscription.kind === 'stream') subscription.stream.end();
  else subscription.answer(unavailable(text));
}

/** The framework as it will be in the log, by contract 3.2, rows 1 to 12. */
function judge(lead: Lead, call: NonNullable<Call['subscribe']>): Result<Judged, string> {
  const { framework_info: info } = call;
  const given = info.id?.value ?? '';
  const atMs = lead.clock.now();
  const id = given === '' ? lead.ids.nextFrameworkId() : frameworkId(given);
  const known = frameworkOf(lead, id);
  const read = frameworkFromWire(kept(info, known), { id, atMs });
  if (!read.ok) return read;
  const fault =
    filtersFault(info) ??
    userFault(info, lead.options.rootSubmissions) ??
    (completedFramework(lead.state, id) && 'Framework has been removed');
  if (fault !== undefined) return refuse(fault);
  const wish = offerWish(lead, call, read.value);
  if (!wish.ok) return wish;
  const framework = { ...read.value, registeredMs: known?.registeredMs ?? atMs };
  return accept({ framework, wish: wish.value });
}

type Judged = { readonly framework: Framework; readonly wish: OfferWish };

/** What it says about its roles, if they are its own and the constraints can be read. */
function offerWish(
  { options }: Lead,
  call: Pick<Call_UpdateFramework, 'suppressed_roles' | 'offer_constraints'>,
  framework: Framework,
): Result<OfferWish, string> {
  const fault = wishesFault(call, framework);
  if (fault !== undefined) return refuse(fault);
  const constraints = offerConstraintsFromWire(call.offer_constraints, (source) =>
    compilePattern(source, options.patterns),
  );
  if (!constraints.ok) return constraints;
  const suppressedRoles = (call.suppressed_roles ?? []).map(asRole);
  return accept({ suppressedRoles, constraints: constraints.value });
}

/** A scheduler that comes back keeps its user and its `checkpoint`, whatever it says now. */
function kept(info: FrameworkInfo, known: Framework | undefined): FrameworkInfo {
  if (known === undefined) return info;
  const { user, checkpoint } = known;
  return { ...info, user, ...(checkpoint !== (info.checkpoint ?? false) && { checkpoint }) };
}

function admissionFault(lead: Lead, framework: Framework, info: FrameworkInfo): string | undefined {
  const known = frameworkOf(lead, framework.id);
  if (known !== undefined) return principalFault(known, info);
  const { frameworksMax } = lead.options;
  if (lead.state.frameworks.size + lead.subscriptions.size >= frameworksMax) {
    return `This cluster serves no more than ${frameworksMax} frameworks`;
  }
  return undefined;
}

function judgeUpdate(
  lead: Lead,
  known: Framework,
  call: Call_UpdateFramework,
): Result<Judged, string> {
  const { framework_info: info } = call;
  const read = frameworkFromWire(info, { id: known.id, atMs: lead.clock.now() });
  const invalid = read.ok
    ? (filtersFault(info) ?? userFault(info, lead.options.rootSubmissions))
    : read.refusal;
  if (!read.ok || invalid !== undefined) {
    return refuse(`Supplied FrameworkInfo is not valid: ${invalid}`);
  }
  const changed = principalFault(known, info) ?? immutableFault(known, info);
  if (changed !== undefined) return refuse(`FrameworkInfo update is not valid: ${changed}`);
  const wish = offerWish(lead, call, read.value);
  return wish.ok
    ? accept({ framework: read.value, wish: wish.value })
    : refuse(`'UpdateFramework' call is not valid: ${wish.refusal}`);
}

/** False when it is too large for the log. */
function propose(lead: Lead, framework: Framework, subscription: Subscription): boolean {
  const { id } = framework;
  const waiting = lead.subscriptions.get(id) ?? [];
  lead.subscriptions.set(id, [...waiting, subscription]);
  if (lead.propose({ kind: 'subscribe-framework', framework })) return true;
  restore(lead, id, waiting);
  return false;
}

function restore(lead: Lead, id: FrameworkId, waiting: readonly Subscription[]): void {
  if (waiting.length === 0) lead.subscriptions.delete(id);
  else lead.subscriptions.set(id, [...waiting]);
}
