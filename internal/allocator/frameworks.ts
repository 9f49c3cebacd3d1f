/** What the allocator is told of frameworks. */
import { assert, unreachable } from '#internal/base/assert.ts';
import type { FrameworkCapability } from '#internal/model/cluster.ts';
import type { FrameworkId, Role } from '#internal/model/ids.ts';
import {
  type Books,
  type Client,
  type FrameworkBook,
  frameworkOf,
  type InverseBook,
  type OfferBook,
  wake,
} from './books.ts';
import { clientOf, frameworkBook, settle } from './clients.ts';
import type { FrameworkEvent, FrameworkWish } from './event.ts';
import { ability } from './free.ts';
import { closeOffers } from './offer-book.ts';
import { dropRefusalsOf } from './refusals.ts';

export function takeFrameworkEvent(books: Books, event: FrameworkEvent): void {
  if (event.kind === 'framework-added') {
    addFramework(books, event.frameworkId, event);
    return;
  }
  if (event.kind === 'framework-removed') {
    removeFramework(books, event.frameworkId);
    return;
  }
  const framework = frameworkOf(books, event.frameworkId);
  switch (event.kind) {
    case 'framework-updated':
      return takeWish(books, framework, event);
    case 'framework-activated':
      framework.isActive = true;
      for (const client of framework.clients.values()) settle(books, client);
      return;
    case 'framework-deactivated':
      return deactivate(books, framework);
    case 'roles-suppressed':
      for (const client of clientsIn(framework, event.roles)) {
        client.isSuppressed = true;
        settle(books, client);
      }
      return;
    case 'roles-revived':
      for (const client of clientsIn(framework, event.roles)) {
        client.isSuppressed = false;
        dropRefusalsOf(books, client);
        settle(books, client);
        if (client.share.isQueued) wake(books, client);
      }
      for (const { inverse } of books.scheduled) notLeftAlone(inverse.get(framework.id));
      return;
    default:
      return unreachable(event);
  }
}

/** Whether it has said before that it will not leave, or will: it wants to be asked anew. */
function notLeftAlone(asked: InverseBook | undefined): void {
  if (asked !== undefined) asked.untilMs = -Infinity;
}

/** Whether an event may take back what a run is about to give. */
export const mayUnwish = ({ kind }: FrameworkEvent): boolean =>
  kind !== 'framework-added' && kind !== 'framework-activated' && kind !== 'roles-revived';

function addFramework(books: Books, id: FrameworkId, wish: FrameworkWish): void {
  const framework = frameworkBook(books, id);
  assert(!framework.isKnown, `framework ${id} is added twice`);
  framework.isKnown = true;
  framework.isActive = true;
  takeWish(books, framework, wish);
}

function takeWish(books: Books, framework: FrameworkBook, wish: FrameworkWish): void {
  framework.abilities = abilitiesOf(wish.capabilities);
  const roles = new Set(wish.roles);
  const suppressed = new Set(wish.suppressedRoles);
  for (const role of roles) clientOf(books, framework, role);
  // What it holds in a role that it left it goes on holding.
  for (const client of framework.clients.values()) {
    const { role } = client.role;
    client.isSubscribed = roles.has(role);
    client.isSuppressed = suppressed.has(role);
    client.constraints = wish.constraints.get(role);
    setMinimum(books, client, client.isSubscribed ? wish.minAllocatable.get(role) : undefined);
    if (!client.isSubscribed) dropRefusalsOf(books, client);
    settle(books, client);
    if (client.share.isQueued) wake(books, client);
  }
}

function deactivate(books: Books, framework: FrameworkBook): void {
  framework.isActive = false;
  for (const client of framework.clients.values()) {
    dropRefusalsOf(books, client);
    settle(books, client);
  }
  for (const { inverse } of books.scheduled) inverse.delete(framework.id);
}

function removeFramework(books: Books, id: FrameworkId): void {
  const framework = books.frameworks.get(id);
  if (framework?.isKnown !== true) return;
  deactivate(books, framework);
  if ([...framework.clients.values()].some(({ offers }) => offers > 0)) {
    const isOwn = ({ client }: OfferBook): boolean => client.framework === framework;
    closeOffers(books, [...books.offers.values()].filter(isOwn));
  }
  framework.isKnown = false;
  for (const client of framework.clients.values()) {
    client.isSubscribed = false;
    setMinimum(books, client, undefined);
    settle(books, client);
  }
  if (framework.clients.size === 0) books.frameworks.delete(id);
}

/** How many have a minimum of their own tells when an agent has nothing left worth asking about. */
function setMinimum(books: Books, client: Client, minimum: Client['minimum']): void {
  books.minima += Number(minimum !== undefined) - Number(client.minimum !== undefined);
  client.minimum = minimum;
}

/** Of the roles, or all of them when none is named. */
function clientsIn(framework: FrameworkBook, roles: readonly Role[]): readonly Client[] {
  const all = [...framework.clients.values()].filter(({ isSubscribed }) => isSubscribed);
  return roles.length === 0 ? all : all.filter(({ role }) => roles.includes(role.role));
}

function abilitiesOf(capabilities: ReadonlySet<FrameworkCapability>): number {
  return (
    (capabilities.has('REVOCABLE_RESOURCES') ? ability.revocable : 0) |
    (capabilities.has('SHARED_RESOURCES') ? ability.shared : 0) |
    (capabilities.has('RESERVATION_REFINEMENT') ? ability.refined : 0) |
    (capabilities.has('GPU_RESOURCES') ? ability.gpus : 0) |
    (capabilities.has('REGION_AWARE') ? ability.regions : 0)
  );
}
