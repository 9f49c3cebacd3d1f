/** Who holds what of an agent: given, taken, returned, turned into something else. */
import { assert } from '#internal/base/assert.ts';
import { type Role, role as asRole } from '#internal/model/ids.ts';
import { format } from '#internal/resources/format.ts';
import { isSameThing } from '#internal/resources/identity.ts';
import type { Resource, Resources } from '#internal/resources/resource.ts';
import {
  add,
  contains,
  subtract,
  sum,
  unallocated,
  without,
} from '#internal/resources/resources.ts';
import { equalValues } from '#internal/resources/value.ts';
import { type AgentBook, type Books, type Client, lookAt, relax } from './books.ts';
import { dropIdle } from './clients.ts';
import {
  freeOf,
  freeWithout,
  idleOf,
  ownOf,
  type Part,
  partFor,
  partOf,
  type Portion,
} from './free.ts';
import {
  countTotalOf,
  isCounted,
  partsOf,
  type Holder,
  putPart,
  replaceParts,
  setFree,
  takeBackPart,
} from './ledger.ts';

/** Gives a portion of what is free. */
export function give(books: Books, agent: AgentBook, client: Client, portion: Portion): Part {
  const part = partFor(portion, client.role.role);
  const { free: before, undo: next } = agent;
  setFree(books, agent, freeWithout(books.reckoning, before, portion));
  agent.undo = { part, before, next };
  putPart(books, { agent, client }, part);
  // A guarantee that is met from elsewhere leaves more of the headroom for others.
  if (!isCounted(agent)) relax(books);
  return part;
}

/** As if what was given to the client last had not been given to it, to the last detail. */
export function ungive(books: Books, agent: AgentBook, client: Client): void {
  const { undo } = agent;
  assert(undo !== undefined, `nothing was just given on ${agent.id}`);
  takeBackPart(books, { agent, client }, undo.part);
  setFree(books, agent, undo.before);
  agent.undo = undo.next;
}

/** What a task uses already; not necessarily free. */
export function take(books: Books, agent: AgentBook, client: Client, resources: Resources): void {
  const part = partOf(books.names, resources);
  const { free } = agent;
  agent.undo = undefined;
  putPart(books, { agent, client }, part);
  const own = ownOf(part.portion);
  if (!agent.isOverdrawn && contains(free.resources, own)) {
    setFree(books, agent, freeOf(books.reckoning, subtract(free.resources, own)));
  } else recount(books, agent);
}

/** Gives back some of what the client holds. */
export function release(
  books: Books,
  agent: AgentBook,
  client: Client,
  resources: Resources,
): void {
  const whole = partHeld(agent, client, resources);
  if (whole !== undefined) {
    replaceParts(books, { agent, client }, [whole], []);
    putBack(books, agent, whole);
  } else {
    const [found, rest] = outOf(books, { agent, client }, resources);
    replaceParts(books, { agent, client }, found, rest);
    putBack(books, agent, partOf(books.names, resources));
  }
  dropIdle(books, client);
}

/**
 * The part that is just these resources. Known again by what is in it, and not by which array it is: a
 * recording is played with arrays of its own.
 */
export function partHeld(agent: AgentBook, client: Client, resources: Resources): Part | undefined {
  const held = agent.parts.find(
    (one) => one.client === client && isSameList(one.part.resources, resources),
  );
  return held?.part;
}

function isSameList(left: Resources, right: Resources): boolean {
  if (left === right) return true;
  if (left.length !== right.length) return false;
  return left.every((one, at) => {
    const other = right[at];
    return other !== undefined && isSameThing(one, other) && equalValues(one.value, other.value);
  });
}

