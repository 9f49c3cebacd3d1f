/**
 * The log on disk, as the core and its driver see it. `storage/wal` is the real one; tests of the
 * core use the one in memory (`memory-log.ts`).
 *
 * Reads are synchronous: whatever is not compacted away is at hand. Writes resolve when they are
 * durable, and not before; a write that rejects ends the process, it is never tried again.
 */
import type { ConfState, Entry, HardState, Index, SnapshotMark, Term } from './types.ts';

export type LogReader = {
  /** The first entry that is still there; one more than the snapshot's index after a compaction. */
  firstIndex(): Index;
  /** The last entry, or the snapshot's index when there is none. */
  lastIndex(): Index;
  /** Known for `firstIndex() - 1` to `lastIndex()`, undefined elsewhere. */
  term(index: Index): Term | undefined;
  /** Entries of `[from, to)`, at least one, otherwise no more than `bytesMax` of data. */
  entries(from: Index, to: Index, bytesMax: number): readonly Entry[];
  /** Where the log begins; index 0 and the first configuration when nothing was compacted. */
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
  /** Forgets entries up to and including the mark's index, which must be applied. */
  compact(mark: SnapshotMark): Promise<void>;
  /** Replaces the whole log by a snapshot received from a leader. */
  installSnapshot(mark: SnapshotMark): Promise<void>;
  close(): Promise<void>;
};
