/** Everything that the allocator is told, to whom it concerns. */
import { assert, unreachable } from '#internal/base/assert.ts';
import { unallocated } from '#internal/resources/resources.ts';
import { takeAgentEvent } from './agents.ts';
import { type AgentBook, agentOf, type Books, relax } from './books.ts';
import { clientOf, frameworkBook } from './clients.ts';
import type { AllocatorEvent, HoldingEvent, PolicyEvent } from './event.ts';
import { mayUnwish, takeFrameworkEvent } from './frameworks.ts';
import { byRole, convert, partHeld, release, take } from './holdings.ts';
import { answered } from './inverse.ts';
import { closeOffer } from './offer-book.ts';
import { dropRoot, rootOf, setQuota } from './quota-book.ts';
import { refuse } from './refusals.ts';
import { type RunBook, withdraw } from './run.ts';
import { setWeight } from './share-tree.ts';

/** `run` is the one that is under way, if one is: it does not hand out what is not so any more. */
export function takeEvent(books: Books, event: AllocatorEvent, run: RunBook | undefined): void {
  switch (event.kind) {
    case 'agent-added':
    case 'agent-updated':
    case 'agent-removed':
    case 'agent-barred':
    case 'agent-unbarred':
    case 'agent-scheduled':
      if (run !== undefined) withdraw(run, books.agents.get(event.agentId));
      return takeAgentEvent(books, event);
    case 'framework-added':
    case 'framework-updated':
    case 'framework-removed':
    case 'framework-activated':
    case 'framework-deactivated':
    case 'roles-suppressed':
    case 'roles-revived':
      if (run !== undefined && mayUnwish(event)) withdraw(run, undefined, event.frameworkId);
      return takeFrameworkEvent(books, event);
    case 'weight-updated':
    case 'quota-updated':
      return takePolicyEvent(books, event);
    case 'resources-taken':
    case 'resources-returned':
    case 'resources-converted':
    case 'offer-closed':
    case 'inverse-offer-answered':
      return takeHoldingEvent(books, event);
    default:
      return unreachable(event);
  }
}

export function takePolicyEvent(books: Books, event: PolicyEvent): void {
  const { role } = event;
  switch (event.kind) {
    case 'weight-updated': {
      const { weight } = event;
      assert(weight > 0, `a weight of ${weight} for role ${role}`);
      books.weights.set(role, weight);
      const share = books.roles.get(role)?.share;
      if (share !== undefined) setWeight(books.tree, share, weight);
      return;
    }
    case 'quota-updated': {
      assert(!role.includes('/'), `quota for ${role}, which is no top-level role`);
      const root = rootOf(books.quotas, role);
      setQuota(books.quotas, books.names, root, event);
      if (!books.roles.has(role)) dropRoot(books.quotas, root);
      relax(books);
      return;
    }
    default:
      return unreachable(event);
  }
}

function takeHoldingEvent(books: Books, event: HoldingEvent): void {
  switch (event.kind) {
    case 'resources-taken': {
      const agent = agentOf(books, event.agentId);
      const framework = frameworkBook(books, event.frameworkId);
      for (const [role, part] of byRole(event.resources)) {
        take(books, agent, clientOf(books, framework, role), part);
      }
      return;
    }
    case 'resources-returned':
      return takeBack(books, event);
    case 'resources-converted': {
      const agent = agentOf(books, event.agentId);
      return convertAll(books, agent, event);
    }
    case 'offer-closed':
      return closeOffer(books, event.serial);
    case 'inverse-offer-answered':
      return answered(books, event.agentId, event.frameworkId, event.filter);
    default:
      return unreachable(event);
  }
}

function takeBack(
  books: Books,
  event: Extract<HoldingEvent, { kind: 'resources-returned' }>,
): void {
  const agent = books.agents.get(event.agentId);
  // What was held on an agent that left was forgotten with it.
  if (agent === undefined) return;
  for (const [role, part] of byRole(event.resources)) {
    const client = clientOf(books, frameworkBook(books, event.frameworkId), role);
    const { isActive } = client.framework;
    // As the allocator knows it, where it knows it: equal lists that are one list are compared at once.
    const held = partHeld(agent, client, part);
    const refused = held?.portion.resources ?? unallocated(part);
    release(books, agent, client, part);
    if (!isActive || !client.isSubscribed || event.filter === undefined) continue;
    refuse(books, { client, agent }, refused, event.filter.untilMs);
  }
}

function convertAll(
  books: Books,
  agent: AgentBook,
  event: Extract<HoldingEvent, { kind: 'resources-converted' }>,
): void {
  const { frameworkId, consumed, converted } = event;
  if (frameworkId === undefined) {
    convert(books, agent, undefined, { consumed, converted });
    return;
  }
  const framework = frameworkBook(books, frameworkId);
  const [[role] = []] = byRole([...consumed, ...converted]);
  if (role === undefined) return;
  convert(books, agent, clientOf(books, framework, role), { consumed, converted });
}