/** An operation has made `converted` of `consumed`; of what `client` holds, or of what is free. */
export function convert(
  books: Books,
  agent: AgentBook,
  client: Client | undefined,
  { consumed, converted }: { readonly consumed: Resources; readonly converted: Resources },
): void {
  const [less, more] = [unallocated(consumed), unallocated(converted)];
  if (client === undefined) {
    assert(contains(agent.free.resources, less), `${format(less)} is not free on ${agent.id}`);
  } else {
    const [found, rest] = outOf(books, { agent, client }, consumed);
    const kept = converted.length === 0 ? rest : [...rest, partOf(books.names, converted)];
    replaceParts(books, { agent, client }, found, kept);
    dropIdle(books, client);
  }
  setTotal(books, agent, add(subtract(agent.total, less), more));
}

/** The agent has something else from now on; what is held of it stays held. */
export function setTotal(books: Books, agent: AgentBook, total: Resources): void {
  countTotalOf(books, agent.total, -1);
  countTotalOf(books, total, 1);
  agent.idle = idleOf(books.reckoning, total);
  agent.total = agent.idle.resources;
  recount(books, agent);
  lookAt(books, agent);
  relax(books);
}

/** Nothing of the agent is held any more. */
export function releaseAll(books: Books, agent: AgentBook): void {
  for (const { client, part } of agent.parts) {
    replaceParts(books, { agent, client }, [part], []);
    dropIdle(books, client);
  }
  agent.undo = undefined;
  setFree(books, agent, agent.idle);
}

/** What was a part of its own just comes back: the agent is as it was before it was given. */
function putBack(books: Books, agent: AgentBook, part: Part): void {
  const { undo } = agent;
  agent.undo = undefined;
  if (agent.isOverdrawn) recount(books, agent);
  else if (undo?.part === part) {
    setFree(books, agent, undo.before);
    agent.undo = undo.next;
  } else if (agent.parts.length === 0) setFree(books, agent, agent.idle);
  else {
    const back = add(agent.free.resources, ownOf(part.portion));
    setFree(books, agent, freeOf(books.reckoning, back));
  }
  lookAt(books, agent);
  relax(books);
}

/** Less than what is held may be left of an agent that came back smaller. */
function recount(books: Books, agent: AgentBook): void {
  const { parts } = agent;
  const held = sum(parts.map(({ part }) => ownOf(part.portion)));
  agent.undo = undefined;
  agent.isOverdrawn = !contains(agent.total, held);
  const rest = agent.isOverdrawn ? without(agent.total, held) : subtract(agent.total, held);
  setFree(books, agent, parts.length === 0 ? agent.idle : freeOf(books.reckoning, rest));
}

/** The parts that hold `resources` between them, and what stays of those without them. */
function outOf(
  books: Books,
  { agent, client }: Holder,
  resources: Resources,
): readonly [readonly Part[], readonly Part[]] {
  const parts = partsOf({ agent, client });
  const one = parts.find((part) => contains(part.resources, resources));
  const found = one === undefined ? parts : [one];
  const held = one?.resources ?? sum(parts.map((part) => part.resources));
  assert(
    contains(held, resources),
    `framework ${client.framework.id} returns ${format(resources)} of agent ${agent.id}, ` +
      `holding ${format(held)}`,
  );
  const rest = subtract(held, resources);
  return [found, rest.length === 0 ? [] : [partOf(books.names, rest)]];
}

/** Allocated resources, by the role that they are held for. */
export function byRole(resources: Resources): ReadonlyMap<Role, Resources> {
  const parts = new Map<Role, Resource[]>();
  const [first] = resources;
  if (first?.allocationRole !== undefined && resources.every(isOf(first.allocationRole))) {
    // The array itself, by which a part that comes back whole is known again.
    return new Map([[asRole(first.allocationRole), resources]]);
  }
  for (const one of resources) {
    assert(one.allocationRole !== undefined, `${format([one])} is held for no role`);
    const role = asRole(one.allocationRole);
    const part = parts.get(role);
    if (part === undefined) parts.set(role, [one]);
    else part.push(one);
  }
  return parts;
}

const isOf =
  (role: string) =>
  ({ allocationRole }: Resource): boolean =>
    allocationRole === role;
