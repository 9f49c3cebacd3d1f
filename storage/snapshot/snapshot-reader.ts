/**
 * Reads a snapshot in the chunks that its manifest lists. It holds the data open, so a store that
 * removes the snapshot meanwhile takes nothing from it.
 */
import type { File } from '#internal/runtime/files.ts';
import type { SnapshotChunk, SnapshotManifest, SnapshotReader } from '#raft/core/snapshot-store.ts';
import { crc32c } from '#storage/wal/crc32c.ts';
import { SnapshotError } from './snapshot-error.ts';

type ReaderParts = {
  readonly data: File;
  readonly guard: <T>(work: () => Promise<T>) => Promise<T>;
};

export function newReader(
  { data, guard }: ReaderParts,
  { manifest, encoded }: { readonly manifest: SnapshotManifest; readonly encoded: Uint8Array },
): SnapshotReader {
  return {
    manifest,
    encoded,
    chunk: (offset) => guard(() => readChunk(data, manifest, offset)),
    close: () => guard(() => data.close()),
  };
}

async function readChunk(
  data: File,
  { mark, sizeBytes, chunkBytes, checksums }: SnapshotManifest,
  offset: number,
): Promise<SnapshotChunk | undefined> {
  if (offset >= sizeBytes) return undefined;
  const checksum = checksums[offset / chunkBytes];
  if (checksum === undefined) throw new RangeError(`no chunk begins at byte ${offset}`);
  const length = Math.min(chunkBytes, sizeBytes - offset);
  const bytes = await data.read(offset, length);
  if (bytes.length !== length || crc32c(bytes) !== checksum) {
    const what = `the snapshot at ${mark.index} is damaged in the chunk at byte ${offset}`;
    throw new SnapshotError('CORRUPT', `Cannot read a snapshot: ${what}`);
  }
  return { index: mark.index, term: mark.term, offset, bytes, checksum };
}
