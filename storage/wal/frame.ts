/**
 * The smallest thing in a segment: one checksummed frame, a header of 32 bytes and a payload padded
 * with zeros to a multiple of eight.
 *
 *     0 u32 payload length    4 u8 type    5 u8 flavor    6 u16 zero
 *     8 u64 index            16 u64 term
 *    24 u32 crc: CRC-32C of bytes 0 to 23, payload and padding
 *    28 u32 chain: CRC-32C of `crc`, seeded with the chain of the frame before
 *
 * The checksum finds damage inside a frame, the chain finds frames that are missing, doubled or left
 * over from another life of the file.
 */
import { putUint64, roundUpTo8, uint32At, uint64At } from './bytes.ts';
import { crc32c } from './crc32c.ts';

export const frameHeaderBytes = 32;

/** Numbers are for ever: add, never reuse. */
export const frameType = {
  begin: 1,
  commit: 2,
  entry: 3,
  hard: 4,
  truncate: 5,
  mark: 6,
  install: 7,
  markWithTail: 8,
} as const;

export type Frame = {
  readonly type: number;
  readonly flavor: number;
  readonly index: number;
  readonly term: number;
  readonly payload: Uint8Array;
};

export type ReadFrame = Frame & {
  readonly chain: number;
  readonly end: number;
  readonly crc: number;
};

export const frameBytes = (payloadBytes: number): number =>
  frameHeaderBytes + roundUpTo8(payloadBytes);

/** Bytes to write to, with one view for all that is written: made for each, those cost the most. */
export type Sheet = { readonly bytes: Uint8Array; readonly view: DataView };

/** Writes `frame` at `offset` of a sheet that is zero there; returns the chain after it. */
export function putFrame(
  { bytes, view }: Sheet,
  offset: number,
  frame: Frame,
  chain: number,
): number {
  view.setUint32(offset, frame.payload.length, true);
  view.setUint8(offset + 4, frame.type);
  view.setUint8(offset + 5, frame.flavor);
  putUint64(view, offset + 8, frame.index);
  putUint64(view, offset + 16, frame.term);
  bytes.set(frame.payload, offset + frameHeaderBytes);
  const crc = checksum(bytes, offset, offset + frameBytes(frame.payload.length));
  view.setUint32(offset + 24, crc, true);
  const next = chainAfter(chain, crc);
  view.setUint32(offset + 28, next, true);
  return next;
}

/** The frame at `offset`, or undefined when it is cut off or its checksum is wrong. */
export function readFrame(bytes: Uint8Array, offset: number): ReadFrame | undefined {
  if (offset + frameHeaderBytes > bytes.length) return undefined;
  const payloadBytes = uint32At(bytes, offset);
  const end = offset + frameBytes(payloadBytes);
  if (end > bytes.length) return undefined;
  const crc = uint32At(bytes, offset + 24);
  if (checksum(bytes, offset, end) !== crc) return undefined;
  return {
    type: bytes[offset + 4] ?? 0,
    flavor: bytes[offset + 5] ?? 0,
    index: uint64At(bytes, offset + 8),
    term: uint64At(bytes, offset + 16),
    payload: bytes.subarray(offset + frameHeaderBytes, offset + frameHeaderBytes + payloadBytes),
    chain: uint32At(bytes, offset + 28),
    crc,
    end,
  };
}

const word = new Uint8Array(4);

export function chainAfter(chain: number, crc: number): number {
  word[0] = crc;
  word[1] = crc >>> 8;
  word[2] = crc >>> 16;
  word[3] = crc >>> 24;
  return crc32c(word, 0, 4, chain);
}

const checksum = (bytes: Uint8Array, offset: number, end: number): number =>
  crc32c(bytes, offset + frameHeaderBytes, end, crc32c(bytes, offset, offset + 24));
