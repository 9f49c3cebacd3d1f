/**
 * What of an agent nobody holds, and what of that one or the other may be offered. All of it is
 * reckoned once and kept with the value that it was reckoned from: frameworks that can use the same
 * things of an agent are offered the very same portion, and a portion that comes back untouched leaves
 * the agent as it was, with all that is known about it.
 */
import {
  containsQuantities,
  type Quantities,
  scalarQuantities,
} from '#internal/resources/quantities.ts';
import {
  isAncestor,
  isForRole,
  isRefined,
  isReserved,
  reservationRole,
} from '#internal/resources/reservation.ts';
import type { Resource, Resources } from '#internal/resources/resource.ts';
import { allocatedTo, subtract, unallocated } from '#internal/resources/resources.ts';
import { type Amounts, amountsOf, type Names } from './amounts.ts';

/** Something of an agent, unallocated, and its scalars. */
export type Portion = {
  readonly resources: Resources;
  /** Without shared volumes: those are charged once, however often they are held. */
  readonly amounts: Amounts;
  /** Unreserved and not revocable: what quota is about. */
  readonly open: Amounts;
  readonly hasShared: boolean;
};

/** A portion that is held, or is about to be. */
export type Part = {
  readonly portion: Portion;
  /** Of which framework's role: as told, with the role in each resource. */
  readonly resources: Resources;
};

/** Everything of an agent that nobody holds. Shared volumes are always in it. */
export type Free = {
  readonly resources: Resources;
  readonly open: Amounts;
  /** Something unreserved is in it. */
  readonly hasUnreserved: boolean;
  /** Something is in it that is not shared. */
  readonly hasOwn: boolean;
  /** Roles that something of it is reserved for. */
  readonly reservedFor: readonly string[];
  readonly isEnough: boolean;
  readonly candidates: Map<number, Candidate>;
};

/** What suits certain frameworks. */
export type Candidate = Portion & {
  readonly hasOwn: boolean;
  /** By the cluster's minimum. */
  readonly isEnough: boolean;
  /** What stays when it is given: unsuited, and shared. */
  readonly rest: Resources;
  after: Free | undefined;
  /** As each role is given it. */
  readonly partOfRole: Map<string, Part>;
  /** Lists that were refused: whether they hold all of it. */
  readonly coveredBy: Map<Resources, boolean>;
};

/** What a framework can use, as bits. */
export const ability = { revocable: 1, shared: 2, refined: 4, gpus: 8, regions: 16 } as const;

const resourceAbilities = ability.revocable | ability.shared | ability.refined;

/** What the values of this file are reckoned with. */
export type Reckoning = {
  readonly names: Names;
  readonly minAllocatable: readonly Quantities[];
  /** What was reckoned of agents' totals, by what is in them. */
  readonly totals: Map<string, Free>;
};

export function portionOf(names: Names, resources: Resources): Portion {
  const hasShared = resources.some(({ shared }) => shared);
  const own = ownOf({ resources, hasShared });
  return {
    resources,
    amounts: amountsOf(names, own),
    open: amountsOf(names, own.filter(isOpen)),
    hasShared,
  };
}

/** Without shared volumes: what nobody else can have as long as it is held. */
export function ownOf({
  resources,
  hasShared,
}: Pick<Portion, 'resources' | 'hasShared'>): Resources {
  return hasShared ? resources.filter(({ shared }) => !shared) : resources;
}

export function partOf(names: Names, resources: Resources): Part {
  return { portion: portionOf(names, unallocated(resources)), resources };
}

export function freeOf({ names, minAllocatable }: Reckoning, resources: Resources): Free {
  return {
    resources,
    open: amountsOf(names, resources.filter(isOpen)),
    hasUnreserved: resources.some((one) => !isReserved(one)),
    hasOwn: resources.some(({ shared }) => !shared),
    reservedFor: [...new Set(resources.filter(isReserved).map(reservationRole))],
    isEnough: isEnough(resources, minAllocatable),
    candidates: new Map(),
  };
}

/**
 * What is free of an agent of which nobody holds anything. Clusters have many agents and few kinds of
 * them: those that have the same share what is reckoned of it, to the text of their offers.
 */
