/** What frameworks refused, for how long, and what is therefore not offered again (contract 6.6). */
import type { Resources } from '#internal/resources/resource.ts';
import { contains } from '#internal/resources/resources.ts';
import { type AgentBook, type Books, type Client, lookAtFor } from './books.ts';
import type { AllocatorOptions, RefusalFilter } from './event.ts';
import { cancel, expect, expired, type Refusal } from './expiries.ts';
import { isCovered, type Portion } from './free.ts';

const refuseSecondsDefault = 5;
const refuseSecondsMax = 31_536_000;

/**
 * The filter that a DECLINE or ACCEPT with `refuse_seconds` (undefined when it was left out) sets, or
 * undefined when the very next run may offer the same again.
 */
export function refusalFilter(
  refuseSeconds: number | undefined,
  nowMs: number,
  { allocationIntervalMs }: Pick<AllocatorOptions, 'allocationIntervalMs'>,
): RefusalFilter | undefined {
  const given = refuseSeconds ?? refuseSecondsDefault;
  if (given === 0) return undefined;
  // What does not fit into the 64-bit nanoseconds of a duration is no wish at all.
  const isDuration = given > 0 && given * 1e9 < 2 ** 63;
  const seconds = isDuration ? Math.min(given, refuseSecondsMax) : refuseSecondsDefault;
  return { untilMs: nowMs + Math.max(seconds * 1000, allocationIntervalMs) };
}

/** Of one framework in one role on one agent. The oldest is dropped: then it is asked once more. */
const refusalsMax = 64;

/** `refused` is unallocated. */
export function refuse(
  books: Books,
  { client, agent }: Pair,
  refused: Resources,
  untilMs: number,
): void {
  const refusal: Refusal = { client, agent, refused, untilMs, isOver: false };
  const older = client.refusals.get(agent) ?? [];
  const others = older.filter((one) => !outdoes(refusal, one));
  const kept = [...others, refusal].slice(-refusalsMax);
  for (const one of older) if (!kept.includes(one)) cancel(books.expiries, one);
  if (others.length >= refusalsMax) lookAtFor(books, agent, client);
  count(agent, kept.length - older.length);
  agent.refusedBy |= client.refusalBit;
  client.refusals.set(agent, kept);
  expect(books.expiries, refusal);
}

type Pair = { readonly client: Client; readonly agent: AgentBook };

/** The refusals in force that hold all of the portion. */
export function refusalsOf({ client, agent }: Pair, portion: Portion): readonly Refusal[] {
  const list = client.refusals.get(agent) ?? [];
  return list.filter(({ refused }) => isCovered(portion, refused, contains));
}

export function isRefused({ client, agent }: Pair, portion: Portion): boolean {
  if ((agent.refusedBy & client.refusalBit) === 0) return false;
  const list = client.refusals.get(agent);
  if (list === undefined) return false;
  for (const { refused } of list) if (isCovered(portion, refused, contains)) return true;
  return false;
}

/** Those whose time is over by now: what they kept apart is looked at again. */
export function dropExpired(books: Books, nowMs: number): void {
  for (const refusal of expired(books.expiries, nowMs)) {
    const { client, agent } = refusal;
    const kept = (client.refusals.get(agent) ?? []).filter((one) => one !== refusal);
    if (kept.length > 0) client.refusals.set(agent, kept);
    else client.refusals.delete(agent);
    count(agent, -1);
    lookAtFor(books, agent, client);
  }
}

/** Revived, disconnected, or not in that role any more. Wake it, if it goes on wishing. */
export function dropRefusalsOf({ expiries }: Books, { refusals }: Client): void {
  for (const [agent, list] of refusals) {
    count(agent, -list.length);
    for (const one of list) cancel(expiries, one);
  }
  refusals.clear();
}

/** The agent is another than the one that was refused. Look at it. */
export function dropRefusalsOn({ expiries, frameworks }: Books, agent: AgentBook): void {
  if (agent.refusals === 0) return;
  for (const { clients } of frameworks.values()) {
    for (const { refusals } of clients.values()) {
      for (const one of refusals.get(agent) ?? []) cancel(expiries, one);
      refusals.delete(agent);
    }
  }
  count(agent, -agent.refusals);
}

function count(agent: AgentBook, change: number): void {
  agent.refusals += change;
  if (agent.refusals === 0) agent.refusedBy = 0;
}

function outdoes(newer: Refusal, older: Refusal): boolean {
  return newer.untilMs >= older.untilMs && contains(newer.refused, older.refused);
}
