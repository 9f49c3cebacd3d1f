/** Double entry: what moves on an agent moves in the shares, the quotas and the headroom as well. */
import { eachOnce } from '#internal/resources/volume.ts';
import { isReserved, reservationRole } from '#internal/resources/reservation.ts';
import type { Resources } from '#internal/resources/resource.ts';
import { type Amounts, amountsOf } from './amounts.ts';
import type { AgentBook, Books, Client } from './books.ts';
import type { Free, Part } from './free.ts';
import { consume, countHeadroom, rootOf } from './quota-book.ts';
import { charge, countTotal } from './share-tree.ts';

export type Holder = { readonly agent: AgentBook; readonly client: Client };

/** The client holds the part on the agent from now on. */
export function putPart(books: Books, { agent, client }: Holder, part: Part): void {
  const parts = agent.parts.get(client);
  const before = part.portion.hasShared ? sharedAmounts(books, parts ?? []) : [];
  if (parts === undefined) {
    agent.parts.set(client, [part]);
    client.agents++;
  } else parts.push(part);
  chargePart(books, client, part, 1);
  if (part.portion.hasShared) {
    charge(books.tree, client.share, before, -1);
    charge(books.tree, client.share, sharedAmounts(books, agent.parts.get(client) ?? []), 1);
  }
}

/** It holds `more` from now on instead of `less`, which are parts of its own there. */
export function replaceParts(
  books: Books,
  { agent, client }: Holder,
  less: readonly Part[],
  more: readonly Part[],
): void {
  const parts = agent.parts.get(client) ?? [];
  const rest = [...parts.filter((part) => !less.includes(part)), ...more];
  for (const part of less) chargePart(books, client, part, -1);
  for (const part of more) chargePart(books, client, part, 1);
  if (less.some(({ portion }) => portion.hasShared)) {
    charge(books.tree, client.share, sharedAmounts(books, parts), -1);
    charge(books.tree, client.share, sharedAmounts(books, rest), 1);
  }
  if (rest.length > 0) agent.parts.set(client, rest);
  else if (agent.parts.delete(client)) client.agents--;
}

export function setFree(books: Books, agent: AgentBook, free: Free): void {
  if (isCounted(books, agent)) {
    countHeadroom(books.quotas, agent.free.open, -1);
    countHeadroom(books.quotas, free.open, 1);
  }
  agent.free = free;
}

/** Its free resources could serve a guarantee: it is not barred, nor far away. */
export function isCounted({ options }: Books, { bars, traits, isGone }: AgentBook): boolean {
  return !isGone && bars.size === 0 && !isRemote(options.region, traits.domain?.region);
}

/** Without a domain on either side nothing is far away. */
export function isRemote(own: string | undefined, region: string | undefined): boolean {
  return own !== undefined && region !== undefined && own !== region;
}

/** An agent's resources join the cluster, or leave it. */
export function countTotalOf(books: Books, total: Resources, sign: 1 | -1): void {
  countTotal(books.tree, amountsOf(books.names, total), sign);
  for (const one of total) {
    if (!isReserved(one) || one.revocable || one.value.kind !== 'scalar') continue;
    const root = rootOf(books.quotas, reservationRole(one));
    consume(books.quotas, root, amountsOf(books.names, [one]), sign);
  }
}

function chargePart(books: Books, client: Client, { portion }: Part, sign: 1 | -1): void {
  charge(books.tree, client.share, portion.amounts, sign);
  consume(books.quotas, client.role.root, portion.open, sign);
}

/** A shared volume takes its place on the disk once, however many copies of it one holds. */
function sharedAmounts({ names }: Books, parts: readonly Part[]): Amounts {
  const shared = parts.flatMap(({ portion }) => portion.resources.filter((one) => one.shared));
  return amountsOf(names, eachOnce(shared));
}
