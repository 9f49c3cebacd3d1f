/**
 * Proposals whose outcome somebody waits for. What is known of a proposal is the entry that is decided
 * at its place: its own (same term), or another one, and then it will never be applied. A leader that
 * was deposed learns neither for sure in any given time, so waiting for it ends with `unknown`.
 */
import type { Position } from '#raft/core/ready.ts';
import type { Entry, Index } from '#raft/core/types.ts';
import type { Proposal } from './replicated-log.ts';

export type Answer = (proposal: Proposal) => void;

export class PendingProposals {
  /** By index; an index has one owner at a time, since it is proposed for once in a term. */
  readonly #waiting = new Map<Index, { readonly term: number; readonly answer: Answer }>();

  get size(): number {
    return this.#waiting.size;
  }

  add({ index, term }: Position, answer: Answer): void {
    // Of an older term of ours at the same index: it was cut off our log, but may live on elsewhere.
    this.#waiting.get(index)?.answer({ kind: 'refused', reason: 'unknown' });
    this.#waiting.set(index, { term, answer });
  }

  /** An entry was applied. */
  decide({ index, term }: Entry): void {
    const pending = this.#waiting.get(index);
    if (pending === undefined) return;
    this.#waiting.delete(index);
    if (pending.term === term) pending.answer({ kind: 'applied', index, term });
    else pending.answer({ kind: 'refused', reason: 'lost' });
  }

  abandon(): void {
    const waiting = [...this.#waiting.values()];
    this.#waiting.clear();
    for (const { answer } of waiting) answer({ kind: 'refused', reason: 'unknown' });
  }
}
