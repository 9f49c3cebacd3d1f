/**
 * The log on disk, as the core and its driver see it. `storage/wal` is the real one; tests of the
 * core use the one in memory (`memory-log.ts`).
 *
 * Reads are synchronous: whatever is not compacted away is at hand. Writes resolve when they are
 * durable, and not before; a write that rejects ends the process, it is never tried again.
 */
import type { ConfState, Entry, HardState, Index, SnapshotMark, Term } from './types.ts';

export type LogReader = {
  /** The first entry that is still there; one more than the last index when there is none. */
  firstIndex(): Index;
  /** The last entry, or the snapshot's index when there is none. */
  lastIndex(): Index;
  /** Known for `firstIndex() - 1` to `lastIndex()`, undefined elsewhere. */
  term(index: Index): Term | undefined;
  /** Entries of `[from, to)`, at least one, otherwise no more than `bytesMax` of data. */
  entries(from: Index, to: Index, bytesMax: number): readonly Entry[];
  /**
   * The newest snapshot that stands for the entries up to it; index 0 and the first configuration
   * when there is none. Entries before it may still be there, for followers that are slow.
   */
  snapshot(): SnapshotMark;
};

export type LogBatch = {
  readonly hard?: HardState | undefined;
  /** Contiguous. They replace whatever the log held from the first one's index on. */
  readonly entries: readonly Entry[];
};

export type LogStore = LogReader & {
  /** As recovered when it was opened. */
  readonly initial: { readonly hard: HardState; readonly conf: ConfState };
  /** Writes entries and hard state as one: after a crash both are there or neither is. */
  append(batch: LogBatch): Promise<void>;
  /**
   * A durable snapshot stands for all up to the mark's index, which must be applied: forgets these
   * entries but for the newest ones with no more than `tailBytes` of data together (default: none).
   */
  compact(mark: SnapshotMark, options?: { readonly tailBytes: number }): Promise<void>;
  /** Replaces the whole log by a snapshot received from a leader. */
  installSnapshot(mark: SnapshotMark): Promise<void>;
  /**
   * Whether the disk has room beyond the reserve that is kept for terms, votes and configurations.
   * While it has not, the caller refuses proposals and the entries of a leader, and takes snapshots
   * to make room. An append for which even the reserve is too small rejects, and ends the process.
   */
  hasRoom(): boolean;
  close(): Promise<void>;
};
