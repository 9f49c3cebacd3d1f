/**
 * The first 128 bytes of a segment: whose it is, and how it hangs on to the one before. All but the
 * first segment repeat the mark and the hard state in their first batch, so that the log is whole
 * without the segments that a compaction removed.
 */
import { putUint64, takeUint64, viewOf } from './bytes.ts';
import { crc32c } from './crc32c.ts';
import { WalError } from './wal-error.ts';

export const segmentHeaderBytes = 128;
export const clusterIdBytesMax = 64;
const magic = 'ALTIWAL\n';
const version = 1;
const identityOffset = 56;

export type Identity = { readonly clusterId: string; readonly nodeId: number };

export type SegmentHeader = Identity & {
  /** Counts up from 1 without a gap; the name of the file. */
  readonly segment: number;
  /** The last index in the log before this segment. */
  readonly base: number;
  /** Of the first batch in it. */
  readonly sequence: number;
  /** The chain at the end of the segment before. */
  readonly chain: number;
};

export const segmentName = (segment: number): string =>
  `${segment.toString(16).padStart(16, '0')}.seg`;

export function parseSegmentName(name: string): number | undefined {
  return /^[0-9a-f]{16}\.seg$/.test(name) ? Number.parseInt(name.slice(0, 16), 16) : undefined;
}

export function encodeSegmentHeader(header: SegmentHeader): Uint8Array {
  const bytes = new Uint8Array(segmentHeaderBytes);
  const view = viewOf(bytes);
  bytes.set(new TextEncoder().encode(magic));
  view.setUint32(8, version, true);
  view.setUint32(12, header.chain, true);
  putUint64(view, 16, header.nodeId);
  putUint64(view, 24, header.segment);
  putUint64(view, 32, header.base);
  putUint64(view, 40, header.sequence);
  bytes.set(new TextEncoder().encode(header.clusterId), identityOffset);
  view.setUint32(segmentHeaderBytes - 4, crc32c(bytes, 0, segmentHeaderBytes - 4), true);
  return bytes;
}

/** Undefined when the header is damaged or cut off. Throws `VERSION` when it is a newer program's. */
export function readSegmentHeader(bytes: Uint8Array): SegmentHeader | undefined {
  if (bytes.length < segmentHeaderBytes) return undefined;
  const view = viewOf(bytes);
  const crc = view.getUint32(segmentHeaderBytes - 4, true);
  if (crc32c(bytes, 0, segmentHeaderBytes - 4) !== crc) return undefined;
  const found = view.getUint32(8, true);
  if (found !== version) {
    throw new WalError(
      'VERSION',
      `The Raft log has version ${found}; this program knows ${version}`,
    );
  }
  const text = bytes.subarray(identityOffset, identityOffset + clusterIdBytesMax);
  const end = text.indexOf(0);
  return {
    clusterId: new TextDecoder().decode(end < 0 ? text : text.subarray(0, end)),
    nodeId: takeUint64(view, 16),
    segment: takeUint64(view, 24),
    base: takeUint64(view, 32),
    sequence: takeUint64(view, 40),
    chain: view.getUint32(12, true),
  };
}
