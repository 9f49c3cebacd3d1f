/**
 * Reading protobuf's primitives from bytes that nobody has checked. Every function either moves the
 * cursor forward within its end or throws a `WireError`; nothing is allocated from a claimed length
 * before that many bytes are seen to be there.
 */
import { type ReadLimits, tooManyItems, WireError } from './wire-error.ts';

export type Cursor = {
  readonly bytes: Uint8Array;
  readonly text: Buffer;
  readonly view: DataView;
  at: number;
  /** Where the message that is being read ends: at most where the bytes do. */
  end: number;
  depth: number;
  /** So many items of lists and entries of maps may follow. */
  itemsLeft: number;
  /** Whether a required field was found to be missing anywhere; the caller finds out which. */
  incomplete: boolean;
};

export const wireType = { varint: 0, fixed64: 1, length: 2, start: 3, end: 4, fixed32: 5 } as const;

export function cursorOver(input: Uint8Array, { itemsMax = Infinity }: ReadLimits = {}): Cursor {
  const { buffer, byteOffset, byteLength } = input;
  return {
    bytes: new Uint8Array(buffer, byteOffset, byteLength),
    text: Buffer.from(buffer, byteOffset, byteLength),
    view: new DataView(buffer, byteOffset, byteLength),
    at: 0,
    end: byteLength,
    depth: 0,
    itemsLeft: itemsMax,
    incomplete: false,
  };
}

function truncated(): WireError {
  return new WireError('protobuf', 'The bytes end inside a field');
}

function byteAt(cursor: Cursor): number {
  if (cursor.at >= cursor.end) throw truncated();
  return cursor.bytes[cursor.at++] ?? 0;
}

/** Owed before each item of a list or entry of a map. */
export function countItem(cursor: Cursor): void {
  if (--cursor.itemsLeft < 0) throw new WireError('protobuf', tooManyItems);
}

/** The low 32 bits of a varint, unsigned. */
export function readUint32(cursor: Cursor): number {
  let byte = byteAt(cursor);
  if (byte < 0x80) return byte;
  let value = byte & 0x7f;
  for (let shift = 7; shift < 70; shift += 7) {
    byte = byteAt(cursor);
    if (shift < 32) value |= (byte & 0x7f) << shift;
    if (byte < 0x80) return value >>> 0;
  }
  throw new WireError('protobuf', 'A varint is longer than ten bytes');
}

/** Any bit of the varint counts, of all its bytes. */
export function readBool(cursor: Cursor): boolean {
  let bits = 0;
  for (let size = 1; size <= 10; size++) {
    const byte = byteAt(cursor);
    bits |= byte & 0x7f;
    if (byte < 0x80) return bits !== 0;
  }
  throw new WireError('protobuf', 'A varint is longer than ten bytes');
}

// 64 bits as two halves, to make a bigint of them without arithmetic on bigints.
const halves = new DataView(new ArrayBuffer(8));

function readHalves(cursor: Cursor): DataView {
  let low = 0;
  let high = 0;
  for (let shift = 0; shift < 70; shift += 7) {
    const byte = byteAt(cursor);
    const bits = byte & 0x7f;
    if (shift < 32) low |= bits << shift;
    if (shift === 28) high |= bits >>> 4;
    else if (shift > 28) high |= bits << (shift - 32);
    if (byte < 0x80) {
      halves.setInt32(0, high);
      halves.setInt32(4, low);
      return halves;
    }
  }
  throw new WireError('protobuf', 'A varint is longer than ten bytes');
}

export const readUint64 = (cursor: Cursor): bigint => readHalves(cursor).getBigUint64(0);
export const readInt64 = (cursor: Cursor): bigint => readHalves(cursor).getBigInt64(0);

/** Steps over `size` bytes and returns where they begin. */
export function take(cursor: Cursor, size: number): number {
  const start = cursor.at;
  if (size > cursor.end - start) throw truncated();
  cursor.at = start + size;
  return start;
}

/** Steps over a length-delimited value; returns where it ends, the cursor stands at its start. */
export function enterLength(cursor: Cursor): number {
  const size = readUint32(cursor);
  if (size > cursor.end - cursor.at) throw truncated();
  return cursor.at + size;
}

export function readString(cursor: Cursor): string {
  const end = enterLength(cursor);
  const start = cursor.at;
  cursor.at = end;
  return cursor.text.toString('utf8', start, end);
}

/** A copy, so that a small value does not keep a large message alive. */
export function readBytes(cursor: Cursor): Uint8Array {
  const end = enterLength(cursor);
  const value = cursor.bytes.slice(cursor.at, end);
  cursor.at = end;
  return value;
}

/** Steps over the value of a field that this version does not know. */
export function skip(cursor: Cursor, tag: number, depthLeft: number): void {
  switch (tag & 7) {
    case wireType.varint:
      readUint32(cursor);
      return;
    case wireType.fixed64:
      take(cursor, 8);
      return;
    case wireType.length:
      cursor.at = enterLength(cursor);
      return;
    case wireType.fixed32:
      take(cursor, 4);
      return;
    case wireType.start:
      skipGroup(cursor, tag >>> 3, depthLeft);
      return;
    default:
      throw new WireError('protobuf', `A field has the impossible wire type ${tag & 7}`);
  }
}

function skipGroup(cursor: Cursor, number: number, depthLeft: number): void {
  if (depthLeft <= 0) throw new WireError('protobuf', 'Messages lie too deep in each other');
  for (;;) {
    const tag = readTag(cursor);
    if ((tag & 7) === wireType.end) {
      if (tag >>> 3 === number) return;
      throw new WireError('protobuf', 'A group ends that has not begun');
    }
    skip(cursor, tag, depthLeft - 1);
  }
}

export function readTag(cursor: Cursor): number {
  const tag = readUint32(cursor);
  if (tag >>> 3 === 0) throw new WireError('protobuf', 'A field has the number 0');
  return tag;
}