export function idleOf(reckoning: Reckoning, total: Resources): Free {
  const { totals } = reckoning;
  const key = JSON.stringify(total);
  const known = totals.get(key);
  if (known !== undefined) return known;
  const idle = freeOf(reckoning, total);
  if (totals.size >= totalsMax) totals.clear();
  totals.set(key, idle);
  return idle;
}

/** Beyond these what was reckoned is dropped and reckoned again. */
const keptMax = 64;
const rolesMax = 1024;
const totalsMax = 1024;

/** What of `free` a framework of the role and with the abilities may be offered. */
export function candidateOf(
  reckoning: Reckoning,
  free: Free,
  role: string,
  abilities: number,
): Candidate {
  let key = abilities & resourceAbilities;
  let bit = resourceAbilities + 1;
  for (const reserved of free.reservedFor) {
    if (isFor(reserved, role)) key += bit;
    bit *= 2;
  }
  const known = free.candidates.get(key);
  if (known !== undefined) return known;
  const candidate = newCandidate(reckoning, free, role, abilities);
  if (free.candidates.size >= keptMax) free.candidates.clear();
  // With more reservations than a number has bits, one key would stand for several.
  if (bit < Number.MAX_SAFE_INTEGER) free.candidates.set(key, candidate);
  return candidate;
}

/** What would be left of `free`. */
export function freeWithout(reckoning: Reckoning, free: Free, portion: Portion): Free {
  if (isCandidate(portion)) {
    portion.after ??= freeOf(reckoning, portion.rest);
    return portion.after;
  }
  return freeOf(reckoning, subtract(free.resources, ownOf(portion)));
}

/** The portion as the role is given it. */
export function partFor(portion: Portion, role: string): Part {
  if (!isCandidate(portion)) return { portion, resources: allocatedTo(role, portion.resources) };
  const known = portion.partOfRole.get(role);
  if (known !== undefined) return known;
  const part = { portion, resources: allocatedTo(role, portion.resources) };
  if (portion.partOfRole.size >= rolesMax) portion.partOfRole.clear();
  portion.partOfRole.set(role, part);
  return part;
}

export const isCandidate = (portion: Portion): portion is Candidate => 'coveredBy' in portion;

/** Whether the portion would be refused with `refused`; `reckon` says so, once for each list. */
export function isCovered(
  portion: Portion,
  refused: Resources,
  reckon: (refused: Resources, resources: Resources) => boolean,
): boolean {
  if (refused === portion.resources) return true;
  if (!isCandidate(portion)) return reckon(refused, portion.resources);
  const known = portion.coveredBy.get(refused);
  if (known !== undefined) return known;
  const isIt = reckon(refused, portion.resources);
  if (portion.coveredBy.size >= keptMax) portion.coveredBy.clear();
  portion.coveredBy.set(refused, isIt);
  return isIt;
}

/** Contains at least one of the minima; without any, anything is enough (contract 6.6). */
export function isEnough(resources: Resources, minima: readonly Quantities[]): boolean {
  if (resources.length === 0) return false;
  if (minima.length === 0) return true;
  const all = scalarQuantities(resources);
  return minima.some((minimum) => containsQuantities(all, minimum));
}

/** Why a resource does not suit a framework; undefined when it does. */
export function misfit(
  one: Resource,
  role: string,
  abilities: number,
): 'reserved' | keyof typeof ability | undefined {
  if (!isForRole(one, role)) return 'reserved';
  if (isRefined(one) && (abilities & ability.refined) === 0) return 'refined';
  if (one.revocable && (abilities & ability.revocable) === 0) return 'revocable';
  if (one.shared && (abilities & ability.shared) === 0) return 'shared';
  return undefined;
}

export const isOpen = (one: Resource): boolean => !isReserved(one) && !one.revocable;

function newCandidate(
  { names, minAllocatable }: Reckoning,
  free: Free,
  role: string,
  abilities: number,
): Candidate {
  const suits = (one: Resource): boolean => misfit(one, role, abilities) === undefined;
  const resources = free.resources.filter(suits);
  return {
    ...portionOf(names, resources),
    hasOwn: resources.some(({ shared }) => !shared),
    isEnough: isEnough(resources, minAllocatable),
    rest: free.resources.filter((one) => one.shared || !suits(one)),
    after: undefined,
    partOfRole: new Map(),
    coveredBy: new Map(),
  };
}

const isFor = (owner: string, role: string): boolean => owner === role || isAncestor(owner, role);
