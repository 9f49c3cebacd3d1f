/**
 * A machine's clock in virtual time. Like a real one it may run fast or slow (`rate`), start wrong
 * (`offsetMs`), and be set while the program runs (`jump`): `now` is wrong then, `monotonic` is not.
 */
import { assert } from '#internal/base/assert.ts';
import type { Clock } from '../clock.ts';
import { sleepBy } from '../sleep.ts';
import type { Life } from './life.ts';
import type { SimulatedWorld } from './world.ts';

export type ClockOptions = {
  /** Its seconds a true second; 1 when left out. */
  readonly rate?: number;
  /** How far wall time is off at the beginning; 0 when left out. */
  readonly offsetMs?: number;
};

export type SimulatedClock = Clock & {
  /** Sets wall time forward, or back when negative. */
  jump(byMs: number): void;
};

/** When the world begins, by a right clock: 2026-01-01T00:00:00Z. */
export const worldBeganMs = 1_767_225_600_000;

export function simulatedClock(
  { world, life }: { readonly world: SimulatedWorld; readonly life: Life },
  { rate = 1, offsetMs = 0 }: ClockOptions = {},
): SimulatedClock {
  assert(rate > 0, `a clock cannot run at ${rate}`);
  let offset = offsetMs;
  const monotonic = (): number => world.nowMs * rate;
  const after: Clock['after'] = (delayMs, callback) =>
    life.schedule(Math.max(0, delayMs) / rate, 'timer', callback);
  return {
    now: () => Math.floor(worldBeganMs + offset + monotonic()),
    monotonic,
    after,
    sleep: (delayMs, options) => sleepBy(after, delayMs, options?.signal),
    jump(byMs) {
      offset += byMs;
    },
  };
}
