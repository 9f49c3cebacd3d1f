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

/** Larger than a safe integer only when the bytes are damaged: the caller verified them before. */
export const takeUint64 = (view: DataView, offset: number): number =>
  view.getUint32(offset, true) + view.getUint32(offset + 4, true) * wordSize;

export const roundUpTo8 = (size: number): number => Math.ceil(size / 8) * 8;
