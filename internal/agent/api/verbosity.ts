/** How much the agent writes into its log: an operator may ask for more, for a while (contract 13.3). */
import type { Clock, Timer } from '#internal/runtime/clock.ts';

export type VerbosityDependencies = {
  readonly clock: Clock;
  /** Told of each change: 0 is what the flags say, more is everything. */
  readonly apply: (level: number) => void;
};

/** A day is longer than anybody looks. */
const durationMsMax = 86_400_000;

export class Verbosity {
  readonly #dependencies: VerbosityDependencies;
  #level = 0;
  #end: Timer | undefined;

  constructor(dependencies: VerbosityDependencies) {
    this.#dependencies = dependencies;
  }

  get level(): number {
    return this.#level;
  }

  /** What is wrong with it, or undefined when it is so now. A level of 0 ends it at once. */
  set(level: number, durationMs: number): string | undefined {
    if (level < 0) return `Invalid level '${level}'`;
    if (!(durationMs >= 0)) return 'Invalid duration';
    this.#change(level);
    this.#end?.cancel();
    const lastsMs = Math.min(durationMs, durationMsMax);
    if (level > 0) {
      this.#end = this.#dependencies.clock.after(lastsMs, () => this.#change(0));
    }
    return undefined;
  }

  #change(level: number): void {
    this.#level = level;
    this.#dependencies.apply(level);
  }
}
