/**
 * Writing protobuf's primitives, from the last byte to the first: a nested message's length is known
 * once its bytes are there, so that one pass suffices and no length is computed twice.
 */

export type Writer = {
  bytes: Buffer;
  view: DataView;
  /** The first byte written so far; everything from here to the end of `bytes` is the output. */
  at: number;
  /** Whether a required field was found to be unset anywhere; the caller finds out which. */
  incomplete: boolean;
};

const sizeAtFirst = 1024;

export function newWriter(): Writer {
  const bytes = Buffer.allocUnsafe(sizeAtFirst);
  return { bytes, view: viewOf(bytes), at: sizeAtFirst, incomplete: false };
}

const viewOf = ({ buffer, byteOffset, byteLength }: Buffer): DataView =>
  new DataView(buffer, byteOffset, byteLength);

/** The output, copied: it does not keep the spare room alive. */
export function written({ bytes, at }: Writer): Uint8Array {
  const output = new Uint8Array(bytes.length - at);
  output.set(bytes.subarray(at));
  return output;
}

/** The output where it lies. */
export const outputOf = ({ bytes, at }: Writer): Uint8Array => bytes.subarray(at);

export const sizeOf = (writer: Writer): number => writer.bytes.length - writer.at;

/** Makes room for `size` bytes in front of the output and returns where they begin. */
export function reserve(writer: Writer, size: number): number {
  if (writer.at < size) grow(writer, size);
  writer.at -= size;
  return writer.at;
}

function grow(writer: Writer, size: number): void {
  const used = sizeOf(writer);
  const bytes = Buffer.allocUnsafe(Math.max(writer.bytes.length * 2, used + size));
  const at = bytes.length - used;
  bytes.set(writer.bytes.subarray(writer.at), at);
  writer.bytes = bytes;
  writer.view = viewOf(bytes);
  writer.at = at;
}

export function writeUint32(writer: Writer, value: number): void {
  if (value < 0x80) {
    const at = reserve(writer, 1);
    writer.bytes[at] = value;
    return;
  }
  let at = reserve(writer, varintSize(value));
  let rest = value;
  for (; rest >= 0x80; rest >>>= 7) writer.bytes[at++] = (rest & 0x7f) | 0x80;
  writer.bytes[at] = rest;
}

function varintSize(value: number): number {
  if (value < 0x4000) return value < 0x80 ? 1 : 2;
  if (value < 0x10000000) return value < 0x200000 ? 3 : 4;
  return 5;
}

/** The value's 64 bits, as halves without a sign. */
export function writeHalves(writer: Writer, low: number, high: number): void {
  if (high === 0) {
    writeUint32(writer, low);
    return;
  }
  const highBits = 32 - Math.clz32(high);
  const size = Math.ceil((32 + highBits) / 7);
  let at = reserve(writer, size);
  let lowRest = low;
  let highRest = high;
  for (let left = size; left > 1; left--) {
    writer.bytes[at++] = (lowRest & 0x7f) | 0x80;
    lowRest = ((lowRest >>> 7) | (highRest << 25)) >>> 0;
    highRest >>>= 7;
  }
  writer.bytes[at] = lowRest;
}

const scratch = new DataView(new ArrayBuffer(8));

/** Signed or not: the caller has checked that the value fits into 64 bits. */
export function writeInt64(writer: Writer, value: bigint): void {
  scratch.setBigInt64(0, value);
  writeHalves(writer, scratch.getUint32(4), scratch.getUint32(0));
}

export function writeString(writer: Writer, value: string): void {
  const ascii = value.length <= 40 && writeShortAscii(writer, value);
  if (ascii) return;
  const size = Buffer.byteLength(value, 'utf8');
  const at = reserve(writer, size);
  writer.bytes.write(value, at, size, 'utf8');
  writeUint32(writer, size);
}

/** Most strings are short ids, for which a call into the runtime costs more than the bytes. */
function writeShortAscii(writer: Writer, value: string): boolean {
  const { length } = value;
  const at = reserve(writer, length);
  const { bytes } = writer;
  for (let i = 0; i < length; i++) {
    const code = value.charCodeAt(i);
    if (code >= 0x80) {
      writer.at += length;
      return false;
    }
    bytes[at + i] = code;
  }
  writeUint32(writer, length);
  return true;
}

export function writeBytes(writer: Writer, value: Uint8Array): void {
  const at = reserve(writer, value.length);
  writer.bytes.set(value, at);
  writeUint32(writer, value.length);
}
