/**
 * The yardstick: an allocator as one writes it first. What everybody holds are objects with totals by
 * name; for each agent all roles are sorted by their dominant share, and in each role that still can
 * get something all frameworks are, as the early Mesos did. Shares are reckoned from the totals wherever
 * two are compared (`in-comparator`). The first thing that one would mend about it is to reckon them
 * once a sort (`once-a-sort`), which is the second yardstick.
 *
 * It knows roles, reservations, filters with the superset rule and the global minimum; quota and all
 * that came later would only slow it.
 */
import { refusalFilter } from '#internal/allocator/refusals.ts';
import { assert } from '#internal/base/assert.ts';
import type { Random } from '#internal/base/random.ts';
import type { AgentId, FrameworkId, Role } from '#internal/model/ids.ts';
import { isForRole } from '#internal/resources/reservation.ts';
import type { Resources } from '#internal/resources/resource.ts';
import {
  add,
  allocatedTo,
  contains,
  isEmpty,
  scalarMilli,
  subtract,
  unallocated,
} from '#internal/resources/resources.ts';

type Totals = Record<string, number>;

type Refusal = {
  readonly role: Role;
  readonly resources: Resources;
  readonly untilMs: number;
};

type AgentEntry = { readonly id: AgentId; readonly total: Resources; available: Resources };

type FrameworkEntry = {
  readonly id: FrameworkId;
  readonly held: Totals;
  readonly refusals: Map<AgentId, Refusal[]>;
};

type RoleEntry = {
  readonly role: Role;
  readonly held: Totals;
  readonly frameworks: FrameworkEntry[];
};

export type PlainOffer = {
  readonly frameworkId: FrameworkId;
  readonly role: Role;
  readonly agentId: AgentId;
  readonly resources: Resources;
};

export type Straightforward = {
  addAgent(id: AgentId, total: Resources): void;
  /** In one role, as most are. */
  addFramework(id: FrameworkId, role: Role): void;
  /** `refuseSeconds` undefined: returned without a word; else refused for so long. */
  giveBack(offer: PlainOffer, refuseSeconds: number | undefined, nowMs: number): void;
  /** Of the first `agentsMax` agents that luck picks, to time a part of what takes too long. */
  allocate(nowMs: number, agentsMax?: number): readonly PlainOffer[];
};

/** When shares are reckoned: for each comparison, or once for each sort. */
export type Reckoning = 'in-comparator' | 'once-a-sort';

export function newStraightforward(random: Random, reckoning: Reckoning): Straightforward {
  const agents = new Map<AgentId, AgentEntry>();
  const roles = new Map<Role, RoleEntry>();
  const frameworks = new Map<FrameworkId, FrameworkEntry>();
  const total: Totals = {};
  const inOrder = reckoning === 'in-comparator' ? inOrderReckoning : inOrderOfReckoned;
  return {
    addAgent: (id, resources) => {
      agents.set(id, { id, total: resources, available: resources });
      count(total, resources, 1);
    },
    addFramework: (id, role) => {
      const framework: FrameworkEntry = { id, held: {}, refusals: new Map() };
      frameworks.set(id, framework);
      const entry = roles.get(role) ?? { role, held: {}, frameworks: [] };
      entry.frameworks.push(framework);
      roles.set(role, entry);
    },
    giveBack: (offer, refuseSeconds, nowMs) => {
      const agent = found(agents, offer.agentId);
      const framework = found(frameworks, offer.frameworkId);
      const resources = unallocated(offer.resources);
      agent.available = add(agent.available, resources);
      count(found(roles, offer.role).held, resources, -1);
      count(framework.held, resources, -1);
      const filter = refusalFilter(refuseSeconds ?? 0, nowMs, { allocationIntervalMs: 1000 });
      if (filter === undefined) return;
      const older = framework.refusals.get(offer.agentId) ?? [];
      const refusal = { role: offer.role, resources, untilMs: filter.untilMs };
      framework.refusals.set(offer.agentId, [...older, refusal]);
    },
    allocate: (nowMs, agentsMax = agents.size) =>
      shuffled([...agents.values()], random)
        .slice(0, agentsMax)
        .flatMap((agent) =>
          allocateOn({ agent, nowMs }, [...roles.values()], (of) => inOrder(of, total)),
        ),
  };
}

type Holder = { readonly held: Totals };
type Sort = <Entry extends Holder>(entries: readonly Entry[]) => readonly Entry[];

function allocateOn(
  { agent, nowMs }: { readonly agent: AgentEntry; readonly nowMs: number },
  roles: readonly RoleEntry[],
  inOrder: Sort,
): readonly PlainOffer[] {
  const offers: PlainOffer[] = [];
  for (const role of inOrder(roles)) {
    for (const framework of inOrder(role.frameworks)) {
      if (isEmpty(agent.available)) return offers;
      const wanted = agent.available.filter((one) => isForRole(one, role.role));
      if (!isAllocatable(wanted)) break;
      if (isRefused(framework, agent, { role: role.role, wanted, nowMs })) continue;
      agent.available = subtract(agent.available, wanted);
      count(role.held, wanted, 1);
      count(framework.held, wanted, 1);
      offers.push({
        frameworkId: framework.id,
        role: role.role,
        agentId: agent.id,
        resources: allocatedTo(role.role, wanted),
      });
    }
  }
  return offers;
}

/** As the master's default has it: `cpus:0.01|mem:32`. */
const isAllocatable = (resources: Resources): boolean =>
  scalarMilli(resources, 'cpus') >= 10 || scalarMilli(resources, 'mem') >= 32_000;

function isRefused(
  { refusals }: FrameworkEntry,
  { id }: AgentEntry,
  offer: { readonly role: Role; readonly wanted: Resources; readonly nowMs: number },
): boolean {
  const list = refusals.get(id);
  if (list === undefined) return false;
  return list.some(
    ({ role, resources, untilMs }) =>
      untilMs > offer.nowMs && role === offer.role && contains(resources, offer.wanted),
  );
}

function inOrderReckoning<Entry extends Holder>(
  entries: readonly Entry[],
  total: Totals,
): readonly Entry[] {
  return entries.toSorted(
    (left, right) => dominantShare(left.held, total) - dominantShare(right.held, total),
  );
}

function inOrderOfReckoned<Entry extends Holder>(
  entries: readonly Entry[],
  total: Totals,
): readonly Entry[] {
  return entries
    .map((entry) => ({ entry, share: dominantShare(entry.held, total) }))
    .toSorted((left, right) => left.share - right.share)
    .map(({ entry }) => entry);
}

function dominantShare(held: Totals, total: Totals): number {
  let share = 0;
  for (const [name, milli] of Object.entries(held)) {
    share = Math.max(share, milli / (total[name] ?? Infinity));
  }
  return share;
}

function count(totals: Totals, resources: Resources, sign: 1 | -1): void {
  for (const { name, value } of resources) {
    if (value.kind === 'scalar') totals[name] = (totals[name] ?? 0) + sign * value.milli;
  }
}

function shuffled<Item>(items: readonly Item[], random: Random): readonly Item[] {
  return items
    .map((item) => ({ item, luck: random.below(2 ** 32) }))
    .toSorted((left, right) => left.luck - right.luck)
    .map(({ item }) => item);
}

function found<Key, Value>(map: ReadonlyMap<Key, Value>, key: Key): Value {
  const value = map.get(key);
  assert(value !== undefined, 'the benchmark speaks of something that it never added');
  return value;
}
