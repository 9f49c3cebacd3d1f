/** What a node is made of, and its settings with what breaks when they are wrong. */
import type { Random } from '#internal/base/random.ts';
import type { Clock } from '#internal/runtime/clock.ts';
import type { Logger } from '#internal/runtime/logger.ts';
import type { LogStore } from '#raft/core/log-store.ts';
import { defaultLimits, type RawNodeOptions } from '#raft/core/options.ts';
import type { NodeId } from '#raft/core/types.ts';
import type { RetiredIds } from './peer-book.ts';
import type { PeerHandlers, PeerTransport } from './peer-transport.ts';
import type { StateMachine } from './replicated-log.ts';
import {
  defaultSnapshotOptions,
  type SnapshotMeans,
  type SnapshotOptions,
} from './snapshot-desk.ts';

export type RaftNodeDependencies = {
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  /** Opened and closed by the caller. */
  readonly log: LogStore;
  readonly machine: StateMachine;
  /** Called once, at construction. The node disposes of what it returns. */
  readonly connect: (handlers: PeerHandlers) => PeerTransport;
  /** Without them the log is never compacted. */
  readonly snapshots?: SnapshotMeans | undefined;
  /** Remembers for us which ids are used up. Opened and closed by the caller. */
  readonly book?: RetiredIds | undefined;
  /**
   * Calls back when the inputs that are there already are all in: they share one write and one message
   * a peer. By default that is what one callback of the loop brought; whoever lives on the network
   * waits for the end of the loop's turn (`afterTurn`), for each frame of a socket is a callback.
   */
  readonly defer?: ((callback: () => void) => void) | undefined;
  /** The disk failed, or the program is wrong: the node has stopped, and so must the process. */
  readonly onFault: (fault: unknown) => void;
};

export type RaftNodeOptions = Omit<RawNodeOptions, 'id' | 'initial' | 'appliedIndex'> & {
  readonly id: NodeId;
  /** Between two ticks. Heartbeats and election time-outs are counted in ticks. */
  readonly tickMs: number;
  /** Messages that wait for the next turn. Beyond it they are dropped: Raft repeats itself. */
  readonly inboxMessagesMax: number;
  /** Proposals without an outcome. Beyond it they are refused: `busy`. */
  readonly proposalsMax: number;
  /** How long after the loss of leadership an outcome is waited for, in ticks. */
  readonly outcomeTicks: number;
  /**
   * A leader whose write has not ended for so long resigns: its proposals wait for nothing, and it
   * would hold its office by heartbeats alone. Below an election time-out, disks that are merely slow
   * would never keep a leader.
   */
  readonly stallTicks: number;
  /** Applying goes on for so long in one turn; then others get theirs. */
  readonly turnMsMax: number;
  readonly snapshots: SnapshotOptions;
};

/** Heartbeats every 100 ms, elections after 1 to 2 s without one. */
export const defaultRaftNodeOptions: Omit<RaftNodeOptions, 'id' | 'lease'> = {
  ...defaultLimits,
  tickMs: 100,
  inboxMessagesMax: 4096,
  proposalsMax: 16_384,
  outcomeTicks: 40,
  stallTicks: 10,
  turnMsMax: 20,
  snapshots: defaultSnapshotOptions,
};
