/** What many runs amount to, in whatever order they end. */

/** What a sweep needs to know of one run, in plain records: it may come from another thread. */
export type Outcome = {
  readonly seed: number;
  readonly events: number;
  readonly hash: number;
  readonly violation: Breach | undefined;
  /** What happened and which faults struck, by name. */
  readonly figures: Readonly<Record<string, number>>;
};

/** A broken invariant: its name, and where it broke. */
export type Breach = { readonly rule: string; readonly message: string };

export type Sweep = {
  readonly seeds: number;
  readonly events: number;
  /** By seed. */
  readonly violations: readonly Outcome[];
  /** Sums over all runs, by name. */
  readonly figures: ReadonlyMap<string, number>;
  /** Of all seeds and the hashes of their events: the same seeds always give the same. */
  readonly fingerprint: number;
};

export class Tally {
  readonly #figures = new Map<string, number>();
  readonly #violations: Outcome[] = [];
  #seeds = 0;
  #events = 0;
  #fingerprint = 0;

  add(outcome: Outcome): void {
    const { seed, events, hash, violation, figures } = outcome;
    this.#seeds += 1;
    this.#events += events;
    this.#fingerprint = (this.#fingerprint + mixed(seed, hash)) >>> 0;
    for (const [name, value] of Object.entries(figures)) {
      this.#figures.set(name, (this.#figures.get(name) ?? 0) + value);
    }
    if (violation !== undefined) this.#violations.push(outcome);
  }

  get seeds(): number {
    return this.#seeds;
  }

  get sweep(): Sweep {
    return {
      seeds: this.#seeds,
      events: this.#events,
      violations: this.#violations.toSorted((a, b) => a.seed - b.seed),
      figures: new Map([...this.#figures].toSorted(([a], [b]) => (a < b ? -1 : 1))),
      fingerprint: this.#fingerprint,
    };
  }
}

/** Summed over seeds it does not depend on their order, and still tells whose hash was whose. */
function mixed(seed: number, hash: number): number {
  const word = Math.imul(hash ^ Math.imul(seed + 1, 0x9e3779b1), 0x85ebca6b);
  return (word ^ (word >>> 15)) >>> 0;
}
