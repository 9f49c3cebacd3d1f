/**
 * Judges what an allocator gave out by the truth beside it. Each law that is broken is one sentence.
 */
import { role as asRole, type Role } from '#internal/model/ids.ts';
import type { AgentTraits } from '#internal/model/offer-constraints.ts';
import { format } from '#internal/resources/format.ts';
import { chop, roomLeft } from '#internal/resources/limits.ts';
import {
  containsQuantities,
  quantities,
  scalarQuantities,
} from '#internal/resources/quantities.ts';
import { isReserved } from '#internal/resources/reservation.ts';
import type { Resource, Resources } from '#internal/resources/resource.ts';
import { allocatedTo, contains, isEmpty, unallocated } from '#internal/resources/resources.ts';
import { qualifies } from '../constraints.ts';
import type { Allocation, AllocatorOptions } from '../event.ts';
import {
  type AgentTruth,
  consumptionOf,
  type FrameworkTruth,
  freeOn,
  isRefused,
  isWished,
  rootOf,
  suitable,
  type Truth,
} from './cluster-truth.ts';

/** What top-level roles with quota consume, and what is left for whom; by name, in thousandths. */
export type Standing = {
  readonly consumed: ReadonlyMap<string, Map<string, number>>;
  /** Unreserved and free on agents that could serve a guarantee. */
  readonly headroom: Map<string, number>;
};

export function standingOf(truth: Truth, options: AllocatorOptions): Standing {
  const roots = [...truth.quotas.keys()];
  const headroom = new Map<string, number>();
  for (const agent of roots.length === 0 ? [] : truth.agents.values()) {
    if (servesGuarantees(agent, options)) count(headroom, openOf(freeOn(agent)), 1);
  }
  return { consumed: new Map(roots.map((root) => [root, consumptionOf(truth, root)])), headroom };
}

/** The standing after an offer of an agent. */
export function standAfter(
  { consumed, headroom }: Standing,
  agent: AgentTruth,
  { role, resources }: Allocation,
  options: AllocatorOptions,
): void {
  const open = openOf(unallocated(resources));
  if (servesGuarantees(agent, options)) count(headroom, open, -1);
  const own = consumed.get(rootOf(role));
  if (own !== undefined) count(own, open, 1);
}

/** What is wrong with an offer that was just made and counts in neither truth nor standing yet. */
export function objections(
  truth: Truth,
  standing: Standing,
  offer: Allocation,
  options: AllocatorOptions,
): readonly string[] {
  const agent = truth.agents.get(offer.agentId);
  const framework = truth.frameworks.get(offer.frameworkId);
  if (agent === undefined || framework === undefined) return ['it is of nobody, or for nobody'];
  const { role } = offer;
  const bare = unallocated(offer.resources);
  const faults = {
    'it is not free': !contains(freeOn(agent), bare),
    'the framework is away, or does not wish for it': !isWished(framework, role),
    'the agent is barred': agent.bars.size > 0,
    'the framework cannot use it': !isSuited(framework, role, agent, options),
    'some of it is not for the role, or for others': !isForThem(framework, role, bare),
    'it was refused': isRefused(framework, offer, truth.nowMs),
    'it is too small': !isEnough(framework, role, bare, options),
    'it does not say for whom': !offer.resources.every((one) => one.allocationRole === role),
    'it exceeds the quota of the role': exceedsLimits(truth, standing, role, bare),
  };
  return Object.entries(faults).flatMap(([fault, isSo]) => (isSo ? [fault] : []));
}

/** What a role still lacks of its guarantee. */
function lackOf(truth: Truth, { consumed }: Standing, root: string, name: string): number {
  const guarantees = truth.quotas.get(asRole(root))?.guarantees.milliOf;
  return Math.max(0, (guarantees?.get(name) ?? 0) - (consumed.get(root)?.get(name) ?? 0));
}

/** Top-level roles that lack something, and what. */
export function lacksOf(truth: Truth, standing: Standing): ReadonlyMap<string, readonly string[]> {
  const lacks = new Map<string, readonly string[]>();
  for (const [root, { guarantees }] of truth.quotas) {
    const names = [...guarantees.milliOf.keys()];
    const lacking = names.filter((name) => lackOf(truth, standing, root, name) > 0);
    if (lacking.length > 0) lacks.set(root, lacking);
  }
  return lacks;
}

/** What the roles with quota lack together, and what each does. */
type Lacks = (root: string | undefined, name: string) => number;

export function lacksBy(truth: Truth, standing: Standing): Lacks {
  const known = new Map<string, number>();
  for (const root of truth.quotas.keys()) {
    for (const [name] of truth.quotas.get(root)?.guarantees.milliOf ?? []) {
      const lack = lackOf(truth, standing, root, name);
      known.set(`${root} ${name}`, lack);
      known.set(name, (known.get(name) ?? 0) + lack);
    }
  }
  return (root, name) => known.get(root === undefined ? name : `${root} ${name}`) ?? 0;
}

/**
 * What a run gave although it was to be kept: beyond what he lacked himself nobody is given anything of
 * which there is not enough left for what others still lack. `before` and `after` the run.
 */
export function headroomFaults(
  truth: Truth,
  { before, after }: { readonly before: Lacks; readonly after: Standing },
  offers: readonly Allocation[],
  options: AllocatorOptions,
): readonly string[] {
  const given = new Map<string, Map<string, number>>();
  for (const { role, agentId, resources } of offers) {
    const agent = truth.agents.get(agentId);
    if (agent === undefined || !servesGuarantees(agent, options)) continue;
    const own = given.get(rootOf(role)) ?? new Map<string, number>();
    given.set(rootOf(role), own);
    count(own, openOf(unallocated(resources)), 1);
  }
  const lacks = lacksBy(truth, after);
  return [...given].flatMap(([root, amounts]) =>
    [...amounts]
      .filter(([name, milli]) => {
        const others = lacks(undefined, name);
        return milli > before(root, name) && others > (after.headroom.get(name) ?? 0) && others > 0;
      })
      .map(([name, milli]) => `${root} was given ${name}:${milli / 1000}, kept for others`),
  );
}

