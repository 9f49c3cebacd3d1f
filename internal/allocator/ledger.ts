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

/** The client is given the part on the agent, and holds it from now on. */
export function putPart(books: Books, { agent, client }: Holder, part: Part): void {
  const parts = agent.parts.get(client);
  const before = part.portion.hasShared ? sharedAmounts(books, parts ?? []) : [];
  if (parts === undefined) {
    agent.parts.set(client, [part]);
    client.agents++;
  } else parts.push(part);
  chargePart(books, client, part, { sign: 1, served: 1 });
  if (part.portion.hasShared) {
    chargeShared(books, client, before, agent.parts.get(client) ?? []);
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
  for (const part of less) chargePart(books, client, part, { sign: -1, served: 0 });
  for (const part of more) chargePart(books, client, part, { sign: 1, served: 0 });
  if (less.some(({ portion }) => portion.hasShared)) {
    chargeShared(books, client, sharedAmounts(books, parts), rest);
  }
  keepParts(agent, client, rest);
}

/** As if the part had never been put, which is the last one that was. */
export function takeBackPart(books: Books, { agent, client }: Holder, part: Part): void {
  const parts = agent.parts.get(client) ?? [];
  const rest = parts.filter((one) => one !== part);
  chargePart(books, client, part, { sign: -1, served: -1 });
  if (part.portion.hasShared) chargeShared(books, client, sharedAmounts(books, parts), rest);
  keepParts(agent, client, rest);
}

function keepParts(agent: AgentBook, client: Client, parts: Part[]): void {
  if (parts.length > 0) agent.parts.set(client, parts);
  else if (agent.parts.delete(client)) client.agents--;
}

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

function chargeShared(books: Books, client: Client, before: Amounts, parts: readonly Part[]): void {
  charge(books.tree, client.share, { amounts: before, sign: -1, served: 0 });
  charge(books.tree, client.share, { amounts: sharedAmounts(books, parts), sign: 1, served: 0 });
}

/** A shared volume takes its place on the disk once, however many copies of it one holds. */
function sharedAmounts({ names }: Books, parts: readonly Part[]): Amounts {
  const shared = parts.flatMap(({ portion }) => portion.resources.filter((one) => one.shared));
  return amountsOf(names, eachOnce(shared));
}
