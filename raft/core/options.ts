/** The settings of a core, with what breaks when they are wrong. */
import { assert } from '#internal/base/assert.ts';
import { whyInvalid } from './confchange.ts';
import type { ConfState, HardState, Index, NodeId } from './types.ts';

export type RawNodeOptions = {
  readonly id: NodeId;
  /** As the log store recovered it (`LogStore.initial`); `conf` is that of the log's beginning. */
  readonly initial: { readonly hard: HardState; readonly conf: ConfState };
  /** What the state machine holds already: entries up to here are not handed out again. */
  readonly appliedIndex: Index;
  /**
   * Ticks of quiet before a campaign; each time drawn anew from `[electionTicks, 2 * electionTicks)`.
   * Ten heartbeats are usual. Below two, one late heartbeat costs an election.
   */
  readonly electionTicks: number;
  readonly heartbeatTicks: number;
  /** Data in one MsgApp. A larger entry travels alone. */
  readonly messageBytesMax: number;
  /** MsgApps to one peer that were not answered yet, by count and by data. */
  readonly inflightMessagesMax: number;
  readonly inflightBytesMax: number;
  /** Data of our own proposals that no quorum has yet. Beyond it proposals are refused: `busy`. */
  readonly uncommittedBytesMax: number;
  /** Data of one proposal. Beyond it: `too-large`. */
  readonly entryBytesMax: number;
  /** Data in `committed` of one Ready, so that applying never holds the loop for long. */
  readonly committedBytesMax: number;
  /** Writes that may be on their way at a time; they become durable in order. */
  readonly writesMax: number;
  /**
   * Whether `appliedTo` tells how far the state machine is. Then applying may take its time, with
   * `committedBytesMax` under way at most; otherwise what is handed out counts as applied.
   */
  readonly reportsApplied: boolean;
  /** Reads without an answer, ours and those that others asked us for. Beyond it: `busy`. */
  readonly readsMax: number;
  /**
   * False for scenarios of tests alone. Without pre-votes a node that comes back deposes a good
   * leader; without check-quorum one that nobody hears goes on believing in itself, and nobody is
   * loyal to one that is heard.
   */
  readonly preVote: boolean;
  readonly checkQuorum: boolean;
  /** Leaders answer reads alone while a quorum's promise lasts. Undefined: they ask each time. */
  readonly lease?: LeaseOptions | undefined;
};

export type LeaseOptions = {
  /** Milliseconds between two ticks, on every node. */
  readonly tickMs: number;
  /** By how much a clock may run fast or slow: 0.2 means a fifth. Beyond it reads may be stale. */
  readonly driftMax: number;
};

/** Everything but the identity and what was recovered. */
export const defaultLimits: Omit<RawNodeOptions, 'id' | 'initial' | 'appliedIndex' | 'lease'> = {
  electionTicks: 10,
  heartbeatTicks: 1,
  messageBytesMax: 1 << 20,
  inflightMessagesMax: 256,
  inflightBytesMax: 8 << 20,
  uncommittedBytesMax: 64 << 20,
  entryBytesMax: 1 << 20,
  committedBytesMax: 4 << 20,
  writesMax: 1,
  reportsApplied: false,
  readsMax: 16_384,
  preVote: true,
  checkQuorum: true,
};

/** Options are ours, not a user's: a relation that cannot work is a bug of the caller. */
export function assertOptions(options: RawNodeOptions): void {
  const { id, initial, electionTicks, heartbeatTicks, checkQuorum, lease } = options;
  const { conf } = initial;
  assert(Number.isSafeInteger(id) && id > 0, `node id ${id} is not a positive safe integer`);
  assert(heartbeatTicks >= 1, `heartbeatTicks ${heartbeatTicks} is below one`);
  assert(
    electionTicks > heartbeatTicks,
    `electionTicks ${electionTicks} must exceed heartbeatTicks ${heartbeatTicks}`,
  );
  const why = whyInvalid(conf);
  assert(why === undefined, `the configuration cannot be: ${why}`);
  if (lease !== undefined) {
    assert(checkQuorum, 'a lease rests on the loyalty that check-quorum brings');
    assert(lease.tickMs > 0, `tickMs ${lease.tickMs} is not positive`);
    assert(lease.driftMax >= 0 && lease.driftMax < 1, `driftMax ${lease.driftMax} is no fraction`);
  }
  for (const name of limitNames) {
    const limit = options[name];
    assert(Number.isSafeInteger(limit) && limit > 0, `${name} ${limit} is not a positive integer`);
  }
}

/**
 * How long a lease lasts by the leader's clock. A follower is loyal for at least one tick less than
 * the election time-out; its clock may be fast, and the leader's slow.
 */
export const leaseMs = (electionTicks: number, { tickMs, driftMax }: LeaseOptions): number =>
  ((electionTicks - 1) * tickMs * (1 - driftMax)) / (1 + driftMax);

const limitNames = [
  'electionTicks',
  'heartbeatTicks',
  'messageBytesMax',
  'inflightMessagesMax',
  'inflightBytesMax',
  'uncommittedBytesMax',
  'entryBytesMax',
  'committedBytesMax',
  'readsMax',
  'writesMax',
] as const;
