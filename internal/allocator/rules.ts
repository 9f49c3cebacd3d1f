/**
 * Who may be offered what: the rules, in the order in which they are asked. The allocation asks until
 * one says no; an explanation asks all of them, and each that says no for its reasons. There is no
 * second copy of a rule that could disagree.
 *
 * Rules write what they find into the pair that they judge, for those after them to read.
 */
import { assert } from '#internal/base/assert.ts';
import { chop } from '#internal/resources/limits.ts';
import type { Resources } from '#internal/resources/resource.ts';
import type { AgentBook, Books, Client } from './books.ts';
import { qualifies } from './constraints.ts';
import {
  ability,
  candidateOf,
  type Candidate,
  isEnough,
  isOpen,
  type Portion,
  portionOf,
} from './free.ts';
import { isCounted } from './ledger.ts';
import { allowance, type Room, type Stage } from './quota-book.ts';
import { isRefused } from './refusals.ts';

/** A framework in a role, and an agent. Reused from one to the next: nothing of it is kept. */
export type Pair = {
  readonly books: Books;
  readonly client: Client;
  readonly agent: AgentBook;
  readonly stage: Stage;
  /** What of the agent is free and suits the framework. */
  candidate: Candidate | undefined;
  /** What of that quota lets through. */
  offer: Portion | undefined;
};

export type RuleName =
  | 'framework-active'
  | 'role-subscribed'
  | 'role-not-suppressed'
  | 'agent-not-barred'
  | 'same-region'
  | 'gpus-wanted'
  | 'constraints-hold'
  | 'something-suits'
  | 'enough'
  | 'quota-allows'
  | 'not-refused';

export type Rule<Subject> = {
  readonly name: RuleName;
  readonly allows: (subject: Subject) => boolean;
};

/** Whether the framework wants offers for the role at all. */
export const wishRules: readonly Rule<Client>[] = [
  { name: 'framework-active', allows: ({ framework }) => framework.isActive },
  { name: 'role-subscribed', allows: ({ isSubscribed }) => isSubscribed },
  { name: 'role-not-suppressed', allows: ({ isSuppressed }) => !isSuppressed },
];

/** Whether the agent is offered at all. */
export const agentRules: readonly Rule<AgentBook>[] = [
  { name: 'agent-not-barred', allows: ({ bars }) => bars.size === 0 },
];

/** Whether the framework is offered something of the agent. */
export const pairRules: readonly Rule<Pair>[] = [
  { name: 'same-region', allows: isNear },
  { name: 'gpus-wanted', allows: wantsGpus },
  { name: 'constraints-hold', allows: isQualified },
  { name: 'something-suits', allows: findCandidate },
  { name: 'enough', allows: isCandidateEnough },
  { name: 'quota-allows', allows: chopToQuota },
  { name: 'not-refused', allows: isNotRefused },
];

export const wishes = (client: Client): boolean => wishRules.every(({ allows }) => allows(client));

export const isOffered = (agent: AgentBook): boolean =>
  agentRules.every(({ allows }) => allows(agent));

/** What the client is offered of the agent now, or undefined. */
export function offerFor(pair: Pair): Portion | undefined {
  for (const { allows } of pairRules) if (!allows(pair)) return undefined;
  assert(pair.offer !== undefined, 'all rules allow an offer, and none was made');
  return pair.offer;
}

/** A framework has to say that it minds where agents are before it gets those of other regions. */
function isNear({ client, agent }: Pair): boolean {
  if (!agent.isRemote) return true;
  return (client.framework.abilities & ability.regions) !== 0;
}

/** Scarce: who cannot use gpus is not to sit on the cpus next to them. */
function wantsGpus({ books, client, agent }: Pair): boolean {
  if (!books.options.filterGpus || !agent.hasGpus) return true;
  return (client.framework.abilities & ability.gpus) !== 0;
}

function isQualified({ client, agent }: Pair): boolean {
  return client.constraints === undefined || qualifies(client.constraints, agent.traits);
}

/** A task needs more than a shared volume: what nobody could have alone has to be there. */
function findCandidate(pair: Pair): boolean {
  const { books, client, agent, stage } = pair;
  const all = client.framework.abilities;
  // Guarantees are not met by what can be taken back at any time.
  const abilities = stage === 'guarantees' ? all & ~ability.revocable : all;
  pair.candidate = candidateOf(books.reckoning, agent.free, client.role.role, abilities);
  return pair.candidate.hasOwn;
}

function isCandidateEnough({ client, candidate }: Pair): boolean {
  if (candidate?.hasOwn !== true) return true;
  const { minimum } = client;
  return minimum === undefined ? candidate.isEnough : isEnough(candidate.resources, minimum);
}

/** Of the unreserved only as much as the role may still have; that has to be enough, too. */
function chopToQuota(pair: Pair): boolean {
  const { books, client, candidate } = pair;
  if (candidate?.hasOwn !== true || !isCandidateEnough(pair)) return true;
  const room = roomFor(pair, candidate);
  if (room === undefined) {
    pair.offer = candidate;
    return true;
  }
  const reserved = candidate.resources.filter((one) => !isOpen(one));
  const open = candidate.resources.filter(isOpen);
  const resources: Resources = [...reserved, ...chop(open, { milliMaxOf: room })];
  pair.offer = portionOf(books.names, resources);
  const minima = client.minimum ?? books.options.minAllocatable;
  return resources.some(({ shared }) => !shared) && isEnough(resources, minima);
}

/** What quota leaves of the scalars that it cuts; undefined when it cuts none. */
function roomFor(pair: Pair, { open }: Candidate): ReadonlyMap<string, number> | undefined {
  const { books, stage } = pair;
  const bounded = boundsOf(pair);
  let room: Map<string, number> | undefined;
  for (const { name, milli } of open) {
    const allowed = allowance(bounded, name, stage);
    if (allowed < milli) (room ??= new Map()).set(books.names.list[name] ?? '', allowed);
  }
  return room;
}

/** What bounds the client there. */
export function boundsOf({ books, client, agent }: Pair): Room {
  const { quotas: book } = books;
  return { book, root: client.role.root, isCounted: isCounted(agent) };
}

function isNotRefused(pair: Pair): boolean {
  return (
    pair.offer === undefined || pair.offer.resources.length === 0 || !isRefused(pair, pair.offer)
  );
}
