/**
 * Shares the loop between long pieces of work and everybody else: whoever shares a slicer works one
 * after the other, none longer than a slice at a time, and the loop turns between two slices.
 */
import type { Pace } from '#internal/base/steps.ts';
import type { Clock } from './clock.ts';

export type SlicerOptions = {
  /** One step of the work may make it longer. */
  readonly sliceMs: number;
};

/** What is decided, answered and sent meanwhile must not be late by more than a few of these. */
export const defaultSlicerOptions: SlicerOptions = { sliceMs: 3 };

export class Slicer implements Pace {
  readonly #clock: Clock;
  readonly #sliceMs: number;
  /** In the order in which they came. Bounded by who shares the slicer. */
  readonly #waiting: (() => void)[] = [];
  #untilMs = -Infinity;
  #isTurnTaken = false;

  constructor(
    { clock }: { readonly clock: Clock },
    { sliceMs }: SlicerOptions = defaultSlicerOptions,
  ) {
    this.#clock = clock;
    this.#sliceMs = sliceMs;
  }

  /** Owed before each step: undefined while the slice lasts, otherwise to be awaited. */
  pause(): Promise<void> | undefined {
    if (this.#clock.monotonic() < this.#untilMs) return undefined;
    if (!this.#isTurnTaken) {
      this.#takeTurn();
      return undefined;
    }
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#waiting.push(resolve);
    return promise;
  }

  /** A slice begins; the next one may when the loop has turned. */
  #takeTurn(): void {
    this.#untilMs = this.#clock.monotonic() + this.#sliceMs;
    this.#isTurnTaken = true;
    this.#clock.after(0, () => {
      this.#isTurnTaken = false;
      const next = this.#waiting.shift();
      if (next === undefined) return;
      this.#takeTurn();
      next();
    });
  }
}
