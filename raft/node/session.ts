/**
 * A client of the log that asks until it knows: what it proposes is applied once, however often it
 * had to ask and whoever leads meanwhile. It is owed a cluster whose state machine is a
 * `SessionMachine`.
 */
import { assert } from '#internal/base/assert.ts';
import type { Random } from '#internal/base/random.ts';
import type { Clock } from '#internal/runtime/clock.ts';
import type { Proposal } from './replicated-log.ts';
import { encodeSessionEntry, type SessionEntry } from './session-entry.ts';

export type SessionDependencies = {
  readonly clock: Clock;
  readonly random: Random;
  /** Asks whoever is thought to lead; a `not-leader` names a better one. May reject: that is a try. */
  readonly ask: (entry: Uint8Array) => Promise<Proposal>;
};

export type SessionOptions = {
  readonly attemptsMax: number;
  /** Before another try, drawn from the upper half. */
  readonly pauseMs: number;
};

export const defaultSessionOptions: SessionOptions = { attemptsMax: 100, pauseMs: 100 };

export class Session {
  readonly #dependencies: SessionDependencies;
  readonly #options: SessionOptions;
  readonly #client: number;
  #sequence = 0;
  #answeredTo = 0;
  /** Numbers beyond `answeredTo` whose answers are here. */
  readonly #answered = new Set<number>();

  constructor(dependencies: SessionDependencies, options: SessionOptions = defaultSessionOptions) {
    this.#dependencies = dependencies;
    this.#options = options;
    this.#client = 1 + dependencies.random.below(Number.MAX_SAFE_INTEGER);
  }

  /** Once, before anything is proposed. True when the cluster knows the session now. */
  async open(options: { readonly signal?: AbortSignal } = {}): Promise<boolean> {
    const atMs = this.#dependencies.clock.now();
    const opened = await this.#ask({ kind: 'open', client: this.#client, atMs }, options);
    return opened.kind === 'applied';
  }

  /**
   * `unknown` after the last attempt: it may still be applied, once. `expired`: the session was
   * forgotten, so it may have been applied by an earlier attempt; open another one.
   */
  async propose(
    data: Uint8Array,
    options: { readonly signal?: AbortSignal } = {},
  ): Promise<Proposal> {
    const sequence = ++this.#sequence;
    const answeredTo = this.#answeredTo;
    const stamp = { client: this.#client, answeredTo, atMs: this.#dependencies.clock.now() };
    const proposal = await this.#ask(
      { kind: 'asked', stamp: { ...stamp, sequence }, data },
      options,
    );
    this.#onAnswered(sequence);
    return proposal;
  }

  async #ask(
    entry: SessionEntry,
    { signal }: { readonly signal?: AbortSignal },
  ): Promise<Proposal> {
    const { clock, random, ask } = this.#dependencies;
    const { attemptsMax, pauseMs } = this.#options;
    // The same bytes each time: a retry is the same question.
    const bytes = encodeSessionEntry(entry);
    let isInDoubt = false;
    for (let attempt = 1; attempt <= attemptsMax; attempt++) {
      if (signal?.aborted === true) break;
      const proposal = await ask(bytes).catch((): Proposal => unknown);
      if (proposal.kind === 'applied' || isFinal(proposal, isInDoubt)) return proposal;
      isInDoubt ||= proposal.reason === 'unknown';
      const delayMs = pauseMs / 2 + random.below(Math.ceil(pauseMs / 2) + 1);
      const isOver = await clock.sleep(delayMs, { signal }).then(
        () => false,
        () => true,
      );
      if (isOver) break;
    }
    return unknown;
  }

  #onAnswered(sequence: number): void {
    assert(sequence > this.#answeredTo, `proposal ${sequence} answered twice`);
    this.#answered.add(sequence);
    while (this.#answered.delete(this.#answeredTo + 1)) this.#answeredTo++;
  }
}

const unknown: Proposal = { kind: 'refused', reason: 'unknown' };

/** No use in asking again. What an earlier try left in doubt is in doubt for good. */
function isFinal({ reason }: Extract<Proposal, { kind: 'refused' }>, isInDoubt: boolean): boolean {
  return reason === 'expired' || (reason === 'too-large' && !isInDoubt);
}
