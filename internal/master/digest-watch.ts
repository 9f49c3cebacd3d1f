/**
 * Keeps an eye on whether the masters' states are one. Every so many entries each of them keeps its
 * state of that moment, which costs nothing but what changes later; the leader works out what its own
 * comes to, in slices, and says so in the log; whoever kept a state of the same entry compares.
 */
import { type Pace, runPaced } from '#internal/base/steps.ts';
import type { PartDigest } from '#internal/state/command-log.ts';
import type { State } from '#internal/state/state.ts';
import { differing, newDigester } from '#internal/wire/state-digest.ts';

/**
 * The log led this master to another state than its leader: one of them is wrong, and going on would
 * spread it. The process ends, and does not start again on this disk.
 */
export class DivergenceError extends Error {
  override readonly name: string = 'DivergenceError';
  readonly code = 'DIVERGED' as const;
  readonly index: number;
  /** Kinds of records, in the order of their names. */
  readonly parts: readonly string[];

  constructor(index: number, parts: readonly string[]) {
    super(
      `After entry ${index} the state of this master differs from its leader's in: ` +
        `${parts.join(', ')}. Keep its work directory for those who look into it, and let the master ` +
        'join anew, under an id that was never used',
    );
    this.index = index;
    this.parts = parts;
  }
}

export type DigestWatchOptions = {
  /** A state is kept when the index passes a multiple of this. */
  readonly everyEntries: number;
};

/** Of so many moments states are kept; who compares later than that does not compare. */
const keptMax = 8;

export class DigestWatch {
  readonly #pace: Pace;
  readonly #everyEntries: number;
  #kept: readonly { readonly index: number; readonly state: State }[] = [];
  #digester = newDigester();
  /** One at a time: each carries on from the one before. */
  #working: Promise<unknown> = Promise.resolve();

  constructor(pace: Pace, { everyEntries }: DigestWatchOptions) {
    this.#pace = pace;
    this.#everyEntries = everyEntries;
  }

  /** Applied one after the other; `before` is the index of the entry before. True when it was kept. */
  passed(before: number, index: number, state: State): boolean {
    const round = (of: number): number => Math.floor(of / this.#everyEntries);
    if (round(before) === round(index)) return false;
    this.#kept = [...this.#kept, { index, state }].slice(-keptMax);
    return true;
  }

  /** The state did not come from the one before: what was worked out and kept is of no use. */
  restored(): void {
    this.#kept = [];
    this.#digester = newDigester();
  }

  /** What the state after entry `index` comes to; undefined when it is not kept (any more). */
  async digestAt(index: number): Promise<readonly PartDigest[] | undefined> {
    const digester = this.#digester;
    const work = this.#working.then(async () => {
      const kept = this.#kept.find((one) => one.index === index);
      return kept === undefined || digester !== this.#digester
        ? undefined
        : await runPaced(digester.of(kept.state), this.#pace);
    });
    this.#working = work.catch(() => {});
    return await work;
  }

  /** Undefined when they are the same, or nobody can tell. */
  async compare(
    index: number,
    theirs: readonly PartDigest[],
  ): Promise<DivergenceError | undefined> {
    const ours = await this.digestAt(index);
    const parts = ours === undefined ? [] : differing(ours, theirs);
    return parts.length === 0 ? undefined : new DivergenceError(index, parts);
  }
}
