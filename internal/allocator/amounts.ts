/**
 * Amounts of scalars as vectors: each name has a number, so that sums and shares are arithmetic on
 * plain arrays. Names are never forgotten; there are as many as the agents' operators thought of.
 */
import { type Quantities, quantities } from '#internal/resources/quantities.ts';
import type { Resource } from '#internal/resources/resource.ts';

export type Names = { readonly numbers: Map<string, number>; readonly list: string[] };

/** Thousandths, by the number of the name; what is absent is 0. */
export type Vector = number[];

/** Some entries of a vector, each name once. */
export type Amounts = readonly Amount[];
type Amount = { readonly name: number; readonly milli: number };

export const newNames = (): Names => ({ numbers: new Map(), list: [] });

export function numberOf({ numbers, list }: Names, name: string): number {
  const known = numbers.get(name);
  if (known !== undefined) return known;
  numbers.set(name, list.length);
  return list.push(name) - 1;
}

/** Of the scalars in a list. */
export function amountsOf(names: Names, list: Iterable<Resource>): Amounts {
  const amounts: { name: number; milli: number }[] = [];
  for (const { name: text, value } of list) {
    if (value.kind !== 'scalar') continue;
    const name = numberOf(names, text);
    const same = amounts.find((one) => one.name === name);
    if (same === undefined) amounts.push({ name, milli: value.milli });
    else same.milli += value.milli;
  }
  return amounts;
}

export function amountsOfQuantities(names: Names, { milliOf }: Quantities): Amounts {
  return Array.from(milliOf, ([name, milli]) => ({ name: numberOf(names, name), milli }));
}

export function quantitiesOf({ list }: Names, amounts: Amounts): Quantities {
  return quantities(amounts.map(({ name, milli }) => [list[name] ?? '', milli] as const));
}

export function addTo(vector: Vector, amounts: Amounts, sign: 1 | -1): void {
  for (const { name, milli } of amounts) {
    fill(vector, name);
    vector[name] = (vector[name] ?? 0) + sign * milli;
  }
}

/** No holes: an array with holes is slow for good. */
export function fill(vector: Vector, name: number): void {
  while (vector.length <= name) vector.push(0);
}
