/**
 * What a leader believes about one peer's log, and how it sends to it. Values: each function
 * returns a new belief.
 *
 *  - `probe`: where the logs meet is not known; one MsgApp at a time, then a pause until an answer
 *    or a heartbeat's reply.
 *  - `replicate`: they meet at `match`; messages are pipelined, `next` runs ahead of the answers.
 *  - `snapshot`: what the peer lacks is compacted away; nothing but the snapshot is sent.
 */
import { assert } from '#internal/base/assert.ts';
import { addInflight, freeTo, type Inflights, isFull, newInflights } from './inflights.ts';
import type { Index } from './types.ts';

export type Progress = {
  /** The peer's log is known to agree with ours up to here. It never falls while we lead. */
  readonly match: Index;
  /** The next entry to send. Invariant: `match < next`. */
  readonly next: Index;
  /** The highest commit index sent, so that an empty MsgApp is worth its way. */
  readonly sentCommit: Index;
  /** Heard from since the last look at the quorum. */
  readonly isActive: boolean;
  readonly mode: Mode;
};

type Mode =
  | { readonly kind: 'probe'; readonly isPaused: boolean }
  | { readonly kind: 'replicate'; readonly inflights: Inflights }
  | { readonly kind: 'snapshot'; readonly index: Index };

export type Window = { readonly countMax: number; readonly bytesMax: number };

export const newProgress = (next: Index): Progress => ({
  match: 0,
  next,
  sentCommit: 0,
  isActive: false,
  mode: { kind: 'probe', isPaused: false },
});

/** After an answer that may be the last for a while: start over from what is certain. */
export function toProbe(progress: Progress): Progress {
  const { match, mode } = progress;
  // A snapshot that was sent may have arrived: then the log goes on right behind it.
  const next = mode.kind === 'snapshot' ? Math.max(match, mode.index) + 1 : match + 1;
  return checked({ ...progress, next, sentCommit: 0, mode: { kind: 'probe', isPaused: false } });
}

export function toReplicate(progress: Progress, window: Window): Progress {
  const inflights = newInflights(window.countMax, window.bytesMax);
  const next = progress.match + 1;
  return checked({ ...progress, next, mode: { kind: 'replicate', inflights } });
}

export const toSnapshot = (progress: Progress, index: Index): Progress =>
  checked({
    ...progress,
    next: Math.max(progress.match, index) + 1,
    mode: { kind: 'snapshot', index },
  });

/** Only `match` is certain, and nothing is sent before the peer is heard: its snapshot was lost. */
export const held = (progress: Progress): Progress =>
  checked({ ...progress, next: progress.match + 1, mode: { kind: 'probe', isPaused: true } });

export function isPaused({ mode }: Progress): boolean {
  if (mode.kind === 'probe') return mode.isPaused;
  return mode.kind === 'snapshot' || isFull(mode.inflights);
}

export const resumed = (progress: Progress): Progress =>
  progress.mode.kind === 'probe'
    ? { ...progress, mode: { kind: 'probe', isPaused: false } }
    : progress;

/** A MsgApp with entries up to `last` (none: `last` is `next - 1`) left for the peer. */
export function sent(
  progress: Progress,
  { last, bytes, commit }: { last: Index; bytes: number; commit: Index },
): Progress {
  const { next, mode } = progress;
  assert(mode.kind !== 'snapshot', 'nothing is appended while a snapshot travels');
  const sentCommit = Math.max(progress.sentCommit, Math.min(commit, last));
  if (mode.kind === 'probe') {
    return { ...progress, sentCommit, mode: { kind: 'probe', isPaused: true } };
  }
  if (last < next) return { ...progress, sentCommit };
  const inflights = addInflight(mode.inflights, last, bytes);
  return checked({
    ...progress,
    next: last + 1,
    sentCommit,
    mode: { kind: 'replicate', inflights },
  });
}

/** The peer's log agrees up to `index`. Late and repeated answers change nothing. */
export function acknowledged(progress: Progress, index: Index, window: Window): Progress {
  const { match, next, mode } = progress;
  const agreed = { ...progress, match: Math.max(match, index), next: Math.max(next, index + 1) };
  switch (mode.kind) {
    case 'probe':
      // An answer below what is known may belong to an older round: it proves nothing new.
      return index < match ? progress : toReplicate(agreed, window);
    case 'replicate':
      return checked({
        ...agreed,
        mode: { kind: 'replicate', inflights: freeTo(mode.inflights, index) },
      });
    case 'snapshot':
      return agreed.match >= mode.index ? toReplicate(agreed, window) : agreed;
    default:
      return mode satisfies never;
  }
}

/**
 * The peer refused a MsgApp that followed `rejected`; its log may agree at `hint` at best. Undefined
 * when that answer is stale: the belief is newer already. A late rejection must not bring `next`
 * down to `match` (etcd raft #149).
 */
export function rejected(progress: Progress, at: Index, hint: Index): Progress | undefined {
  const { match, next, mode } = progress;
  if (at <= match || mode.kind === 'snapshot') return undefined;
  if (mode.kind === 'replicate') return at >= next ? undefined : toProbe(progress);
  if (at !== next - 1) return undefined;
  return checked({
    ...progress,
    next: Math.max(Math.min(at, hint + 1), match + 1),
    sentCommit: 0,
    mode: { kind: 'probe', isPaused: false },
  });
}

function checked(progress: Progress): Progress {
  const { match, next } = progress;
  assert(match < next, `a peer's match ${match} is not below its next ${next}`);
  return progress;
}
