/**
 * What a snapshot is, in bytes: written beside its data and sent before it.
 *
 *      0 magic "ALTISNAP"    8 u32 version    12 u32 chunk length
 *     16 u64 index          24 u64 term       32 u64 size of the data
 *     40 u32 configuration's length           44 u32 zero
 *     48 cluster id, 64 bytes                112 configuration, then a u32 for each chunk: CRC-32C
 *
 * and at the end a u32: CRC-32C of all before.
 */
import { type Result, accept, refuse } from '#internal/base/result.ts';
import type { SnapshotManifest, SnapshotRefusal } from '#raft/core/snapshot-store.ts';
import { putUint64, takeUint64, viewOf } from '#storage/wal/bytes.ts';
import { confToBytes, parseConf } from '#storage/wal/conf-state.ts';
import { crc32c } from '#storage/wal/crc32c.ts';

const magic = new TextEncoder().encode('ALTISNAP');
const version = 1;
const headerBytes = 112;
const clusterIdOffset = 48;
export const clusterIdBytesMax = 64;

/** Beyond these nobody wrote it: a receiver gives no memory or disk on the word of a number. */
export const chunkBytesMax: number = 1024 * 1024;
export const sizeBytesMax: number = 2 ** 40;

export function encodeManifest(manifest: SnapshotManifest, clusterId: string): Uint8Array {
  const { mark, sizeBytes, chunkBytes, checksums } = manifest;
  const conf = confToBytes(mark.conf);
  const end = headerBytes + conf.length + checksums.length * 4;
  const bytes = new Uint8Array(end + 4);
  const view = viewOf(bytes);
  bytes.set(magic);
  view.setUint32(8, version, true);
  view.setUint32(12, chunkBytes, true);
  putUint64(view, 16, mark.index);
  putUint64(view, 24, mark.term);
  putUint64(view, 32, sizeBytes);
  view.setUint32(40, conf.length, true);
  bytes.set(new TextEncoder().encode(clusterId), clusterIdOffset);
  bytes.set(conf, headerBytes);
  for (const [position, checksum] of checksums.entries()) {
    view.setUint32(headerBytes + conf.length + position * 4, checksum, true);
  }
  view.setUint32(end, crc32c(bytes, 0, end), true);
  return bytes;
}

/** Of bytes from a disk or a peer, so nothing in them is taken for granted. */
export function parseManifest(
  bytes: Uint8Array,
  clusterId: string,
): Result<SnapshotManifest, SnapshotRefusal> {
  const end = bytes.length - 4;
  if (end < headerBytes) return refuse({ kind: 'damaged' });
  const view = viewOf(bytes);
  const isWhole = crc32c(bytes, 0, end) === view.getUint32(end, true);
  if (!isWhole || magic.some((byte, i) => bytes[i] !== byte)) return refuse({ kind: 'damaged' });
  const found = view.getUint32(8, true);
  if (found !== version) return refuse({ kind: 'version', version: found });
  const owner = textAt(bytes, clusterIdOffset);
  if (owner !== clusterId) return refuse({ kind: 'foreign', clusterId: owner });
  const confEnd = headerBytes + view.getUint32(40, true);
  const conf = confEnd <= end ? parseConf(bytes.subarray(headerBytes, confEnd)) : undefined;
  if (conf === undefined) return refuse({ kind: 'damaged' });
  const manifest = {
    mark: { index: takeUint64(view, 16), term: takeUint64(view, 24), conf },
    sizeBytes: takeUint64(view, 32),
    chunkBytes: view.getUint32(12, true),
    checksums: checksumsIn(bytes.subarray(confEnd, end)),
  };
  return isSound(manifest, end - confEnd) ? accept(manifest) : refuse({ kind: 'damaged' });
}

function isSound({ mark, sizeBytes, chunkBytes }: SnapshotManifest, listBytes: number): boolean {
  if (!Number.isSafeInteger(mark.index) || !Number.isSafeInteger(mark.term)) return false;
  if (chunkBytes === 0 || chunkBytes > chunkBytesMax || sizeBytes > sizeBytesMax) return false;
  return listBytes === Math.ceil(sizeBytes / chunkBytes) * 4;
}

function checksumsIn(bytes: Uint8Array): readonly number[] {
  const view = viewOf(bytes);
  const length = Math.floor(bytes.length / 4);
  return Array.from({ length }, (_, i) => view.getUint32(i * 4, true));
}

function textAt(bytes: Uint8Array, offset: number): string {
  const field = bytes.subarray(offset, offset + clusterIdBytesMax);
  const end = field.indexOf(0);
  return new TextDecoder().decode(end < 0 ? field : field.subarray(0, end));
}
