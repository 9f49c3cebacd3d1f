/** Whole numbers in bytes, little-endian. 64-bit ones stay within what a double holds exactly. */
import { assert } from '#internal/base/assert.ts';

const wordSize = 0x1_0000_0000;

export const viewOf = (bytes: Uint8Array): DataView =>
  new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);

export function putUint64(view: DataView, offset: number, value: number): void {
  assert(Number.isSafeInteger(value) && value >= 0, `not a whole number: ${value}`);
  view.setUint32(offset, value % wordSize, true);
  view.setUint32(offset + 4, Math.floor(value / wordSize), true);
}

/** Without a view: made for each number, those cost more than the numbers. */
export const uint32At = (bytes: Uint8Array, offset: number): number =>
  (byteAt(bytes, offset) |
    (byteAt(bytes, offset + 1) << 8) |
    (byteAt(bytes, offset + 2) << 16) |
    (byteAt(bytes, offset + 3) << 24)) >>>
  0;

/** Larger than a safe integer only when the bytes are damaged: the caller verified them before. */
export const uint64At = (bytes: Uint8Array, offset: number): number =>
  uint32At(bytes, offset) + uint32At(bytes, offset + 4) * wordSize;

const byteAt = (bytes: Uint8Array, offset: number): number => bytes[offset] ?? 0;

export const takeUint64 = (view: DataView, offset: number): number =>
  view.getUint32(offset, true) + view.getUint32(offset + 4, true) * wordSize;

export const roundUpTo8 = (size: number): number => Math.ceil(size / 8) * 8;