/**
 * What ought to have been given of an agent and was not. To be asked after a run. While guarantees are
 * unmet, only who lacks something of his own can claim what is unreserved.
 */
export function claims(
  truth: Truth,
  standing: Standing,
  agent: AgentTruth,
  options: AllocatorOptions,
): readonly string[] {
  const free = freeOn(agent);
  if (agent.bars.size > 0 || isEmpty(free)) return [];
  const lacks = lacksOf(truth, standing);
  const found: string[] = [];
  for (const framework of truth.frameworks.values()) {
    if (!framework.isActive) continue;
    for (const role of framework.wish.roles) {
      if (!isWished(framework, role) || !isSuited(framework, role, agent, options)) continue;
      const due = dueOf(truth, standing, { framework, role, agent, free, lacks }, options);
      if (isEmpty(due)) continue;
      found.push(`${framework.id} has not got ${format(due)} of ${agent.id} for ${role}`);
    }
  }
  return found;
}

type Claim = {
  readonly framework: FrameworkTruth;
  readonly role: Role;
  readonly agent: AgentTruth;
  readonly free: Resources;
  readonly lacks: ReadonlyMap<string, readonly string[]>;
};

/** Guarantees are met where everybody is: what is free elsewhere is kept for nobody. */
const servesGuarantees = ({ bars, description }: AgentTruth, options: AllocatorOptions): boolean =>
  bars.size === 0 && !isRemote(description.traits, options);

function dueOf(
  truth: Truth,
  { consumed }: Standing,
  { framework, role, agent, free, lacks }: Claim,
  options: AllocatorOptions,
): Resources {
  const own = suitable(free, role, framework.wish.capabilities);
  const root = rootOf(role);
  const isLacking = (lacks.get(root) ?? []).some((name) =>
    own.some((one) => one.name === name && isOpen(one)),
  );
  const isKeptForNobody = lacks.size === 0 || !servesGuarantees(agent, options);
  // Kept free for guarantees, perhaps; what is reserved for it is its own in any case.
  const claimed = isKeptForNobody || isLacking ? own : own.filter(isReserved);
  const due = withinQuota(truth, role, claimed, consumed.get(root) ?? new Map());
  // Volumes that are shared are given with something else, or not at all.
  if (due.every(({ shared }) => shared)) return [];
  if (!isEnough(framework, role, due, options)) return [];
  const offer = { agentId: agent.id, role, resources: allocatedTo(role, due) };
  return isRefused(framework, offer, truth.nowMs) ? [] : due;
}

/** Scalars that are not reserved are cut to what the limits leave. */
function withinQuota(
  { quotas }: Truth,
  role: Role,
  list: Resources,
  consumed: ReadonlyMap<string, number>,
): Resources {
  const bounds = quotas.get(asRole(rootOf(role)))?.limits;
  if (bounds === undefined || bounds.milliMaxOf.size === 0) return list;
  const room = roomLeft(bounds, quantities(consumed));
  return [...list.filter((one) => !isOpen(one)), ...chop(openOf(list), room)];
}

function exceedsLimits(
  { quotas }: Truth,
  { consumed }: Standing,
  role: Role,
  bare: Resources,
): boolean {
  const root = rootOf(role);
  const bounds = quotas.get(asRole(root))?.limits.milliMaxOf ?? new Map<string, number>();
  const more = scalarQuantities(openOf(bare)).milliOf;
  return [...bounds].some(([name, milliMax]) => {
    const milli = more.get(name) ?? 0;
    return milli > 0 && (consumed.get(root)?.get(name) ?? 0) + milli > milliMax;
  });
}

/** What quota is about. */
const isOpen = (one: Resource): boolean => !isReserved(one) && !one.revocable;
const openOf = (list: Resources): Resources => list.filter(isOpen);

function count(amounts: Map<string, number>, list: Resources, sign: 1 | -1): void {
  for (const [name, milli] of scalarQuantities(list).milliOf) {
    amounts.set(name, (amounts.get(name) ?? 0) + sign * milli);
  }
}

function isSuited(
  { wish }: FrameworkTruth,
  role: Role,
  { description: { total, traits } }: AgentTruth,
  options: AllocatorOptions,
): boolean {
  const hasGpus = total.some(({ name }) => name === 'gpus');
  return (
    (!hasGpus || !options.filterGpus || wish.capabilities.has('GPU_RESOURCES')) &&
    (!isRemote(traits, options) || wish.capabilities.has('REGION_AWARE')) &&
    qualifies(wish.constraints.get(role), traits)
  );
}

const isRemote = ({ domain }: AgentTraits, { region }: AllocatorOptions): boolean =>
  region !== undefined && domain !== undefined && domain.region !== region;

function isForThem({ wish }: FrameworkTruth, role: Role, bare: Resources): boolean {
  return suitable(bare, role, wish.capabilities).length === bare.length;
}

function isEnough(
  { wish }: FrameworkTruth,
  role: Role,
  bare: Resources,
  options: AllocatorOptions,
): boolean {
  if (isEmpty(bare)) return false;
  const minima = wish.minAllocatable.get(role) ?? options.minAllocatable;
  const given = scalarQuantities(bare);
  return minima.length === 0 || minima.some((minimum) => containsQuantities(given, minimum));
}
