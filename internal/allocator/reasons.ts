/** For each rule that says no, why; `rules.ts` says when. */
import { unreachable } from '#internal/base/assert.ts';
import type { FrameworkCapability } from '#internal/model/cluster.ts';
import { type Role, role as asRole } from '#internal/model/ids.ts';
import { type Quantities, quantities } from '#internal/resources/quantities.ts';
import { reservationRole } from '#internal/resources/reservation.ts';
import type { Resource, Resources } from '#internal/resources/resource.ts';
import { contains, subtract, sum } from '#internal/resources/resources.ts';
import type { AgentBook } from './books.ts';
import { failedConstraints } from './constraints.ts';
import type { Holding, Reason } from './explanation.ts';
import { misfit } from './free.ts';
import { partsOf } from './ledger.ts';
import type { Amounts } from './amounts.ts';
import { bounds } from './quota-book.ts';
import { refusalsOf } from './refusals.ts';
import { agentRules, boundsOf, type Pair, pairRules, type RuleName, wishRules } from './rules.ts';

/** Everything that stands between the client and the agent, in the order of the rules. */
export function reasonsFor(pair: Pair, nowMs: number): readonly Reason[] {
  const broken: RuleName[] = [];
  for (const { name, allows } of wishRules) if (!allows(pair.client)) broken.push(name);
  for (const { name, allows } of agentRules) if (!allows(pair.agent)) broken.push(name);
  for (const { name, allows } of pairRules) if (!allows(pair)) broken.push(name);
  return broken.flatMap((name) => reasonsOf(name, pair, nowMs));
}

function reasonsOf(name: RuleName, pair: Pair, nowMs: number): readonly Reason[] {
  const { client, agent } = pair;
  switch (name) {
    case 'framework-active':
      return [{ kind: 'framework-inactive' }];
    case 'role-subscribed':
      return [{ kind: 'role-not-subscribed' }];
    case 'role-not-suppressed':
      return [{ kind: 'role-suppressed' }];
    case 'agent-not-barred':
      return Array.from(agent.bars, (bar) => ({ kind: 'agent-barred', bar }));
    case 'same-region':
      return [{ kind: 'other-region', region: agent.traits.domain?.region ?? '' }];
    case 'gpus-wanted':
      return [{ kind: 'gpus-not-wanted' }];
    case 'constraints-hold': {
      const failed = failedConstraints(client.constraints, agent.traits);
      return [{ kind: 'constraint', failed }];
    }
    case 'something-suits': {
      const missing = missingOn(pair);
      return missing.length > 0 ? missing : [tooLittle(pair)];
    }
    case 'enough':
      return [tooLittle(pair), ...missingOn(pair)];
    case 'quota-allows':
      return quotaReasons(pair);
    case 'not-refused': {
      const until = pair.offer === undefined ? [] : refusalsOf(pair, pair.offer);
      const remainingMs = Math.max(...until.map(({ untilMs }) => untilMs - nowMs));
      return [{ kind: 'refused', remainingMs }];
    }
    default:
      return unreachable(name);
  }
}

/** What of the agent the client does not get although it is there. */
export function missingOn(pair: Pair): readonly Reason[] {
  const { agent } = pair;
  const holdings = holdingsOn(agent).filter(({ resources }) =>
    resources.some((one) => misfitOf(pair, one) === undefined),
  );
  const held: readonly Reason[] = holdings.length === 0 ? [] : [{ kind: 'held', holdings }];
  return [...held, ...unsuited(pair, agent.free.resources)];
}

function unsuited(pair: Pair, free: Resources): readonly Reason[] {
  const reserved = free.filter((one) => misfitOf(pair, one) === 'reserved');
  const roles = [...new Set(reserved.map((one) => asRole(reservationRole(one))))];
  const others = (['refined', 'revocable', 'shared'] as const).flatMap((kind): Reason[] => {
    const resources = free.filter((one) => misfitOf(pair, one) === kind);
    const capability = capabilities[kind];
    return resources.length === 0 ? [] : [{ kind: 'capability', capability, resources }];
  });
  if (reserved.length === 0) return others;
  return [{ kind: 'reserved', roles, resources: reserved }, ...others];
}

const capabilities = {
  refined: 'RESERVATION_REFINEMENT',
  revocable: 'REVOCABLE_RESOURCES',
  shared: 'SHARED_RESOURCES',
} as const satisfies Record<string, FrameworkCapability>;

function misfitOf({ client }: Pair, one: Resource): ReturnType<typeof misfit> {
  return misfit(one, client.role.role, client.framework.abilities);
}

/** Offers one by one, then what is in use. */
function holdingsOn(agent: AgentBook): readonly Holding[] {
  return [...new Set(agent.parts.map(({ client }) => client))].flatMap((client) => {
    const parts = partsOf({ agent, client });
    const who = { frameworkId: client.framework.id, role: client.role.role };
    const offers = agent.offers.filter((offer) => offer.client === client);
    const offered = offers.map(({ resources, sinceMs: offeredMs }): Holding => {
      return { ...who, resources, offeredMs };
    });
    const held = sum(parts.map(({ resources }) => resources));
    const onOffer = sum(offers.map(({ resources }) => resources));
    const resources = contains(held, onOffer) ? subtract(held, onOffer) : held;
    const used = { ...who, resources, offeredMs: undefined };
    return resources.length === 0 ? offered : [...offered, used];
  });
}

function tooLittle({ books, client, candidate }: Pair): Reason {
  const minimum = client.minimum ?? books.options.minAllocatable;
  return { kind: 'below-minimum', resources: candidate?.resources ?? [], minimum };
}

function quotaReasons(pair: Pair): readonly Reason[] {
  const { books, client, candidate } = pair;
  const { quotas, names } = books;
  const { root } = client.role;
  const room = boundsOf(pair);
  const short = (most: (name: number) => number): Quantities =>
    shortOf(names.list, candidate?.open ?? [], most);
  const limit = short((name) => bounds(room, name).most);
  const headroom = short((name) => bounds(room, name).spare);
  const roles: readonly Role[] = [...quotas.roots.values()]
    .filter(({ role, lacking }) => lacking > 0 && role !== root.role)
    .map(({ role }) => asRole(role));
  return [
    ...(limit.milliOf.size === 0
      ? []
      : [{ kind: 'quota-limit', role: asRole(root.role), short: limit } as const]),
    ...(headroom.milliOf.size === 0
      ? []
      : [{ kind: 'quota-headroom', roles, short: headroom } as const]),
  ];
}

/** How much more there is than may be given. */
function shortOf(
  names: readonly string[],
  amounts: Amounts,
  most: (name: number) => number,
): Quantities {
  return quantities(
    amounts.map(({ name, milli }) => [names[name] ?? '', Math.max(0, milli - most(name))] as const),
  );
}
