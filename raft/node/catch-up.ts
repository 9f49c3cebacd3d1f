/**
 * How it is seen that a newcomer keeps pace (dissertation §4.2.1). In each round it has to get what the
 * log held when the round began; once a round is shorter than an election time-out, what it still
 * lacks is little enough for it to vote without holding the others up. Values; time is in milliseconds
 * of one clock.
 */
import type { Index } from '#raft/core/types.ts';

export type CatchUp = {
  readonly round: number;
  /** Where the log ended when the round began. */
  readonly goal: Index;
  readonly begunMs: number;
  /** The farthest that the newcomer was seen, and when it last moved. */
  readonly match: Index;
  readonly movedMs: number;
};

export type CatchUpLimits = {
  readonly roundsMax: number;
  /** A round below it is short enough: an election time-out. */
  readonly roundMs: number;
  /** Without any step for so long it is given up: a snapshot must fit in. */
  readonly stallMsMax: number;
};

export const newCatchUp = (last: Index, nowMs: number): CatchUp => ({
  round: 1,
  goal: last,
  begunMs: nowMs,
  match: 0,
  movedMs: nowMs,
});

export type CatchUpStep =
  | { readonly kind: 'going'; readonly catchUp: CatchUp }
  | { readonly kind: 'caught-up' }
  | { readonly kind: 'failed'; readonly why: string };

/** `match`: what it has now; `last`: where the log ends now. */
export function catchUpStep(
  catchUp: CatchUp,
  { match, last, nowMs }: { readonly match: Index; readonly last: Index; readonly nowMs: number },
  { roundsMax, roundMs, stallMsMax }: CatchUpLimits,
): CatchUpStep {
  const { round, goal, begunMs } = catchUp;
  const hasMoved = match > catchUp.match;
  const seen = hasMoved ? { ...catchUp, match, movedMs: nowMs } : catchUp;
  if (match < goal) {
    if (nowMs - seen.movedMs < stallMsMax) return { kind: 'going', catchUp: seen };
    return { kind: 'failed', why: `it has not moved for ${stallMsMax} ms` };
  }
  if (nowMs - begunMs <= roundMs) return { kind: 'caught-up' };
  if (round === roundsMax) {
    return { kind: 'failed', why: `it is slower than the log grows, after ${roundsMax} rounds` };
  }
  return {
    kind: 'going',
    catchUp: { ...seen, round: round + 1, goal: last, begunMs: nowMs, movedMs: nowMs },
  };
}
