/** Double entry: what moves on an agent moves in the shares, the quotas and the headroom as well. */
import { eachOnce } from '#internal/resources/volume.ts';
import { isReserved, reservationRole } from '#internal/resources/reservation.ts';
import type { Resources } from '#internal/resources/resource.ts';
import { type Amounts, amountsOf } from './amounts.ts';
import type { AgentBook, Books, Client, Held } from './books.ts';
import type { Free, Part } from './free.ts';
import { consume, countHeadroom, rootOf } from './quota-book.ts';
import { charge, countTotal } from './share-tree.ts';

export type Holder = { readonly agent: AgentBook; readonly client: Client };

/** Most agents have few holders: a list that is made anew takes less than a map. */
export const noParts: readonly Held[] = [];

export function partsOf({ agent, client }: Holder): readonly Part[] {
  return agent.parts.filter((held) => held.client === client).map(({ part }) => part);
}

/** The client is given the part on the agent, and holds it from now on. */
export function putPart(books: Books, holder: Holder, part: Part): void {
  const before = part.portion.hasShared ? sharedAmounts(books, partsOf(holder)) : [];
  keepParts(holder, [], [part]);
  chargePart(books, holder.client, part, { sign: 1, served: 1 });
  if (part.portion.hasShared) chargeShared(books, holder, before);
}

/** It holds `more` from now on instead of `less`, which are parts of its own there. */
export function replaceParts(
  books: Books,
  holder: Holder,
  less: readonly Part[],
  more: readonly Part[],
): void {
  const hasShared = less.some(({ portion }) => portion.hasShared);
  const before = hasShared ? sharedAmounts(books, partsOf(holder)) : [];
  for (const part of less) chargePart(books, holder.client, part, { sign: -1, served: 0 });
  for (const part of more) chargePart(books, holder.client, part, { sign: 1, served: 0 });
  keepParts(holder, less, more);
  if (hasShared) chargeShared(books, holder, before);
}

/** As if the part had never been put, which is the last one that was. */
export function takeBackPart(books: Books, holder: Holder, part: Part): void {
  const { hasShared } = part.portion;
  const before = hasShared ? sharedAmounts(books, partsOf(holder)) : [];
  chargePart(books, holder.client, part, { sign: -1, served: -1 });
  keepParts(holder, [part], []);
  if (hasShared) chargeShared(books, holder, before);
}

function keepParts(holder: Holder, less: readonly Part[], more: readonly Part[]): void {
  const { agent, client } = holder;
  const held = isHolding(holder);
  const isKept = (one: Held): boolean => one.client !== client || !less.includes(one.part);
  const kept = less.length === 0 ? agent.parts : agent.parts.filter(isKept);
  const [first, ...others] = more;
  if (first === undefined) agent.parts = kept;
  else if (kept.length === 0 && others.length === 0) agent.parts = [{ client, part: first }];
  else agent.parts = [...kept, ...more.map((part) => ({ client, part }))];
  client.agents += Number(isHolding(holder)) - Number(held);
}

const isHolding = ({ agent, client }: Holder): boolean =>
  agent.parts.some((held) => held.client === client);

export function setFree(books: Books, agent: AgentBook, free: Free): void {
  if (isCounted(agent)) {
    countHeadroom(books.quotas, agent.free.open, -1);
    countHeadroom(books.quotas, free.open, 1);
  }
  agent.free = free;
}

/** Its free resources could serve a guarantee: it is not barred, nor far away. */
export const isCounted = ({ bars, isRemote, isGone }: AgentBook): boolean =>
  !isGone && bars.size === 0 && !isRemote;

/** An agent's resources join the cluster, or leave it. */
export function countTotalOf(books: Books, total: Resources, sign: 1 | -1): void {
  countTotal(books.tree, amountsOf(books.names, total), sign);
  for (const one of total) {
    if (!isReserved(one) || one.revocable || one.value.kind !== 'scalar') continue;
    const root = rootOf(books.quotas, reservationRole(one));
    consume(books.quotas, root, amountsOf(books.names, [one]), sign);
  }
}

function chargePart(
  books: Books,
  client: Client,
  { portion }: Part,
  { sign, served }: { readonly sign: 1 | -1; readonly served: 1 | 0 | -1 },
): void {
  charge(books.tree, client.share, { amounts: portion.amounts, sign, served });
  consume(books.quotas, client.role.root, portion.open, sign);
}

function chargeShared(books: Books, holder: Holder, before: Amounts): void {
  const { share } = holder.client;
  const after = sharedAmounts(books, partsOf(holder));
  charge(books.tree, share, { amounts: before, sign: -1, served: 0 });
  charge(books.tree, share, { amounts: after, sign: 1, served: 0 });
}

/** A shared volume takes its place on the disk once, however many copies of it one holds. */
function sharedAmounts({ names }: Books, parts: readonly Part[]): Amounts {
  const shared = parts.flatMap(({ portion }) => portion.resources.filter((one) => one.shared));
  return amountsOf(names, eachOnce(shared));
}
