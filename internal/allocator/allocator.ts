/**
 * Who is offered what: dominant-resource fairness between roles, then between the frameworks of a
 * role. Deterministic: the same events, times and luck give the same allocations. Nothing is ever
 * allocated twice; all that is free on an agent and suits a framework is allocated to it at once.
 */
import { unreachable } from '#internal/base/assert.ts';
import type { Random } from '#internal/base/random.ts';
import type { AgentId, FrameworkId, Role } from '#internal/model/ids.ts';
import type { Resources } from '#internal/resources/resource.ts';
import { allocatedTo, isEmpty, unallocated } from '#internal/resources/resources.ts';
import {
  addAgent,
  type AgentBook,
  agentOf,
  type Books,
  byRole,
  changeTotal,
  frameworkOf,
  hold,
  newBooks,
  release,
  removeAgent,
} from './books.ts';
import { candidateFor, isAllocatable } from './candidate.ts';
import type {
  Allocation,
  AllocatorEvent,
  AllocatorOptions,
  FrameworkWish,
  RefusalFilter,
} from './skeleton-event.ts';
import { dropExpired, dropRoles, isRefused, type Refusals, refuseOn } from './refusals.ts';
import { forgetFramework, frameworksInOrder, rolesInOrder } from './shares.ts';

export type Allocator = {
  handle(event: AllocatorEvent): void;
  /** One run over all agents, in an order of chance. What it gives is held from now on. */
  allocate(time: { readonly nowMs: number }): readonly Allocation[];
};

export function newAllocator(
  { random }: { readonly random: Random },
  options: AllocatorOptions,
): Allocator {
  const books = newBooks();
  return {
    handle: (event) => {
      if (isWish(event)) takeWish(books, event);
      else takeCount(books, event);
    },
    allocate: ({ nowMs }) => {
      for (const { refusals } of books.frameworks.values()) dropExpired(refusals, nowMs);
      const wishes = wishesByRole(books);
      if (wishes.size === 0) return [];
      return shuffled([...books.agents.keys()], random).flatMap((id) =>
        allocateOn(books, id, wishes, options),
      );
    },
  };
}

type WishEvent = Extract<AllocatorEvent, { kind: `framework-${string}` | `roles-${string}` }>;

const isWish = (event: AllocatorEvent): event is WishEvent => !('agentId' in event);

function takeCount(books: Books, event: Exclude<AllocatorEvent, WishEvent>): void {
  switch (event.kind) {
    case 'agent-added':
      addAgent(books, event.agentId, event.total);
      for (const { frameworkId, resources } of event.used) {
        hold(books, event.agentId, frameworkId, resources);
      }
      return;
    case 'agent-removed':
      removeAgent(books, event.agentId);
      return;
    case 'agent-activated':
      agentOf(books, event.agentId).isActive = true;
      return;
    case 'agent-deactivated':
      agentOf(books, event.agentId).isActive = false;
      return;
    case 'agent-updated':
      changeTotal(books, event.agentId, event.total);
      return;
    case 'resources-taken':
      hold(books, event.agentId, event.frameworkId, event.resources);
      return;
    case 'resources-returned':
      takeBack(books, event);
      return;
    default:
      unreachable(event);
  }
}

function takeWish(books: Books, event: WishEvent): void {
  const { frameworkId: id } = event;
  switch (event.kind) {
    case 'framework-added':
      books.frameworks.set(id, {
        roles: new Set(event.roles),
        suppressed: new Set(event.suppressedRoles),
        capabilities: event.capabilities,
        isActive: true,
        refusals: new Map(),
      });
      return;
    case 'framework-updated':
      changeWish(books, id, event);
      return;
    case 'framework-removed':
      books.frameworks.delete(id);
      forgetFramework(books.shares, id);
      return;
    case 'framework-activated':
      frameworkOf(books, id).isActive = true;
      return;
    case 'framework-deactivated': {
      const framework = frameworkOf(books, id);
      framework.isActive = false;
      framework.refusals.clear();
      return;
    }
    case 'roles-suppressed': {
      const { roles, suppressed } = frameworkOf(books, id);
      for (const role of event.roles.length > 0 ? event.roles : roles) suppressed.add(role);
      return;
    }
    case 'roles-revived': {
      const { roles, suppressed, refusals } = frameworkOf(books, id);
      const revived = event.roles.length > 0 ? new Set(event.roles) : roles;
      for (const role of revived) suppressed.delete(role);
      dropRoles(refusals, (role) => revived.has(role));
      return;
    }
    default:
      unreachable(event);
  }
}

