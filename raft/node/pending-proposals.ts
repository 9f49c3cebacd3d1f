/**
 * Proposals whose outcome somebody waits for: first for the next turn, then for what is decided at
 * their place in the log: their own entry (same term), or another one, and then it will never be
 * applied. A leader that was deposed learns neither for sure in any given time, so waiting for it ends
 * with `unknown`. Each is answered once, whatever happens.
 */
import { unreachable } from '#internal/base/assert.ts';
import type { Clock } from '#internal/runtime/clock.ts';
import type { Position } from '#raft/core/ready.ts';
import type { Index } from '#raft/core/types.ts';
import type { CounterName, Meter } from './meter.ts';
import type { Proposal, Verdict } from './replicated-log.ts';
import { unlessAborted } from './unless-aborted.ts';

export type Answer = (proposal: Proposal) => void;
export type Asked = { readonly data: Uint8Array; readonly answer: Answer };

export class PendingProposals {
  readonly #dependencies: { readonly clock: Clock; readonly meter: Meter };
  readonly #options: { readonly proposalsMax: number };
  #asked: Asked[] = [];
  /** By index; an index has one owner at a time, since it is proposed for once in a term. */
  readonly #waiting = new Map<Index, { readonly term: number; readonly answer: Answer }>();

  constructor(
    dependencies: { readonly clock: Clock; readonly meter: Meter },
    options: { readonly proposalsMax: number },
  ) {
    this.#dependencies = dependencies;
    this.#options = options;
  }

  /** Those in the log, and those that wait for the next turn. */
  get size(): number {
    return this.#waiting.size + this.#asked.length;
  }

  /** `onAsked`: there is one to be taken. Never rejects. */
  async ask(
    data: Uint8Array,
    { signal, onAsked }: { readonly signal: AbortSignal | undefined; readonly onAsked: () => void },
  ): Promise<Proposal> {
    const { clock, meter } = this.#dependencies;
    if (this.size >= this.#options.proposalsMax) return this.refuse('busy');
    const since = clock.monotonic();
    const { promise, resolve: answer } = Promise.withResolvers<Proposal>();
    this.#asked.push({ data, answer });
    onAsked();
    const proposal = await unlessAborted(promise, signal, unknown);
    meter.time('proposal_ms', clock.monotonic() - since);
    if (proposal.kind === 'refused') return this.refuse(proposal.reason, proposal);
    meter.count('proposals_applied');
    return proposal;
  }

  /** Counts it. */
  refuse(reason: Refused['reason'], refused: Refused = { kind: 'refused', reason }): Proposal {
    this.#dependencies.meter.count(counters[reason]);
    return refused;
  }

  take(): readonly Asked[] {
    const asked = this.#asked;
    this.#asked = [];
    return asked;
  }

  add({ index, term }: Position, answer: Answer): void {
    // Of an older term of ours at the same index: it was cut off our log, but may live on elsewhere.
    this.#waiting.get(index)?.answer(unknown);
    this.#waiting.set(index, { term, answer });
  }

  /** An entry was applied, or the state machine made something else of it. */
  decide({ index, term }: Position, verdict: Verdict = { kind: 'applied' }): void {
    const pending = this.#waiting.get(index);
    if (pending === undefined) return;
    this.#waiting.delete(index);
    if (pending.term === term) pending.answer(fromVerdict(verdict, { index, term }));
    else pending.answer({ kind: 'refused', reason: 'lost' });
  }

  /** A snapshot took the place of the entries up to `index`: which ones they were nobody says. */
  forgetTo(index: Index): void {
    for (const [at, { answer }] of this.#waiting) {
      if (at > index) continue;
      this.#waiting.delete(at);
      answer(unknown);
    }
  }

  abandon(): void {
    this.abandonPlaced();
    for (const { answer } of this.take()) answer(unknown);
  }

  /** What has its place in the log; what waits for a turn is left to it. */
  abandonPlaced(): void {
    const waiting = [...this.#waiting.values()];
    this.#waiting.clear();
    for (const { answer } of waiting) answer(unknown);
  }

  get placed(): number {
    return this.#waiting.size;
  }
}

type Refused = Extract<Proposal, { kind: 'refused' }>;

const unknown: Proposal = { kind: 'refused', reason: 'unknown' };

const counters: Readonly<Record<Refused['reason'], CounterName>> = {
  'not-leader': 'proposals_refused_not_leader',
  busy: 'proposals_refused_busy',
  'too-large': 'proposals_refused_too_large',
  full: 'proposals_refused_full',
  lost: 'proposals_refused_lost',
  dropped: 'proposals_refused_dropped',
  expired: 'proposals_refused_expired',
  unknown: 'proposals_refused_unknown',
};

function fromVerdict(verdict: Verdict, place: Position): Proposal {
  switch (verdict.kind) {
    case 'applied':
      return { kind: 'applied', index: place.index, term: place.term };
    case 'repeated':
      return { kind: 'applied', index: verdict.index, term: verdict.term };
    case 'dropped':
      return { kind: 'refused', reason: verdict.why };
    default:
      return unreachable(verdict);
  }
}
