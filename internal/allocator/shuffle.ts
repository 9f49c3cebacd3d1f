/** Orders of chance. */
import type { Random } from '#internal/base/random.ts';

/** Each order is equally likely (Fisher and Yates). In place. */
export function shuffle(items: unknown[], luck: Random): void {
  for (let last = items.length - 1; last > 0; last--) {
    const at = luck.below(last + 1);
    const one = items[at];
    items[at] = items[last];
    items[last] = one;
  }
}

/** A number in (0, 1], fine enough for weights of one in a billion. */
const steps = 2 ** 50;

/**
 * Who comes first is drawn by weight, then who of the rest comes next, and so on: the order of
 * exponential waiting times (Efraimidis and Spirakis).
 */
export function shuffledByWeight<Item extends { readonly weight: number }>(
  items: readonly Item[],
  luck: Random,
): readonly Item[] {
  return items
    .map((item) => ({ item, wait: -Math.log((luck.below(steps) + 1) / steps) / item.weight }))
    .toSorted((left, right) => left.wait - right.wait)
    .map(({ item }) => item);
}
