/**
 * Amounts by name alone, whoever they are reserved to: what shares, quota guarantees and minima are
 * reckoned in. A name that is absent means 0, and no 0 is stored, so equal quantities look equal.
 */
import { assert } from '#internal/base/assert.ts';
import type { Resources } from './resource.ts';
import { countMilli } from './value.ts';
import { eachOnce } from './volume.ts';

/** Whole thousandths by name; only names that there is something of. */
export type Quantities = { readonly milliOf: ReadonlyMap<string, number> };

export const noQuantities: Quantities = { milliOf: new Map() };

/** Adds up entries of one name. Amounts are whole thousandths, not negative. */
export function quantities(entries: Iterable<readonly [string, number]>): Quantities {
  const milliOf = new Map<string, number>();
  for (const [name, milli] of entries) {
    assert(Number.isInteger(milli) && milli >= 0, `no quantity of ${name}: ${milli}`);
    if (milli > 0) milliOf.set(name, (milliOf.get(name) ?? 0) + milli);
  }
  return { milliOf };
}

/** Of the scalars of a list; ranges and sets do not count. A shared volume counts once. */
export function scalarQuantities(list: Resources): Quantities {
  const milliOf = new Map<string, number>();
  for (const { name, value } of eachOnce(list)) {
    if (value.kind === 'scalar') milliOf.set(name, (milliOf.get(name) ?? 0) + value.milli);
  }
  return { milliOf };
}

/** Of a list, where a port or an item of a set counts for 1. A shared volume counts once. */
export function countedQuantities(list: Resources): Quantities {
  return quantities(eachOnce(list).map(({ name, value }) => [name, countMilli(value)] as const));
}

export function quantityOf({ milliOf }: Quantities, name: string): number {
  return milliOf.get(name) ?? 0;
}

export function addQuantities(left: Quantities, right: Quantities): Quantities {
  return quantities([...left.milliOf, ...right.milliOf]);
}

/** What is left of `left`, down to 0: what was never there is not owed. */
export function quantitiesWithout(left: Quantities, right: Quantities): Quantities {
  return quantities(
    [...left.milliOf].map(([name, milli]) => [name, Math.max(0, milli - quantityOf(right, name))]),
  );
}

/** Is there at least as much of everything in `left`? */
export function containsQuantities(left: Quantities, right: Quantities): boolean {
  for (const [name, milli] of right.milliOf) {
    if (quantityOf(left, name) < milli) return false;
  }
  return true;
}

export function equalQuantities(left: Quantities, right: Quantities): boolean {
  return containsQuantities(left, right) && containsQuantities(right, left);
}

/** `cpus:16; disk:10240`, by name; `{}` for nothing. */
export function formatQuantities({ milliOf }: Quantities): string {
  if (milliOf.size === 0) return '{}';
  const sorted = [...milliOf].toSorted(([left], [right]) => (left < right ? -1 : 1));
  return sorted.map(([name, milli]) => `${name}:${milli / 1000}`).join('; ');
}
