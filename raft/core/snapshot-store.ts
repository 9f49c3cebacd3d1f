/**
 * Snapshots on disk, as a node sees them. `storage/snapshot` is the real store.
 *
 * A snapshot is there as a whole or not at all: it is written beside, synced, and then named. It is
 * sent in chunks under a checksum each, which the manifest lists before the first one arrives; so a
 * receiver knows of every chunk whether it is right, and what it has after a break.
 *
 * The log forgets entries (`LogStore.compact`) only after `commit` of the snapshot that stands for
 * them has resolved.
 */
import type { Result } from '#internal/base/result.ts';
import type { Index, SnapshotMark, Term } from './types.ts';

export type SnapshotManifest = {
  readonly mark: SnapshotMark;
  readonly sizeBytes: number;
  /** Of each chunk but the last, which may be shorter. */
  readonly chunkBytes: number;
  /** CRC-32C of each chunk, in order. */
  readonly checksums: readonly number[];
};

export type SnapshotChunk = {
  readonly index: Index;
  readonly term: Term;
  /** Of its first byte; a multiple of the manifest's `chunkBytes`. */
  readonly offset: number;
  readonly bytes: Uint8Array;
  /** CRC-32C of `bytes`. */
  readonly checksum: number;
};

export type SnapshotStore = {
  /** The one with the highest index, verified when the store was opened. */
  newest(): SnapshotManifest | undefined;
  /**
   * Begins a snapshot of our own state machine. One at a time: a second one before `commit` or
   * `abandon` is a bug.
   */
  create(mark: SnapshotMark): Promise<SnapshotWriter>;
  /** Undefined when there is none at this index and term (any more). */
  open(place: { readonly index: Index; readonly term: Term }): Promise<SnapshotReader | undefined>;
  /**
   * Begins, or takes up again, what a leader sends: `manifest` is the `encoded` one of its reader.
   * Ends a session of before; what that received is kept only if it is of the same snapshot.
   */
  receive(manifest: Uint8Array): Promise<Result<SnapshotReceiver, SnapshotRefusal>>;
  close(): Promise<void>;
};

export type SnapshotRefusal =
  /** Not a manifest, or of a chunk or size that is out of bounds. */
  | { readonly kind: 'damaged' }
  /** Of another cluster. */
  | { readonly kind: 'foreign'; readonly clusterId: string }
  /** A newer program's. */
  | { readonly kind: 'version'; readonly version: number }
  /** We have one that is at least as new. */
  | { readonly kind: 'old'; readonly newest: Index };

/** A fault of `write` or `commit` with code `FULL` leaves all as it was: try again when there is room. */
export type SnapshotWriter = {
  /** Appends; waits for the disk, so that the caller is slowed down to its pace. */
  write(bytes: Uint8Array): Promise<void>;
  /**
   * Resolves when the snapshot is durable; removes those beyond the last two. Throws `CLOSED` when a
   * newer one was received meanwhile: abandon this one.
   */
  commit(): Promise<SnapshotManifest>;
  abandon(): Promise<void>;
};

/** Reads one snapshot, also when the store has removed it meanwhile. */
export type SnapshotReader = {
  readonly manifest: SnapshotManifest;
  /** What a receiver needs first. */
  readonly encoded: Uint8Array;
  /**
   * The chunk at `offset`, read and verified anew; undefined at the end of the snapshot. Throws
   * `SnapshotError` `CORRUPT` when the disk gives something else than was written.
   */
  chunk(offset: number): Promise<SnapshotChunk | undefined>;
  close(): Promise<void>;
};

export type ChunkRefusal =
  /** Of another snapshot, or the session was ended by a later one. */
  | { readonly kind: 'superseded' }
  /** Not the next chunk: one is missing before it. Go on from `expected`. */
  | { readonly kind: 'gap'; readonly expected: number }
  /** Not what the manifest announces. Send it again. */
  | { readonly kind: 'damaged'; readonly expected: number };

export type SnapshotReceiver = {
  readonly manifest: SnapshotManifest;
  /** Where the sender goes on: all before it is here and verified, also from before a restart. */
  nextOffset(): number;
  /** One at a time. The next offset; a chunk that is here already is accepted and ignored. */
  take(chunk: SnapshotChunk): Promise<Result<number, ChunkRefusal>>;
  /** Owed after the last chunk. Resolves when the snapshot is durable and the newest one. */
  commit(): Promise<SnapshotManifest>;
  /** Ends the session; what was received stays, for another try. */
  close(): Promise<void>;
};
