/** Makes offers of what an agent gave in a run: one for each framework and role. */
import { add } from '#internal/resources/resources.ts';
import type { Books } from './books.ts';
import type { Allocation } from './event.ts';
import { partOf } from './free.ts';
import { replaceParts } from './ledger.ts';
import type { Given } from './look.ts';
import { openOffer } from './offer-book.ts';

/** What is to be one offer, as one. `given` is all of one agent. */
export function joined(books: Books, given: readonly Given[]): readonly Given[] {
  if (given.length < 2) return given;
  const offers: Given[] = [];
  for (const one of given) {
    const at = offers.findIndex(({ client }) => client === one.client);
    const before = offers[at];
    if (before === undefined) offers.push(one);
    else offers[at] = both(books, before, one);
  }
  return offers;
}

/** What a framework was given for its guarantee and what it got besides is one offer. */
function both(books: Books, { agent, client, part }: Given, more: Given): Given {
  // The shared volumes are the same both times.
  const resources = add(
    part.resources,
    more.part.resources.filter(({ shared }) => !shared),
  );
  const whole = partOf(books.names, resources);
  replaceParts(books, { agent, client }, [part, more.part], [whole]);
  agent.undo = undefined;
  return { agent, client, part: whole };
}

/** The offer is outstanding from now on. */
export function allocationOf(
  books: Books,
  { agent, client, part }: Given,
  nowMs: number,
): Allocation {
  const serial = ++books.offersMade;
  const { resources } = part;
  openOffer(books, { serial, agent, client, sinceMs: nowMs, resources });
  client.offeredMs = nowMs;
  return {
    serial,
    frameworkId: client.framework.id,
    role: client.role.role,
    agentId: agent.id,
    resources,
  };
}
