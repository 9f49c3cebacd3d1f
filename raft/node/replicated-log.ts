/** What users of a node see of it. */
import type { Index, NodeId, Term } from '#raft/core/types.ts';

/** Where decided entries go. Every node gets the same ones in the same order. */
export type StateMachine = {
  /** Applies entries in order, at once and without effects outside. Throwing stops the node. */
  apply(entries: readonly AppliedEntry[]): void;
  /** The last entry that its state stands for; 0 for none. Entries up to it do not come again. */
  appliedIndex(): Index;
};

export type AppliedEntry = {
  readonly index: Index;
  readonly term: Term;
  readonly data: Uint8Array;
};

export type Proposal =
  | { readonly kind: 'applied'; readonly index: Index; readonly term: Term }
  | {
      readonly kind: 'refused';
      /**
       * `not-leader`, `busy`, `too-large`: never entered the log. `lost`: another leader's entry has
       * its place, it will never be applied. `unknown`: it may or may not be applied some day.
       */
      readonly reason: 'not-leader' | 'busy' | 'too-large' | 'lost' | 'unknown';
      /** Who leads as far as we know (`not-leader` only). */
      readonly leader?: NodeId | undefined;
    };

export type Standing = {
  readonly kind: 'leader' | 'follower' | 'candidate';
  readonly term: Term;
  readonly leader: NodeId | undefined;
  /** A leader that has applied the first entry of its own term: it knows all that was decided. */
  readonly ready: boolean;
};
