/**
 * Why a framework is offered what it is, or not. The next run is rehearsed: what it would give is what
 * is promised here. For the rest, the rules that the runs ask are asked for their reasons.
 */
import { assert } from '#internal/base/assert.ts';
import type { AgentId, Role } from '#internal/model/ids.ts';
import {
  containsQuantities,
  quantitiesWithout,
  scalarQuantities,
} from '#internal/resources/quantities.ts';
import { sum } from '#internal/resources/resources.ts';
import type { AgentBook, Books, Client } from './books.ts';
import type {
  AgentExplanation,
  Explanation,
  Question,
  Reason,
  RoleExplanation,
} from './explanation.ts';
import type { Given } from './look.ts';
import { missingOn, reasonsFor } from './reasons.ts';
import { rehearse } from './rehearsal.ts';
import { remediesFor } from './remedies.ts';
import { dropExpired } from './refusals.ts';
import type { Pair } from './rules.ts';

/** `seed` is the luck of the next run. */
export function explain(books: Books, question: Question, seed: number): Explanation {
  const { nowMs, frameworkId } = question;
  const framework = books.frameworks.get(frameworkId);
  if (framework?.isKnown !== true) return { nowMs, frameworkId, roles: [] };
  const own = [...framework.clients.values()].filter(({ isSubscribed }) => isSubscribed);
  const roles = question.role === undefined ? own.map(({ role }) => role.role) : [question.role];
  dropExpired(books, nowMs);
  const before = roles.map((role) => currentReasons(books, question, role));
  const explained = rehearse(books, { nowMs, seed }, (given) => {
    const byAgent = Map.groupBy(given, ({ agent }) => agent);
    return before.map((reasons) => reviewed(books, question, reasons, byAgent));
  });
  return { nowMs, frameworkId, roles: explained };
}

type Reasons = {
  readonly role: Role;
  readonly client: Client | undefined;
  readonly agents: readonly { readonly agent: AgentBook; readonly reasons: readonly Reason[] }[];
};

function currentReasons(books: Books, question: Question, role: Role): Reasons {
  const client = books.frameworks.get(question.frameworkId)?.clients.get(role);
  const agents = agentsAsked(books, question.agentId).map((agent) => {
    const pair = client && pairOf(books, client, agent);
    const reasons: readonly Reason[] =
      pair === undefined ? [{ kind: 'role-not-subscribed' }] : reasonsFor(pair, question.nowMs);
    return { agent, reasons };
  });
  return { role, client, agents };
}

function agentsAsked({ agents }: Books, id: AgentId | undefined): readonly AgentBook[] {
  if (id === undefined) return [...agents.values()];
  const agent = agents.get(id);
  return agent === undefined ? [] : [agent];
}

/** In the books as the next run would leave them. */
function reviewed(
  books: Books,
  question: Question,
  { role, client, agents }: Reasons,
  byAgent: ReadonlyMap<AgentBook, readonly Given[]>,
): RoleExplanation {
  const explained = agents.map(({ agent, reasons }): AgentExplanation => {
    const given = byAgent.get(agent) ?? [];
    const own = given.filter((one) => one.client === client);
    if (client !== undefined && own.length > 0) {
      const resources = sum(own.map(({ part }) => part.resources));
      return offered(question, pairOf(books, client, agent), resources);
    }
    const all =
      client === undefined || reasons.length > 0
        ? reasons
        : passedBy(books, question, { client, agent }, given);
    assert(all.length > 0, `nothing stands between ${client?.framework.id} and ${agent.id}`);
    return { agentId: agent.id, kind: 'withheld', reasons: all };
  });
  return { role, agents: explained, remedies: remediesFor(explained) };
}

/** What is less than it needs is as good as nothing. */
function offered(
  { need }: Question,
  pair: Pair,
  resources: Given['part']['resources'],
): AgentExplanation {
  const agentId = pair.agent.id;
  const has = scalarQuantities(resources);
  if (need === undefined || containsQuantities(has, need)) {
    return { agentId, kind: 'offered', resources };
  }
  const short: Reason = { kind: 'below-need', short: quantitiesWithout(need, has) };
  return { agentId, kind: 'withheld', reasons: [short, ...missingOn(pair)] };
}

/** Nothing stood in its way before the run, and it goes without: others were first, or a quota ran out. */
function passedBy(
  books: Books,
  { nowMs }: Question,
  { client, agent }: { readonly client: Client; readonly agent: AgentBook },
  given: readonly Given[],
): readonly Reason[] {
  if (given.length === 0) return reasonsFor(pairOf(books, client, agent), nowMs);
  const by = given.map((one) => ({
    frameworkId: one.client.framework.id,
    role: one.client.role.role,
  }));
  return [{ kind: 'outranked', by }];
}

function pairOf(books: Books, client: Client, agent: AgentBook): Pair {
  return { books, client, agent, stage: 'fair-share', candidate: undefined, offer: undefined };
}
