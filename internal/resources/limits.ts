/**
 * Upper bounds by name. A name that is absent has none, while 0 lets nothing through: the opposite of
 * quantities, hence a type that cannot be taken for them.
 */
import { assert } from '#internal/base/assert.ts';
import { isIndivisible, isSameThing } from './identity.ts';
import { type Quantities, quantityOf } from './quantities.ts';
import type { Resource, Resources } from './resource.ts';
import { resources } from './resources.ts';

/** Whole thousandths by name. */
export type Limits = { readonly milliMaxOf: ReadonlyMap<string, number> };

export const noLimits: Limits = { milliMaxOf: new Map() };

/** The tightest of entries of one name. Bounds are whole thousandths, not negative. */
export function limits(entries: Iterable<readonly [string, number]>): Limits {
  const milliMaxOf = new Map<string, number>();
  for (const [name, milliMax] of entries) {
    assert(Number.isInteger(milliMax) && milliMax >= 0, `no limit of ${name}: ${milliMax}`);
    milliMaxOf.set(name, Math.min(milliMaxOf.get(name) ?? milliMax, milliMax));
  }
  return { milliMaxOf };
}

/** `Infinity` for what has no limit. */
export function limitOf({ milliMaxOf }: Limits, name: string): number {
  return milliMaxOf.get(name) ?? Infinity;
}

/** What holds when both hold. */
export function tightest(left: Limits, right: Limits): Limits {
  return limits([...left.milliMaxOf, ...right.milliMaxOf]);
}

export function isWithin({ milliMaxOf }: Limits, used: Quantities): boolean {
  for (const [name, milliMax] of milliMaxOf) {
    if (quantityOf(used, name) > milliMax) return false;
  }
  return true;
}

/** What may still be used: 0 where the limit is reached or was passed before it was set. */
export function roomLeft({ milliMaxOf }: Limits, used: Quantities): Limits {
  return limits(
    [...milliMaxOf].map(([name, milliMax]) => [
      name,
      Math.max(0, milliMax - quantityOf(used, name)),
    ]),
  );
}

/**
 * As much of the list as fits, taken in the list's order. Scalars are cut to what is left of their
 * limit; what is indivisible is in it whole or not at all, and so is each gpu (contract 5.4). Copies
 * of a shared volume take room once. Ranges and sets are not limited.
 */
export function chop(list: Resources, { milliMaxOf }: Limits): Resources {
  if (milliMaxOf.size === 0) return list;
  const room = new Map(milliMaxOf);
  const chopped: Resource[] = [];
  for (const one of list) {
    const left = room.get(one.name);
    const isCounted = one.shared && chopped.some((other) => isSameThing(one, other));
    if (one.value.kind !== 'scalar' || left === undefined || isCounted) {
      chopped.push(one);
      continue;
    }
    const milli = fitting(one, one.value.milli, left);
    room.set(one.name, left - milli);
    if (milli > 0) chopped.push({ ...one, value: { kind: 'scalar', milli } });
  }
  return resources(chopped);
}

/** How many of a resource's thousandths fit: never more than are left. */
function fitting(one: Resource, milli: number, left: number): number {
  if (milli <= left) return milli;
  if (isIndivisible(one)) return 0;
  return one.name === 'gpus' ? Math.floor(left / 1000) * 1000 : left;
}
