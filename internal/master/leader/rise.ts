/**
 * A leadership that is being taken up: the books of ten thousand agents take a second, and the loop must
 * turn meanwhile. Nobody is served before they are whole. Who comes to stay until then (agents, and
 * schedulers that subscribe) is let wait instead of sent round the masters; calls are turned away as by
 * a master that does not lead.
 */
import type { Steps } from '#internal/base/steps.ts';
import type { Clock, Timer } from '#internal/runtime/clock.ts';
import type { Lead } from './lead.ts';

type Held = {
  readonly serve: () => void;
  /** It comes to nothing: the leadership ended first. */
  readonly drop: () => void;
};

export type RiseDependencies = {
  readonly clock: Clock;
  /** Runs a callback as a turn of the master. */
  turn(callback: () => void): void;
  /** Called once, when the books are whole. What was held is served after it. */
  risen(lead: Lead): void;
};

export class Rise {
  readonly lead: Lead;
  readonly #steps: Steps<void>;
  readonly #dependencies: RiseDependencies;
  readonly #heldMax: number;
  readonly #held: Held[] = [];
  #next: Timer | undefined;
  #isOver = false;

  constructor(
    dependencies: RiseDependencies,
    {
      lead,
      steps,
      heldMax,
    }: { readonly lead: Lead; readonly steps: Steps<void>; readonly heldMax: number },
  ) {
    this.#dependencies = dependencies;
    this.lead = lead;
    this.#steps = steps;
    this.#heldMax = heldMax;
  }

  /** Does one step, and the others in turns of their own. */
  goOn(): void {
    if (this.#isOver) return;
    if (this.#steps.next().done === true) {
      this.#rise();
      return;
    }
    const next = (): void => this.#dependencies.turn(() => this.goOn());
    this.#next = this.#dependencies.clock.after(0, next);
  }

  /** Does all that is left now. */
  finish(): void {
    if (this.#isOver) return;
    while (this.#steps.next().done !== true);
    this.#rise();
  }

  /** When too many wait already, it is dropped at once. */
  hold(serve: () => void, drop: () => void = () => {}): void {
    if (this.#held.length < this.#heldMax) this.#held.push({ serve, drop });
    else drop();
  }

  drop(): void {
    this.#isOver = true;
    this.#next?.cancel();
    for (const { drop } of this.#held) drop();
  }

  #rise(): void {
    this.#isOver = true;
    this.#next?.cancel();
    this.#dependencies.risen(this.lead);
    for (const { serve } of this.#held) this.#dependencies.turn(serve);
  }
}
