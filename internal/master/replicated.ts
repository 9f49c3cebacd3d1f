/**
 * The log as the master sees it, so that `internal/master` knows nothing of Raft. The node of
 * `raft/node` fits this port as it is; a simulation gives the same.
 */
export type Replicated = {
  /**
   * Asks for an entry. Resolves when it was applied here (so its effects were handed out before), or
   * when it is known that it was not, or when nobody can tell any more (`unknown`).
   */
  propose(entry: Uint8Array): Promise<Proposal>;
  /**
   * Resolves as current when all that was decided anywhere when it was asked is applied here: then what
   * is read here is no older than the question.
   */
  read(): Promise<Read>;
  standing(): Standing;
  /** Calls back on every change of the standing until disposed. */
  watch(listener: (standing: Standing) => void): Disposable;
};

export type Proposal =
  | { readonly kind: 'applied'; readonly index: number; readonly term: number }
  | {
      readonly kind: 'refused';
      readonly reason:
        | 'not-leader'
        | 'busy'
        | 'too-large'
        | 'full'
        | 'dropped'
        | 'lost'
        | 'expired'
        | 'unknown';
    };

export type Read =
  | { readonly kind: 'current'; readonly index: number }
  | { readonly kind: 'refused'; readonly reason: 'no-leader' | 'busy' | 'unknown' };

export type Standing = {
  readonly kind: 'leader' | 'follower' | 'candidate';
  readonly term: number;
  readonly leader: number | undefined;
  /** A leader that has applied the first entry of its own term: it knows all that was committed. */
  readonly ready: boolean;
};
