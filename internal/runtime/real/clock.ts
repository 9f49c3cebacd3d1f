/** The machine's clock: `Date` for people, `performance` for intervals. */
import { type Event, EventHeap } from '../event-heap.ts';
import type { Clock, Timer } from '../clock.ts';
import { sleepBy } from '../sleep.ts';

/** A longer delay overflows Node's timer and would fire at once; this one waits in steps. */
const STEP_MS_MAX = 0x7fffffff;
/** Fewer cancelled timers are not worth sweeping. */
const CANCELLED_MAX = 1024;

export type SystemClockOptions = {
  /** False for what only watches others: a program that has nothing else to do then ends. */
  readonly isHolding?: boolean;
};

export function systemClock({ isHolding = true }: SystemClockOptions = {}): Clock {
  const timers = new Timers(isHolding);
  const after = (delayMs: number, callback: () => void): Timer => timers.start(delayMs, callback);
  return {
    now: () => Date.now(),
    monotonic: () => performance.now(),
    after,
    sleep: (delayMs, options) => sleepBy(after, delayMs, options?.signal),
  };
}

/**
 * Timers in the order of their times. Node's own may fire up to a turn of the loop early, and those of
 * different delays in any order once a turn was long; here nobody is called before the time, nor before
 * one whose time was earlier. A turn of the loop calls one, so that what it settles is heard by the next.
 */
class Timers {
  readonly #isHolding: boolean;
  readonly #heap = new EventHeap();
  #sequence = 0;
  #cancelled = 0;
  /** What wakes us, and for when. */
  #alarm: { readonly atMs: number; readonly cancel: () => void } | undefined;

  constructor(isHolding: boolean) {
    this.#isHolding = isHolding;
  }

  start(delayMs: number, callback: () => void): Timer {
    const atMs = performance.now() + Math.max(0, delayMs);
    const event: Event = { atMs, sequence: this.#sequence++, label: 'timer', callback };
    this.#heap.push(event);
    this.#arm();
    return { cancel: () => this.#cancel(event) };
  }

  #cancel(event: Event): void {
    if (event.callback === undefined) return;
    event.callback = undefined;
    this.#cancelled++;
    if (this.#cancelled > CANCELLED_MAX && this.#cancelled * 2 > this.#heap.size) {
      this.#heap.sweep();
      this.#cancelled = 0;
    }
    this.#arm();
  }

  /** Sees to it that we wake for whoever is first. */
  #arm(): void {
    const atMs = this.#first()?.atMs;
    if (atMs === this.#alarm?.atMs) return;
    this.#alarm?.cancel();
    this.#alarm = atMs === undefined ? undefined : this.#alarmAt(atMs);
  }

  #alarmAt(atMs: number): { readonly atMs: number; readonly cancel: () => void } {
    const leftMs = atMs - performance.now();
    const wake = (): void => this.#wake();
    if (leftMs <= 0) {
      const immediate = setImmediate(wake);
      if (!this.#isHolding) immediate.unref();
      return { atMs, cancel: () => clearImmediate(immediate) };
    }
    const timeout = setTimeout(wake, Math.min(Math.ceil(leftMs), STEP_MS_MAX));
    if (!this.#isHolding) timeout.unref();
    return { atMs, cancel: () => clearTimeout(timeout) };
  }

  #wake(): void {
    this.#alarm = undefined;
    const event = this.#first();
    const callback =
      event !== undefined && event.atMs <= performance.now() ? event.callback : undefined;
    if (event !== undefined && callback !== undefined) {
      this.#heap.pop();
      event.callback = undefined;
    }
    // Before the callback: the others are called also when it throws.
    this.#arm();
    callback?.();
  }

  #first(): Event | undefined {
    let event = this.#heap.peek();
    while (event !== undefined && event.callback === undefined) {
      this.#heap.pop();
      this.#cancelled--;
      event = this.#heap.peek();
    }
    return event;
  }
}
