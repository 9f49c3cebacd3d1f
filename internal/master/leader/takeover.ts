/**
 * The beginning and the end of a leadership. It begins with what the log knows and nobody connected:
 * agents and frameworks get their time to come back. It ends with every stream and link closed, so that
 * all of them look for the leader again.
 */
import type { Steps } from '#internal/base/steps.ts';
import type { FrameworkId } from '#internal/model/ids.ts';
import { agentRecovered } from './agents.ts';
import type { Lead } from './lead.ts';
import { letAllGo } from './observers.ts';
import { allocateSoon } from './offers.ts';
import { dropWaiting } from './operators/decide.ts';
import { minAllocatableOf } from './framework-info.ts';
import { checkNowAndThen, dropChecks } from './checking.ts';
import { forgetNowAndThen } from './forgetting.ts';
import { beginRecovery } from './recovery.ts';
import { forgetRemovals } from './removals.ts';
import { awaitFailover, frameworkInfo } from './schedulers.ts';
import { dropStoring } from './stores.ts';
import { dropSubscription } from './subscribe.ts';

/** Begun when the first entry of the term was applied; nothing else is until `takeOver`. */
export function* recoverAgents(lead: Lead): Steps<void> {
  policiesRecovered(lead);
  let recovered = 0;
  for (const { id, reach } of lead.state.agents.values()) {
    if (reach.kind !== 'admitted') continue;
    if (recovered > 0 && recovered % lead.options.recoverySliceMax === 0) yield;
    agentRecovered(lead, id);
    recovered++;
  }
}

/** Called when the agents are in the books: from now on this master leads. */
export function takeOver(lead: Lead): void {
  const { agents, frameworks } = lead.state;
  beginRecovery(lead);
  forgetNowAndThen(lead);
  checkNowAndThen(lead);
  for (const id of frameworks.keys()) frameworkRecovered(lead, id);
  lead.logger.info('leading', {
    term: lead.term,
    agents: agents.size,
    frameworks: frameworks.size,
  });
  allocateSoon(lead);
}

/** Before agents and frameworks, so that the first run is fair already. */
function policiesRecovered({ state, allocator }: Lead): void {
  for (const [role, weight] of state.weights) {
    allocator.handle({ kind: 'weight-updated', role, weight });
  }
  for (const [role, quota] of state.quotas) {
    allocator.handle({ kind: 'quota-updated', role, ...quota });
  }
}

/** Lets go of everyone; nothing is decided any more. */
export function stepDown(lead: Lead): void {
  const gone = 'Master is no longer leading';
  for (const { stream, heartbeat } of lead.schedulers.values()) {
    heartbeat.cancel();
    stream.end();
  }
  lead.schedulers.clear();
  for (const waiting of lead.subscriptions.values()) {
    for (const subscription of waiting) dropSubscription(subscription, gone);
  }
  dropWaiting(lead, gone);
  dropStoring(lead);
  letAllGo(lead);
  for (const { presence } of lead.peers.values()) {
    if (presence.kind === 'disconnected') presence.deadline.cancel();
  }
  lead.recovery?.end.cancel();
  lead.forgetting?.cancel();
  forgetRemovals(lead);
  dropChecks(lead);
  for (const { link, pingTimer } of lead.visitors) {
    pingTimer?.cancel();
    link.close();
  }
  lead.visitors.clear();
  for (const timer of lead.failovers.values()) timer.cancel();
  lead.allocation?.timer.cancel();
  lead.logger.info('not leading any more', { term: lead.term });
}

/**
 * One that was connected under another leader has not left: it is given at least the time that its
 * agents have, whatever its own says.
 */
function frameworkRecovered(lead: Lead, id: FrameworkId): void {
  const framework = lead.state.frameworks.get(id)?.framework;
  if (framework === undefined) return;
  const { connection, failoverTimeoutMs, roles, capabilities } = framework;
  lead.recoveredFrameworks.add(id);
  lead.allocatable.add(id);
  // What it demands of agents it says again when it subscribes.
  const wish = { roles, capabilities, suppressedRoles: [], constraints: new Map() };
  const minAllocatable = minAllocatableOf(frameworkInfo(framework));
  lead.allocator.handle({ kind: 'framework-added', frameworkId: id, ...wish, minAllocatable });
  lead.allocator.handle({ kind: 'framework-deactivated', frameworkId: id });
  if (connection.kind === 'disconnected') {
    // mark: a new leader goes on waiting for a framework
    awaitFailover(lead, framework);
    return;
  }
  const graceMs = Math.max(failoverTimeoutMs, lead.options.agentReregisterTimeoutMs);
  const deadlineMs = lead.clock.now() + graceMs;
  lead.propose({ kind: 'disconnect-framework', frameworkId: id, deadlineMs });
}
