/** The machine's clock: `Date` for people, `performance` for intervals. */
import type { Clock, Timer } from '../clock.ts';
import { sleepBy } from '../sleep.ts';

/** A longer delay overflows Node's timer and would fire at once; this one waits in steps. */
const STEP_MS_MAX = 0x7fffffff;

export type SystemClockOptions = {
  /** False for what only watches others: a program that has nothing else to do then ends. */
  readonly isHolding?: boolean;
};

export function systemClock({ isHolding = true }: SystemClockOptions = {}): Clock {
  const after = (delayMs: number, callback: () => void): Timer =>
    startTimer({ delayMs, isHolding }, callback);
  return {
    now: () => Date.now(),
    monotonic: () => performance.now(),
    after,
    sleep: (delayMs, options) => sleepBy(after, delayMs, options?.signal),
  };
}

type Delay = { readonly delayMs: number; readonly isHolding: boolean };

function startTimer({ delayMs, isHolding }: Delay, callback: () => void): Timer {
  const dueMs = performance.now() + delayMs;
  const wait = (): NodeJS.Timeout => {
    const leftMs = Math.max(0, dueMs - performance.now());
    const timeout = setTimeout(fire, Math.min(Math.ceil(leftMs), STEP_MS_MAX));
    return isHolding ? timeout : timeout.unref();
  };
  // Node may fire up to a millisecond early by the monotonic clock: nobody is called before the time.
  const fire = (): void => {
    if (performance.now() < dueMs) timer = wait();
    else callback();
  };
  let timer = wait();
  return { cancel: () => clearTimeout(timer) };
}
