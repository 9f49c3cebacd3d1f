/** What the allocator knows: agents, who holds what on them, frameworks and what they wish. */
import { assert } from '#internal/base/assert.ts';
import { type AgentId, type FrameworkId, type Role, role as asRole } from '#internal/model/ids.ts';
import { format } from '#internal/resources/format.ts';
import type { Resources } from '#internal/resources/resource.ts';
import {
  add,
  contains,
  isEmpty,
  nothing,
  subtract,
  unallocated,
  without,
} from '#internal/resources/resources.ts';
import type { FrameworkWish } from './skeleton-event.ts';
import type { Refusals } from './refusals.ts';
import { countHeld, countTotal, forgetFramework, newShares, type Shares } from './shares.ts';

export type Books = {
  readonly agents: Map<AgentId, AgentBook>;
  readonly frameworks: Map<FrameworkId, FrameworkBook>;
  readonly shares: Shares;
};

export type AgentBook = {
  total: Resources;
  isActive: boolean;
  /** Allocated; by holder. */
  readonly held: Map<FrameworkId, Resources>;
  /** `total` without all that is held; unallocated. */
  available: Resources;
};

export type FrameworkBook = {
  roles: ReadonlySet<Role>;
  readonly suppressed: Set<Role>;
  capabilities: FrameworkWish['capabilities'];
  isActive: boolean;
  readonly refusals: Refusals;
};

export const newBooks = (): Books => ({
  agents: new Map(),
  frameworks: new Map(),
  shares: newShares(),
});

export function addAgent(books: Books, id: AgentId, total: Resources): void {
  assert(!books.agents.has(id), `agent ${id} is added twice`);
  books.agents.set(id, { total, isActive: true, held: new Map(), available: total });
  countTotal(books.shares, total, 1);
}

/** What is held on it is nobody's any more. */
export function removeAgent(books: Books, id: AgentId): void {
  const agent = books.agents.get(id);
  if (agent === undefined) return;
  for (const [frameworkId, held] of agent.held) release(books, id, frameworkId, held);
  countTotal(books.shares, agent.total, -1);
  books.agents.delete(id);
  for (const { refusals } of books.frameworks.values()) refusals.delete(id);
}

export function changeTotal(books: Books, id: AgentId, total: Resources): void {
  const agent = agentOf(books, id);
  countTotal(books.shares, agent.total, -1);
  countTotal(books.shares, total, 1);
  agent.total = total;
  recount(agent);
  for (const { refusals } of books.frameworks.values()) refusals.delete(id);
}

/** `resources` are allocated, perhaps to several roles. */
export function hold(
  books: Books,
  id: AgentId,
  frameworkId: FrameworkId,
  resources: Resources,
): void {
  const agent = agentOf(books, id);
  agent.held.set(frameworkId, add(agent.held.get(frameworkId) ?? nothing, resources));
  recount(agent);
  for (const [role, part] of byRole(resources)) {
    countHeld(books.shares, { role, frameworkId }, part, 1);
  }
}

export function release(
  books: Books,
  id: AgentId,
  frameworkId: FrameworkId,
  resources: Resources,
): void {
  const agent = agentOf(books, id);
  const held = agent.held.get(frameworkId) ?? nothing;
  assert(
    contains(held, resources),
    `framework ${frameworkId} returns ${format(resources)} of agent ${id}, holding ${format(held)}`,
  );
  const rest = subtract(held, resources);
  if (isEmpty(rest)) agent.held.delete(frameworkId);
  else agent.held.set(frameworkId, rest);
  recount(agent);
  for (const [role, part] of byRole(resources)) {
    countHeld(books.shares, { role, frameworkId }, part, -1);
  }
  if (!books.frameworks.has(frameworkId)) forgetFramework(books.shares, frameworkId);
}

export function agentOf({ agents }: Books, id: AgentId): AgentBook {
  const agent = agents.get(id);
  assert(agent !== undefined, `no agent ${id}`);
  return agent;
}

export function frameworkOf({ frameworks }: Books, id: FrameworkId): FrameworkBook {
  const framework = frameworks.get(id);
  assert(framework !== undefined, `no framework ${id}`);
  return framework;
}

/** Allocated resources, by the role that they are held for. */
export function byRole(resources: Resources): ReadonlyMap<Role, Resources> {
  const parts = new Map<Role, Resources>();
  for (const one of resources) {
    assert(one.allocationRole !== undefined, `${format([one])} is held for no role`);
    const role = asRole(one.allocationRole);
    parts.set(role, [...(parts.get(role) ?? []), one]);
  }
  return parts;
}

/** Less than what is held may be left of an agent that came back smaller. */
function recount(agent: AgentBook): void {
  let rest = agent.total;
  for (const held of agent.held.values()) rest = without(rest, unallocated(held));
  agent.available = rest;
}
