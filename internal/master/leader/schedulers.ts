/**
 * The lives of schedulers: connected by a stream, disconnected when it ends, removed when they do not
 * come back in time (contract 3.2 and 3.6). What the log decided is carried out here.
 */
import { assert, unreachable } from '#internal/base/assert.ts';
import type { Framework } from '#internal/model/cluster.ts';
import type { AgentId, FrameworkId } from '#internal/model/ids.ts';
import { decode, keepBytes } from '#internal/wire/protobuf.ts';
import type { FrameworkInfo } from '#proto/gen/mesos/v1.ts';
import type { EventStream } from '../door.ts';
import { heartbeat, masterInfo, subscribedEvent } from './events.ts';
import {
  frameworkOf,
  instruct,
  type Lead,
  type OfferWish,
  type Scheduler,
  type Subscription,
  tell,
} from './lead.ts';
import { nameLeftByFramework } from './left-behind.ts';
import { forgetInverseOffersOf } from './inverse-offers.ts';
import { allocateSoon, giveBack, offersOf, rescind } from './offers.ts';
import { minAllocatableOf } from './framework-info.ts';
import { endWithError, refuseSubscription } from './subscribe.ts';

/** The log knows the framework: its oldest waiting subscription takes effect. */
export function frameworkSubscribed(lead: Lead, id: FrameworkId): void {
  const subscription = nextSubscription(lead, id);
  const framework = frameworkOf(lead, id);
  assert(subscription !== undefined, `framework ${id} subscribed without having asked`);
  assert(framework !== undefined, `framework ${id} subscribed and is in no book`);
  cancelFailover(lead, id);
  switch (subscription.kind) {
    case 'stream':
      connect(lead, framework, subscription);
      return;
    case 'update':
      change(lead, framework, subscription.wish);
      subscription.answer({ status: 200, text: '' });
      // It may have gone while its change was on its way.
      if (!lead.schedulers.has(id)) disconnectLater(lead, framework);
      return;
    default:
      unreachable(subscription);
  }
}

/** It was removed while its subscription was under way. */
export function frameworkRefused(lead: Lead, id: FrameworkId): void {
  const subscription = nextSubscription(lead, id);
  if (subscription === undefined) return;
  // mark: a framework was removed while it subscribed
  refuseSubscription(subscription, 'Framework has been removed');
}

/** Its stream is over. It may come back until its failover time-out has passed. */
export function schedulerLost(lead: Lead, id: FrameworkId, stream: EventStream): void {
  const scheduler = lead.schedulers.get(id);
  if (scheduler?.stream !== stream) return;
  forget(lead, id, scheduler);
  lead.allocator.handle({ kind: 'framework-deactivated', frameworkId: id });
  lead.logger.info('scheduler disconnected', { frameworkId: id });
  const framework = frameworkOf(lead, id);
  // One that is on its way in makes it connected again: saying otherwise now would come after it.
  if (framework !== undefined && !lead.subscriptions.has(id)) disconnectLater(lead, framework);
}

/** Starts, or after a change of leaders goes on with, the wait for a framework to come back. */
export function awaitFailover(lead: Lead, { id, connection }: Framework): void {
  if (connection.kind === 'connected' || lead.schedulers.has(id)) return;
  const delayMs = Math.max(0, connection.deadlineMs - lead.clock.now());
  lead.failovers.get(id)?.cancel();
  const timer = lead.after(delayMs, () => {
    lead.failovers.delete(id);
    if (lead.subscriptions.has(id)) return;
    // mark: a framework did not come back in time
    lead.logger.info('framework did not come back in time', { frameworkId: id });
    lead.propose({ kind: 'remove-framework', frameworkId: id });
  });
  lead.failovers.set(id, timer);
}

export function frameworkRemoved(lead: Lead, id: FrameworkId, agentIds: readonly AgentId[]): void {
  const scheduler = lead.schedulers.get(id);
  if (scheduler !== undefined) {
    forget(lead, id, scheduler);
    scheduler.stream.end();
  }
  cancelFailover(lead, id);
  lead.recoveredFrameworks.delete(id);
  lead.allocatable.delete(id);
  lead.allocator.handle({ kind: 'framework-removed', frameworkId: id });
  nameLeftByFramework(lead, id);
  for (const agentId of agentIds) {
    instruct(lead, agentId, { shutdown_framework: { framework_id: { value: id } } });
  }
  allocateSoon(lead);
}

