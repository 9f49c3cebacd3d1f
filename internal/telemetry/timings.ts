/**
 * How long something took, each time, under the names that Mesos gives such figures: `x` is the newest,
 * `x/max`, `x/min`, `x/p50` … tell of the newest `kept`, and are not there before the first of them.
 * `x/count` is there from the beginning, and counts all.
 */
import { assert } from '#internal/base/assert.ts';

export type Timings = {
  record(milliseconds: number): void;
  snapshot(): ReadonlyMap<string, number>;
};

const shares: readonly (readonly [name: string, share: number])[] = [
  ['min', 0],
  ['p50', 0.5],
  ['p90', 0.9],
  ['p95', 0.95],
  ['p99', 0.99],
  ['p999', 0.999],
  ['p9999', 0.9999],
  ['max', 1],
];

export function newTimings(name: string, { kept }: { readonly kept: number }): Timings {
  assert(kept > 0, `Of ${name} at least one has to be kept`);
  /** A ring: the next one takes the place of the oldest when it is full. */
  const ring: number[] = [];
  let count = 0;
  let newest = 0;
  return {
    record(milliseconds) {
      assert(milliseconds >= 0, `${name} cannot have taken ${milliseconds} ms`);
      ring[count % kept] = milliseconds;
      count += 1;
      newest = milliseconds;
    },
    snapshot() {
      const metrics = new Map([[`${name}/count`, count]]);
      if (count === 0) return metrics;
      metrics.set(name, newest);
      const sorted = ring.toSorted((one, other) => one - other);
      for (const [at, share] of shares) metrics.set(`${name}/${at}`, within(sorted, share));
      return metrics;
    },
  };
}

/** The smallest that so great a share of all is not above. */
function within(sorted: readonly number[], share: number): number {
  const rank = Math.max(1, Math.ceil(share * sorted.length));
  return sorted[rank - 1] ?? 0;
}
