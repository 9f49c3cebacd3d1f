/**
 * One look at one agent: who wishes for offers is asked in the order of fairness, and given what the
 * rules allow, until nothing worth offering is left.
 *
 * The queues of the shares are walked while they change: who is given something moves back in its
 * queue and is not asked twice; the others keep their order, so it is the order of the look's beginning.
 */
import type { Random } from '#internal/base/random.ts';
import { role as asRole } from '#internal/model/ids.ts';
import type { AgentBook, Books, Client } from './books.ts';
import type { Part } from './free.ts';
import { give } from './holdings.ts';
import { lacksAnyOf, type Stage } from './quota-book.ts';
import { isOffered, offerFor, type Pair } from './rules.ts';
import { itemAt, itemsOf, type Ring, ringOf } from './ring.ts';
import type { Share } from './share-tree.ts';
import { shuffledByWeight } from './shuffle.ts';

/** What was given in a look; it is held from then on. */
export type Given = { readonly agent: AgentBook; readonly client: Client; readonly part: Part };

/** Whom to ask: everybody, or just these. */
export type Audience = readonly Client[] | undefined;

type Look = {
  readonly books: Books;
  readonly agent: AgentBook;
  readonly stage: Stage;
  readonly luck: Random;
  readonly isForAll: boolean;
  /** What shares are marked with. */
  readonly number: number;
  readonly given: Given[];
  /** Those who can use the reserved are marked. */
  isMarked: boolean;
};

export function lookAtAgent(
  { books, luck }: { readonly books: Books; readonly luck: Random },
  agent: AgentBook,
  audience: Audience,
  stage: Stage,
): readonly Given[] {
  const number = ++books.tree.looks;
  const isForAll = audience === undefined;
  const given: Given[] = [];
  const look = { books, agent, stage, luck, isForAll, number, given, isMarked: false };
  if (!isOffered(agent) || !isWorthAsking(look)) return given;
  for (const { share } of audience ?? []) {
    for (let one = share; one.above !== undefined; one = one.above) one.asked = number;
  }
  visit(look, books.tree.root);
  return given;
}

/** Nobody can be offered less than the least that anybody is content with. */
export function isWorthAsking({ books, agent }: Pick<Look, 'books' | 'agent'>): boolean {
  return agent.free.hasOwn && (agent.free.isEnough || books.minima > 0);
}

function visit(look: Look, share: Share): void {
  const queue = orderOf(look, share);
  let at = 0;
  for (let one = itemAt(queue, at); one !== undefined; one = itemAt(queue, at)) {
    if (isAsked(look, one) && isReached(look, one)) {
      one.seen = look.number;
      if (one.client === undefined) visit(look, one);
      else ask(look, one.client);
      if (!isWorthAsking(look)) return;
    }
    // Who was given something stands further back now, and the next is where it was.
    if (itemAt(queue, at) === one) at++;
  }
}

function orderOf({ books, luck }: Look, share: Share): Ring<Share> {
  const { roleSorter, frameworkSorter } = books.options;
  const isOfFrameworks = share.role?.leaf === share;
  const sorter = isOfFrameworks ? frameworkSorter : roleSorter;
  return sorter === 'drf' ? share.queue : ringOf(shuffledByWeight(itemsOf(share.queue), luck));
}

function isAsked({ number, isForAll, stage }: Look, share: Share): boolean {
  if (share.seen === number || (!isForAll && share.asked !== number)) return false;
  return stage === 'fair-share' || share.role === undefined || share.role.root.lacking > 0;
}

/** When only reserved resources are left, there is no use in asking all the others. */
function isReached(look: Look, share: Share): boolean {
  const { agent, number } = look;
  if (agent.free.hasUnreserved) return true;
  if (!look.isMarked) markReserved(look);
  if (share.onPath === number) return true;
  for (let one: Share | undefined = share; one !== undefined; one = one.above) {
    if (one.reserved === number) return true;
  }
  return false;
}

function markReserved(look: Look): void {
  const { books, agent, number } = look;
  look.isMarked = true;
  for (const name of agent.free.reservedFor) {
    // Who is below a role makes that role known, so nobody is below one that is not.
    const share = books.roles.get(asRole(name))?.share;
    if (share === undefined) continue;
    share.reserved = number;
    for (let one = share; one.above !== undefined; one = one.above) one.onPath = number;
  }
}

function ask({ books, agent, stage, given }: Look, client: Client): void {
  const pair: Pair = { books, client, agent, stage, candidate: undefined, offer: undefined };
  const offer = offerFor(pair);
  if (stage === 'fair-share' && pair.offer !== pair.candidate && pair.offer !== undefined) {
    books.attention.chopped.add(agent);
  }
  if (offer === undefined) return;
  if (stage === 'guarantees' && !lacksAnyOf(client.role.root, offer.open)) return;
  given.push({ agent, client, part: give(books, agent, client, offer) });
}