/** FrameworkInfo as last sent; decoded once for each version of it. */
export function frameworkInfo(framework: Framework): FrameworkInfo {
  const known = decoded.get(framework.info);
  if (known !== undefined) return known;
  const info = keepBytes(decode('mesos.v1.FrameworkInfo', framework.info), framework.info);
  decoded.set(framework.info, info);
  return info;
}

const decoded = new WeakMap<Framework['info'], FrameworkInfo>();

function nextSubscription(lead: Lead, id: FrameworkId): Subscription | undefined {
  const [next, ...rest] = lead.subscriptions.get(id) ?? [];
  if (rest.length === 0) lead.subscriptions.delete(id);
  else lead.subscriptions.set(id, rest);
  return next;
}

function connect(
  lead: Lead,
  framework: Framework,
  { stream, wish }: Extract<Subscription, { kind: 'stream' }>,
): void {
  const { id } = framework;
  const before = lead.schedulers.get(id);
  if (before !== undefined) {
    // mark: a scheduler took the place of another
    forget(lead, id, before);
    endWithError(before.stream, 'Framework failed over');
  }
  const wasKnown = before !== undefined || framework.registeredMs !== framework.reregisteredMs;
  lead.schedulers.set(id, { stream, heartbeat: armHeartbeat(lead, id) });
  change(lead, framework, wish);
  const master = masterInfo(lead.self, lead.options);
  stream.send(subscribedEvent(id, lead.options.heartbeatIntervalMs, master));
  stream.send(heartbeat);
  lead.logger.info('scheduler subscribed', { frameworkId: id, wasKnown });
  const over = (): void => lead.turn(() => schedulerLost(lead, id, stream));
  if (stream.closed.aborted) over();
  else stream.closed.addEventListener('abort', over, { once: true });
}

/** Tells allocator and agents what a framework is now. Agents send what is unacknowledged again. */
function change(lead: Lead, framework: Framework, said: OfferWish): void {
  const { id: frameworkId, roles, capabilities } = framework;
  lead.recoveredFrameworks.delete(frameworkId);
  const minAllocatable = minAllocatableOf(frameworkInfo(framework));
  const wish = { frameworkId, roles, capabilities, minAllocatable, ...said };
  const isKnown = lead.allocatable.has(frameworkId);
  lead.allocatable.add(frameworkId);
  lead.allocator.handle({ kind: isKnown ? 'framework-updated' : 'framework-added', ...wish });
  lead.allocator.handle({ kind: 'framework-activated', frameworkId });
  for (const offer of offersOf(lead, frameworkId)) {
    if (!roles.includes(offer.role)) rescind(lead, offer);
  }
  const info = { framework_info: frameworkInfo(framework) };
  for (const agentId of agentsOf(lead, frameworkId)) {
    instruct(lead, agentId, { update_framework: info });
  }
  allocateSoon(lead);
}

function agentsOf(lead: Lead, id: FrameworkId): ReadonlySet<AgentId> {
  const record = lead.state.frameworks.get(id);
  const places = [...(record?.tasks.values() ?? []), ...(record?.executors.values() ?? [])];
  return new Set(places.map(({ agentId }) => agentId));
}

/** Offers to one who does not listen are withdrawn without a word (contract 3.2). */
function forget(lead: Lead, id: FrameworkId, { heartbeat: timer }: Scheduler): void {
  timer.cancel();
  lead.schedulers.delete(id);
  for (const offer of offersOf(lead, id)) giveBack(lead, offer);
  forgetInverseOffersOf(lead, id);
}

function disconnectLater(lead: Lead, { id: frameworkId, failoverTimeoutMs }: Framework): void {
  const deadlineMs = lead.clock.now() + failoverTimeoutMs;
  if (failoverTimeoutMs === 0) lead.propose({ kind: 'remove-framework', frameworkId });
  else lead.propose({ kind: 'disconnect-framework', frameworkId, deadlineMs });
}

function cancelFailover(lead: Lead, id: FrameworkId): void {
  lead.failovers.get(id)?.cancel();
  lead.failovers.delete(id);
}

function armHeartbeat(lead: Lead, id: FrameworkId): Scheduler['heartbeat'] {
  return lead.after(lead.options.heartbeatIntervalMs, () => {
    const scheduler = lead.schedulers.get(id);
    if (scheduler === undefined) return;
    scheduler.heartbeat = armHeartbeat(lead, id);
    tell(lead, id, heartbeat);
  });
}