function changeWish(books: Books, id: FrameworkId, wish: FrameworkWish): void {
  const framework = frameworkOf(books, id);
  framework.roles = new Set(wish.roles);
  framework.capabilities = wish.capabilities;
  framework.suppressed.clear();
  for (const role of wish.suppressedRoles) framework.suppressed.add(role);
  dropRoles(framework.refusals, (role) => !framework.roles.has(role));
}

function takeBack(
  books: Books,
  event: Extract<AllocatorEvent, { kind: 'resources-returned' }>,
): void {
  const { agentId, frameworkId, resources, filter } = event;
  // What was held on an agent that left was forgotten with it.
  if (!books.agents.has(agentId)) return;
  release(books, agentId, frameworkId, resources);
  const framework = books.frameworks.get(frameworkId);
  if (framework?.isActive === true && filter !== undefined) {
    refuse(framework.refusals, event, filter);
  }
}

function refuse(
  refusals: Refusals,
  { agentId, resources }: { readonly agentId: AgentId; readonly resources: Resources },
  { untilMs }: RefusalFilter,
): void {
  for (const [role, part] of byRole(resources)) {
    refuseOn(refusals, agentId, { role, refused: unallocated(part), untilMs });
  }
}

/** The active frameworks that want offers, by the role for which they want them. */
type Wishes = ReadonlyMap<Role, readonly FrameworkId[]>;

function wishesByRole({ frameworks }: Books): Wishes {
  const wishes = new Map<Role, FrameworkId[]>();
  for (const [id, { isActive, roles, suppressed }] of frameworks) {
    for (const role of isActive ? roles : []) {
      if (suppressed.has(role)) continue;
      const ids = wishes.get(role);
      if (ids === undefined) wishes.set(role, [id]);
      else ids.push(id);
    }
  }
  return wishes;
}

function allocateOn(
  books: Books,
  agentId: AgentId,
  wishes: Wishes,
  options: AllocatorOptions,
): readonly Allocation[] {
  const agent = agentOf(books, agentId);
  const given: Allocation[] = [];
  if (!agent.isActive || !isAllocatable(agent.available, options)) return given;
  for (const role of rolesInOrder(books.shares, wishes.keys())) {
    for (const id of frameworksInOrder(books.shares, role, wishes.get(role) ?? [])) {
      const wanted = wantedBy(books, id, role, { ...agent, id: agentId });
      if (!isAllocatable(wanted, options)) continue;
      const resources = allocatedTo(role, wanted);
      hold(books, agentId, id, resources);
      given.push({ frameworkId: id, role, agentId, resources });
      if (isEmpty(agent.available)) return given;
    }
  }
  return given;
}

/** What a framework would be offered of what is free, if it were its turn. */
function wantedBy(
  books: Books,
  id: FrameworkId,
  role: Role,
  agent: AgentBook & { readonly id: AgentId },
): Resources {
  const framework = frameworkOf(books, id);
  const resources = candidateFor(framework, role, agent, agent.available);
  return isRefused(framework.refusals, agent.id, { role, resources }) ? [] : resources;
}

function shuffled<Item>(items: Item[], random: Random): readonly Item[] {
  const result = [...items];
  for (let last = result.length - 1; last > 0; last--) {
    const at = random.below(last + 1);
    const [one, other] = [result[at], result[last]];
    if (one !== undefined && other !== undefined) [result[at], result[last]] = [other, one];
  }
  return result;
}
