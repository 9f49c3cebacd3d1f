/**
 * How long to wait before trying again: longer each time, up to a bound, and not all at once. The
 * wait is drawn from the upper half, so that it grows for certain and peers that failed together
 * come back apart.
 */
import { assert } from './assert.ts';
import type { Random } from './random.ts';

export type Backoff = {
  /** The longest first wait; doubled with each failure. */
  readonly firstMs: number;
  /** No wait is longer. */
  readonly mostMs: number;
};

/** The wait after `failures` in a row, of which there is at least one. In whole milliseconds. */
export function backoffMs(failures: number, { firstMs, mostMs }: Backoff, random: Random): number {
  assert(
    failures >= 1 && firstMs > 0 && mostMs >= firstMs,
    'a back-off needs a failure and bounds',
  );
  // Beyond 2^30 the bound has long been reached, and a power of a large count is infinite.
  const ceilingMs = Math.min(mostMs, firstMs * 2 ** Math.min(failures - 1, 30));
  const halfMs = Math.floor(ceilingMs / 2);
  return halfMs + random.below(Math.floor(ceilingMs) - halfMs + 1);
}
