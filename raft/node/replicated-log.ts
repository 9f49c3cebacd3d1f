/** What users of a node see of it. */
import type { Index, NodeId, Term } from '#raft/core/types.ts';

/** Where decided entries go. Every node gets the same ones in the same order. */
export type StateMachine = {
  /**
   * Applies entries in order, at once and without effects outside. Throwing stops the node. A machine
   * that may drop an entry says what became of each; one that says nothing has applied them all.
   */
  apply(entries: readonly AppliedEntry[]): readonly Verdict[] | void;
  /**
   * Of a machine that is elsewhere, and takes so much at a time: undefined while it takes more, and
   * otherwise a promise that resolves when it does. Without it there is always room.
   */
  room?(): Promise<void> | undefined;
  /** The last entry that its state stands for; 0 for none. Entries up to it do not come again. */
  appliedIndex(): Index;
  /**
   * The state as it is now. It is read while entries are applied, so it must not see what they do: of
   * values that never change this costs nothing. Needed where snapshots are made.
   */
  snapshot?(): StateSnapshot;
  /**
   * Takes the place of the whole state, when it was read to its end and found to be right; until then,
   * and if it is not, the old one stays. Nothing is applied meanwhile.
   */
  restore?(snapshot: StateSnapshot): Promise<void>;
};

/** A state in bytes. Equal states should give equal bytes, so that nodes can be compared. */
export type StateSnapshot = {
  /** The last entry that it stands for. */
  readonly index: Index;
  /** Of any size; read once. */
  readonly chunks: AsyncIterable<Uint8Array>;
};

/** What an entry came to. */
export type Verdict =
  | { readonly kind: 'applied' }
  /** It was applied before, there; not again. */
  | { readonly kind: 'repeated'; readonly index: Index; readonly term: Term }
  /** It changed nothing: of a session that is over, or beyond what one may ask at a time. */
  | { readonly kind: 'dropped'; readonly why: 'expired' | 'busy' };

export type AppliedEntry = {
  readonly index: Index;
  readonly term: Term;
  readonly data: Uint8Array;
};

export type Proposal =
  | {
      readonly kind: 'applied';
      /** Where: of a proposal that was repeated, where it was applied at first. */
      readonly index: Index;
      readonly term: Term;
    }
  | {
      readonly kind: 'refused';
      /**
       * `not-leader`, `busy` (too much is under way), `too-large`, `full` (no room on the disk),
       * `dropped` (leadership is being handed over): it changed nothing and never will. `lost`: another
       * leader's entry has its place, it will never be applied. `expired`: its session is over, and
       * whether an earlier try was applied nobody knows. `unknown`: it may or may not be some day.
       */
      readonly reason:
        | 'not-leader'
        | 'busy'
        | 'too-large'
        | 'full'
        | 'dropped'
        | 'lost'
        | 'expired'
        | 'unknown';
      /** Who leads as far as we know (`not-leader` only). */
      readonly leader?: NodeId | undefined;
    };

/** Whether our state holds all that anybody knew to be decided when we were asked. */
export type Read =
  | { readonly kind: 'current'; readonly index: Index }
  | {
      readonly kind: 'refused';
      readonly reason: 'no-leader' | 'busy' | 'unknown';
    };

export type Standing = {
  readonly kind: 'leader' | 'follower' | 'candidate';
  readonly term: Term;
  readonly leader: NodeId | undefined;
  /** A leader that has applied the first entry of its own term: it knows all that was decided. */
  readonly ready: boolean;
};
