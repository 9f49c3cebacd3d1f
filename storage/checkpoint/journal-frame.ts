/**
 * The bytes of the journal: frames, each chained to the one before it by its checksum, so that none can
 * be missing, doubled or left over from another file without the chain breaking there.
 *
 *     crc32c    of all that follows, begun with that of the frame before
 *     length    of the body
 *     number    of the batch; 64 bits
 *     digest    of all records after the batch; 64 bits
 *     body      entries: kind (1 byte), length of the key, length of the value, key, value
 *
 * Zeros follow, made ahead. Numbers are little-endian, 32 bits where nothing else is said.
 */
import { unreachable } from '#internal/base/assert.ts';
import { putUint64, takeUint64, viewOf } from '../wal/bytes.ts';
import { crc32c } from '../wal/crc32c.ts';

export type Frame = {
  readonly number: number;
  readonly digest: bigint;
  readonly entries: readonly Entry[];
};

export type Entry =
  /** `value` is sealed. */
  | { readonly kind: 'put'; readonly key: string; readonly value: Uint8Array }
  | { readonly kind: 'delete'; readonly key: string }
  /** Was there when the file was begun. */
  | { readonly kind: 'known'; readonly key: string; readonly sum: bigint };

/** What the first frame of a file is chained to. */
export const chainStart = 0x414c5432;

const headerBytes = 24;
const entryBytes = 9;
const empty = new Uint8Array();
const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { fatal: true });
const kinds = { put: 1, delete: 2, known: 3 } as const;

/** The frame, and what the next one is chained to. */
export function encodeFrame(frame: Frame, chain: number): { bytes: Uint8Array; chain: number } {
  const parts = frame.entries.map((entry) => ({
    kind: kinds[entry.kind],
    key: encoder.encode(entry.key),
    value: valueOf(entry),
  }));
  const sizes = parts.map(({ key, value }) => entryBytes + key.length + value.length);
  const length = sizes.reduce((sum, size) => sum + size, 0);
  const bytes = new Uint8Array(headerBytes + length);
  const view = viewOf(bytes);
  view.setUint32(4, length, true);
  putUint64(view, 8, frame.number);
  view.setBigUint64(16, frame.digest, true);
  let at = headerBytes;
  for (const { kind, key, value } of parts) {
    view.setUint8(at, kind);
    view.setUint32(at + 1, key.length, true);
    view.setUint32(at + 5, value.length, true);
    bytes.set(key, at + entryBytes);
    bytes.set(value, at + entryBytes + key.length);
    at += entryBytes + key.length + value.length;
  }
  const next = crc32c(bytes, 4, bytes.length, chain);
  view.setUint32(0, next, true);
  return { bytes, chain: next };
}

/** The frames from the start of a file on, as far as the chain holds. */
export function decodeFrames(bytes: Uint8Array): {
  readonly frames: readonly Frame[];
  /** Where the chain breaks; undefined when it holds up to the zeros at the end of the file. */
  readonly brokenAt: number | undefined;
} {
  const frames: Frame[] = [];
  const view = viewOf(bytes);
  let chain = chainStart;
  let at = 0;
  const length = lengthWithoutZeros(bytes);
  while (at < length) {
    if (at + headerBytes > bytes.length) return { frames, brokenAt: at };
    const end = at + headerBytes + view.getUint32(at + 4, true);
    if (end > bytes.length) return { frames, brokenAt: at };
    const crc = crc32c(bytes, at + 4, end, chain);
    if (crc !== view.getUint32(at, true)) return { frames, brokenAt: at };
    const entries = decodeEntries(bytes.subarray(at + headerBytes, end));
    frames.push({
      number: takeUint64(view, at + 8),
      digest: view.getBigUint64(at + 16, true),
      entries,
    });
    chain = crc;
    at = end;
  }
  return { frames, brokenAt: undefined };
}

/** What nobody has written yet. A frame may end in a few zeros of its own. */
function lengthWithoutZeros(bytes: Uint8Array): number {
  let length = bytes.length;
  while (length > 0 && bytes[length - 1] === 0) length -= 1;
  return length;
}

/** Of a body whose checksum was right. */
function decodeEntries(body: Uint8Array): readonly Entry[] {
  const entries: Entry[] = [];
  const view = viewOf(body);
  for (let at = 0; at < body.length;) {
    const kind = view.getUint8(at);
    const keyEnd = at + entryBytes + view.getUint32(at + 1, true);
    const end = keyEnd + view.getUint32(at + 5, true);
    const key = decoder.decode(body.subarray(at + entryBytes, keyEnd));
    const value = body.subarray(keyEnd, end);
    if (kind === kinds.put) entries.push({ kind: 'put', key, value });
    else if (kind === kinds.delete) entries.push({ kind: 'delete', key });
    else entries.push({ kind: 'known', key, sum: viewOf(value).getBigUint64(0, true) });
    at = end;
  }
  return entries;
}

function valueOf(entry: Entry): Uint8Array {
  switch (entry.kind) {
    case 'put':
      return entry.value;
    case 'delete':
      return empty;
    case 'known': {
      const sum = new Uint8Array(8);
      viewOf(sum).setBigUint64(0, entry.sum, true);
      return sum;
    }
    default:
      return unreachable(entry);
  }
}
