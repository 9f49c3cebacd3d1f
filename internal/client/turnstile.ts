/**
 * Lets so many in at a time and has the others wait their turn, first come first served. A scheduler's
 * calls pass through one: each under way holds a connection of its own, and thousands of updates may
 * ask to be acknowledged at once.
 */
import { assert } from '#internal/base/assert.ts';

export type TurnstileOptions = {
  readonly insideMax: number;
  /** Whoever comes when so many wait is not let in. */
  readonly waitingMax: number;
};

export class Turnstile {
  readonly #options: TurnstileOptions;
  /** In the order in which they came; those before `#first` are gone. */
  #waiting: (() => void)[] = [];
  #first = 0;
  #inside = 0;

  constructor(options: TurnstileOptions) {
    this.#options = options;
  }

  /** Whoever is `inside` leaves again; whoever waits is inside when `turn` resolves. */
  enter():
    | { readonly kind: 'inside' }
    | { readonly kind: 'waiting'; readonly turn: Promise<void> }
    | { readonly kind: 'full' } {
    const { insideMax, waitingMax } = this.#options;
    if (this.#inside < insideMax) {
      this.#inside++;
      return { kind: 'inside' };
    }
    if (this.#waiting.length - this.#first >= waitingMax) return { kind: 'full' };
    const { promise: turn, resolve } = Promise.withResolvers<void>();
    this.#waiting.push(resolve);
    return { kind: 'waiting', turn };
  }

  /** The next one takes the place at once, so that nobody who comes now is before it. */
  leave(): void {
    assert(this.#inside > 0, 'only who is inside leaves');
    const next = this.#waiting[this.#first];
    if (next === undefined) {
      this.#inside--;
      return;
    }
    this.#first++;
    // Not at each step: that would copy all who wait.
    if (this.#first * 2 > this.#waiting.length) {
      this.#waiting = this.#waiting.slice(this.#first);
      this.#first = 0;
    }
    next();
  }
}
