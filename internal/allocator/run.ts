/**
 * A run: whom to look at is decided at its beginning, then agent after agent is looked at, in an order
 * of chance. When a guarantee lacks something, all agents are looked at for that first, and then again
 * for everybody; what an agent gave the first time is handed out with what it gives the second time.
 */
import { type Random, randomFromSeed } from '#internal/base/random.ts';
import type { FrameworkId } from '#internal/model/ids.ts';
import { type AgentBook, type Books, type Client, lookAt } from './books.ts';
import { release } from './holdings.ts';
import { type Audience, type Given, isWorthAsking, lookAtAgent } from './look.ts';
import { dropExpired } from './refusals.ts';
import { isOffered } from './rules.ts';
import { refresh } from './share-tree.ts';
import { shuffle } from './shuffle.ts';

export type RunBook = {
  readonly books: Books;
  readonly nowMs: number;
  readonly luck: Random;
  readonly plan: readonly Planned[];
  /** How many of the plan have been looked at, first for the guarantees, then for all. */
  served: number;
  at: number;
  /** Given for guarantees and not handed out yet. */
  readonly pending: Map<AgentBook, readonly Given[]>;
};

type Planned = { readonly agent: AgentBook; readonly audience: Audience };

/** `seed` is all the luck that the run has. */
export function beginRun(books: Books, nowMs: number, seed: number): RunBook {
  dropExpired(books, nowMs);
  refresh(books.tree);
  const plan = planned(books, nowMs);
  const luck = randomFromSeed(seed);
  shuffle(plan, luck);
  const served = books.quotas.lacking > 0 ? 0 : plan.length;
  return { books, nowMs, luck, plan, served, at: 0, pending: new Map() };
}

export const isOver = ({ at, plan }: RunBook): boolean => at >= plan.length;

/** Looks at so many agents more; hands out what those that are done with gave, agent by agent. */
export function advance(
  run: RunBook,
  looksMax: number,
  handOut: (given: readonly Given[]) => void,
): void {
  refresh(run.books.tree);
  for (let looks = 0; looks < looksMax && !isOver(run); looks++) {
    if (run.served < run.plan.length) serveGuarantees(run, run.plan[run.served++]);
    else {
      const of = serveAll(run, run.plan[run.at++]);
      if (of.length > 0) handOut(of);
    }
  }
}

/** Takes back what was not handed out yet, of an agent or for a framework that changes. */
export function withdraw(run: RunBook, agent: AgentBook | undefined, id?: FrameworkId): void {
  for (const [of, given] of run.pending) {
    const isTaken = ({ client }: Given): boolean => of === agent || client.framework.id === id;
    const taken = given.filter(isTaken);
    for (const { client, part } of taken.toReversed()) {
      release(run.books, of, client, part.resources);
    }
    if (taken.length > 0)
      run.pending.set(
        of,
        given.filter((one) => !isTaken(one)),
      );
  }
}

function serveGuarantees({ books, luck, pending }: RunBook, next: Planned | undefined): void {
  if (next === undefined || next.agent.isGone || books.quotas.lacking === 0) return;
  const given = lookAtAgent({ books, luck }, next.agent, next.audience, 'guarantees');
  if (given.length > 0) pending.set(next.agent, given);
}

function serveAll({ books, luck, pending }: RunBook, next: Planned | undefined): readonly Given[] {
  if (next === undefined || next.agent.isGone) return [];
  const { agent, audience } = next;
  const before = pending.size === 0 ? undefined : pending.get(agent);
  if (before !== undefined) pending.delete(agent);
  const given = lookAtAgent({ books, luck }, agent, audience, 'fair-share');
  return before === undefined ? given : [...before, ...given];
}

/** The agents to look at, in the order in which they came; nobody is listed any more. */
function planned(books: Books, nowMs: number): Planned[] {
  const { attention } = books;
  if (attention.hasRelaxed) {
    // mark: filters ended while others waited
    for (const agent of attention.chopped) lookAt(books, agent);
    attention.chopped.clear();
    attention.hasRelaxed = false;
  }
  const awake = [...attention.clients];
  attention.clients.clear();
  for (const client of awake) {
    client.isAwake = false;
    client.wishedMs ??= nowMs;
  }
  const plan: Planned[] = [];
  for (const agent of awake.length > 0 ? books.agents.values() : inOrder(books)) {
    const audience = audienceOf(agent, awake);
    agent.isDirty = false;
    if (agent.awake.length > 0) agent.awake = [];
    if (isOffered(agent) && isWorthAsking({ books, agent })) plan.push({ agent, audience });
  }
  attention.agents.clear();
  return plan;
}

/** The listed ones; when they are many, all are gone through, who are in order already. */
function inOrder({ agents, attention: { agents: listed } }: Books): readonly AgentBook[] {
  if (listed.size * 4 > agents.size) return agents.values().filter(isListed).toArray();
  return [...listed].toSorted((one, other) => one.number - other.number);
}

const isListed = ({ isDirty, awake }: AgentBook): boolean => isDirty || awake.length > 0;

function audienceOf(agent: AgentBook, awake: readonly Client[]): Audience {
  if (agent.isDirty) return undefined;
  return agent.awake.length === 0 ? awake : [...awake, ...agent.awake];
}
