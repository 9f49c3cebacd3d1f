/** The next run, played in advance and undone: nothing is changed by it, not even luck. */
import type { Books } from './books.ts';
import { ungive } from './holdings.ts';
import type { Given } from './look.ts';
import { dropExpired } from './refusals.ts';
import { advance, beginRun } from './run.ts';

/**
 * `review` sees the books as the run would leave them. What it returns is returned. Refusals whose
 * time is over by `nowMs` are dropped for good: the next run is not before that.
 */
export function rehearse<Result>(
  books: Books,
  { nowMs, seed }: { readonly nowMs: number; readonly seed: number },
  review: (given: readonly Given[]) => Result,
): Result {
  dropExpired(books, nowMs);
  const recall = remember(books);
  const given: Given[] = [];
  advance(beginRun(books, nowMs, seed), Infinity, (of) => given.push(...of));
  const result = review(given);
  for (const { agent, client } of given.toReversed()) ungive(books, agent, client);
  recall();
  return result;
}

/** Whom to look at, as it is now: a run forgets it. */
export function remember({ attention }: Books): () => void {
  const agents = Array.from(attention.agents, (agent) => {
    const { isDirty, awake } = agent;
    return { agent, isDirty, awake: [...awake] };
  });
  const clients = Array.from(attention.clients, (client) => ({
    client,
    wishedMs: client.wishedMs,
  }));
  const chopped = [...attention.chopped];
  const { hasRelaxed } = attention;
  return () => {
    attention.chopped.clear();
    for (const agent of chopped) attention.chopped.add(agent);
    attention.hasRelaxed = hasRelaxed;
    for (const { agent, isDirty, awake } of agents) {
      agent.isDirty = isDirty;
      agent.awake = awake;
      attention.agents.add(agent);
    }
    for (const { client, wishedMs } of clients) {
      client.isAwake = true;
      client.wishedMs = wishedMs;
      attention.clients.add(client);
    }
  };
}
