/**
 * Quota of top-level roles (contract 10.4): what each consumes, what its guarantees lack, and what of
 * the cluster has to be kept free for them.
 *
 * Consumed is what the role and those below it hold, and what is reserved for them and not held:
 * since nobody else can hold it, that is all that is reserved for them, and what they hold of the
 * unreserved. Revocable resources do not count.
 */
import { anyRole } from '#internal/resources/reservation.ts';
import {
  addTo,
  type Amounts,
  amountsOfQuantities,
  fill,
  type Names,
  type Vector,
} from './amounts.ts';
import type { Quota } from './event.ts';

export type QuotaRoot = {
  readonly role: string;
  readonly consumed: Vector;
  guarantees: Vector;
  /** Undefined and absent: no limit. */
  limits: readonly (number | undefined)[];
  /** Of how many names less is consumed than is guaranteed. */
  lacking: number;
  hasQuota: boolean;
};

export type QuotaBook = {
  readonly roots: Map<string, QuotaRoot>;
  /** Unreserved and free on agents that may be offered. */
  readonly headroom: Vector;
  /** What all guarantees together lack. */
  readonly required: Vector;
  /** How many roles lack something. */
  lacking: number;
};

/** Which part of a run: guarantees first, then what is left. */
export type Stage = 'guarantees' | 'fair-share';

export const newQuotaBook = (): QuotaBook => ({
  roots: new Map(),
  headroom: [],
  required: [],
  lacking: 0,
});

/** The account of the top-level role above `role`. */
export function rootOf({ roots }: QuotaBook, role: string): QuotaRoot {
  const slash = role.indexOf('/');
  const name = slash < 0 ? role : role.slice(0, slash);
  const known = roots.get(name);
  if (known !== undefined) return known;
  const root: QuotaRoot = {
    role: name,
    consumed: [],
    guarantees: [],
    limits: [],
    lacking: 0,
    hasQuota: false,
  };
  roots.set(name, root);
  return root;
}

/** Forgets an account that says nothing, unless somebody has that role. */
export function dropRoot({ roots }: QuotaBook, root: QuotaRoot): void {
  const isIdle = !root.hasQuota && root.consumed.every((milli) => milli === 0);
  if (isIdle && root.role !== anyRole) roots.delete(root.role);
}

export function setQuota(book: QuotaBook, names: Names, root: QuotaRoot, quota: Quota): void {
  owe(book, root, -1);
  root.guarantees = [];
  addTo(root.guarantees, amountsOfQuantities(names, quota.guarantees), 1);
  const limits: (number | undefined)[] = [];
  for (const { name, milli } of amountsOfQuantities(names, { milliOf: quota.limits.milliMaxOf })) {
    while (limits.length <= name) limits.push(undefined);
    limits[name] = milli;
  }
  root.limits = limits;
  root.hasQuota = quota.guarantees.milliOf.size > 0 || limits.length > 0;
  owe(book, root, 1);
}

/** The role consumes more, or less. */
export function consume(book: QuotaBook, root: QuotaRoot, amounts: Amounts, sign: 1 | -1): void {
  if (root.guarantees.length === 0) {
    addTo(root.consumed, amounts, sign);
    return;
  }
  owe(book, root, -1);
  addTo(root.consumed, amounts, sign);
  owe(book, root, 1);
}

/**
 * How much more of an unreserved scalar the role may be offered. At first a guaranteed scalar is given
 * only as far as it is guaranteed.
 */
export function allowance(room: Room, name: number, stage: Stage): number {
  const { most, lack, spare } = bounds(room, name);
  const isGuaranteed = stage === 'guarantees' && (room.root.guarantees[name] ?? 0) > 0;
  return Math.min(most, isGuaranteed ? lack : spare);
}

/** Whose: of the role, on an agent whose free resources count for guarantees or not. */
export type Room = {
  readonly book: QuotaBook;
  readonly root: QuotaRoot;
  readonly isCounted: boolean;
};

/**
 * Up to its limit (`most`); for its own guarantee (`lack`); and that with what no guarantee of anybody
 * is owed (`spare`): on an agent that does not count for them that is everything.
 */
export function bounds(
  { book, root, isCounted }: Room,
  name: number,
): { readonly most: number; readonly lack: number; readonly spare: number } {
  const used = root.consumed[name] ?? 0;
  const lack = Math.max(0, (root.guarantees[name] ?? 0) - used);
  const surplus = Math.max(0, (book.headroom[name] ?? 0) - (book.required[name] ?? 0));
  return {
    most: Math.max(0, (root.limits[name] ?? Infinity) - used),
    lack,
    spare: isCounted ? lack + surplus : Infinity,
  };
}

/** Whether something free would help against what the role lacks. */
export function lacksAnyOf({ guarantees, consumed }: QuotaRoot, amounts: Amounts): boolean {
  return amounts.some(({ name }) => (guarantees[name] ?? 0) > (consumed[name] ?? 0));
}

export function countHeadroom({ headroom }: QuotaBook, amounts: Amounts, sign: 1 | -1): void {
  addTo(headroom, amounts, sign);
}

/** Takes what the role lacks into the sum, or out of it. */
function owe(book: QuotaBook, root: QuotaRoot, sign: 1 | -1): void {
  let lacking = 0;
  for (let name = 0; name < root.guarantees.length; name++) {
    const lack = (root.guarantees[name] ?? 0) - (root.consumed[name] ?? 0);
    if (lack <= 0) continue;
    lacking++;
    fill(book.required, name);
    book.required[name] = (book.required[name] ?? 0) + sign * lack;
  }
  if (lacking > 0) book.lacking += sign;
  root.lacking = sign === 1 ? lacking : 0;
}
