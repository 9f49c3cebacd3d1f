/**
 * Proposals whose outcome somebody waits for: first for the next turn, then for what is decided at
 * their place in the log: their own entry (same term), or another one, and then it will never be
 * applied, nor what it proposed after it in the same term. A leader that was deposed learns neither for
 * sure in any given time, so waiting for it ends with `unknown`. Each is answered once, whatever happens.
 */
import { unreachable } from '#internal/base/assert.ts';
import type { Result } from '#internal/base/result.ts';
import type { Clock } from '#internal/runtime/clock.ts';
import type { ConfRefusal, Position, ProposeRefusal } from '#raft/core/ready.ts';
import type { Entry, Index, Term } from '#raft/core/types.ts';
import type { CounterName, Meter } from './meter.ts';
import type { Proposal, Verdict } from './replicated-log.ts';

export type Question = {
  readonly data: Uint8Array;
  /** The only term in which it makes sense, if the asker knows one. */
  readonly term: Term | undefined;
  /** Called once, whatever happens. */
  readonly answer: (proposal: Proposal) => void;
};

export type Asked = Question & { readonly sinceMs: number };

export class PendingProposals {
  readonly #dependencies: { readonly clock: Clock; readonly meter: Meter };
  readonly #options: { readonly proposalsMax: number };
  #asked: Asked[] = [];
  /**
   * By index, and of which term; an index has one owner at a time: it is proposed for once in a term.
   * In the order of their terms.
   */
  readonly #waiting = new Map<Index, { readonly term: Term; readonly asked: Asked }>();

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

  /** True when there is one to be taken; otherwise it was refused. */
  ask(question: Question): boolean {
    const asked = { ...question, sinceMs: this.#dependencies.clock.monotonic() };
    const isBusy = this.size >= this.#options.proposalsMax;
    if (isBusy) this.refuse(asked, 'busy');
    else this.#asked.push(asked);
    return !isBusy;
  }

  refuse(asked: Asked, reason: Refused['reason']): void {
    this.#answer(asked, { kind: 'refused', reason });
  }

  /** The core did not take it. */
  refuseFor(asked: Asked, refusal: ProposeRefusal): void {
    if (refusal.kind === 'not-leader') {
      this.#answer(asked, { kind: 'refused', reason: refusal.kind, leader: refusal.leader });
    } else this.refuse(asked, refusal.kind === 'transferring' ? 'dropped' : refusal.kind);
  }

  take(): readonly Asked[] {
    const asked = this.#asked;
    this.#asked = [];
    return asked;
  }

  /** It has its place in our log. */
  add({ index, term }: Position, asked: Asked): void {
    // Of an older term of ours at the same index: it was cut off our log, but may live on elsewhere.
    const older = this.#waiting.get(index);
    if (older !== undefined) this.refuse(older.asked, 'unknown');
    this.#waiting.delete(index);
    this.#waiting.set(index, { term, asked });
  }

  /** Of a change of the membership, which has its place already, or two refusals more. */
  async outcomeOfConf(
    proposed: Result<Position, ConfRefusal>,
  ): Promise<Proposal | 'in-progress' | 'impossible'> {
    if (!proposed.ok) return fromConfRefusal(proposed.refusal);
    const { promise, resolve: answer } = Promise.withResolvers<Proposal>();
    const sinceMs = this.#dependencies.clock.monotonic();
    const { term } = proposed.value;
    this.add(proposed.value, { data: noData, term, answer, sinceMs });
    return await promise;
  }

  /**
   * Entries were applied; `verdicts` say what the state machine made of the normal ones among them, in
   * their order.
   */
  decide(entries: readonly Entry[], verdicts: readonly Verdict[] | undefined): void {
    const nowMs = this.#dependencies.clock.monotonic();
    let told = 0;
    for (const { index, term, kind } of entries) {
      const verdict = (kind === 'normal' ? verdicts?.[told++] : undefined) ?? applied;
      const pending = this.#waiting.get(index);
      if (pending === undefined) continue;
      this.#waiting.delete(index);
      const { asked } = pending;
      const isOurs = pending.term === term;
      this.#answer(asked, isOurs ? fromVerdict(verdict, { index, term }) : lost, nowMs);
    }
    this.#loseBefore(entries.at(-1)?.term ?? 0, nowMs);
  }

  /**
   * An entry of `term` was decided. Terms never fall along a log, so nothing of an older one comes after
   * it any more: not even in the log of whoever leads next. A node that leads again would otherwise wait
   * until its log has grown to where they were.
   */
  #loseBefore(term: Term, nowMs: number): void {
    for (const [index, { term: placedIn, asked }] of this.#waiting) {
      if (placedIn >= term) return;
      this.#waiting.delete(index);
      this.#answer(asked, lost, nowMs);
    }
  }

  /** A snapshot took the place of the entries up to `index`: which ones they were nobody says. */
  forgetTo(index: Index): void {
    for (const [at, { asked }] of this.#waiting) {
      if (at > index) continue;
      this.#waiting.delete(at);
      this.refuse(asked, 'unknown');
    }
  }

  abandon(): void {
    this.abandonPlaced();
    for (const asked of this.take()) this.refuse(asked, 'unknown');
  }

  /** What has its place in the log; what waits for a turn is left to it. */
  abandonPlaced(): void {
    const waiting = [...this.#waiting.values()];
    this.#waiting.clear();
    for (const { asked } of waiting) this.refuse(asked, 'unknown');
  }

  get placed(): number {
    return this.#waiting.size;
  }

  #answer(
    { sinceMs, answer }: Asked,
    proposal: Proposal,
    nowMs: number = this.#dependencies.clock.monotonic(),
  ): void {
    const { meter } = this.#dependencies;
    meter.time('proposal_ms', nowMs - sinceMs);
    meter.count(proposal.kind === 'applied' ? 'proposals_applied' : counters[proposal.reason]);
    answer(proposal);
  }
}

const lost: Proposal = { kind: 'refused', reason: 'lost' };
const applied: Verdict = { kind: 'applied' };
const noData = new Uint8Array(0);

type Refused = Extract<Proposal, { kind: 'refused' }>;

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

function fromConfRefusal(refusal: ConfRefusal): Proposal | 'in-progress' | 'impossible' {
  if (refusal.kind === 'in-progress' || refusal.kind === 'impossible') return refusal.kind;
  if (refusal.kind === 'transferring') return { kind: 'refused', reason: 'dropped' };
  return { kind: 'refused', reason: 'not-leader', leader: refusal.leader };
}

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
