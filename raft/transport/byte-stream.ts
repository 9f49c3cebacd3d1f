/** A buffer that grows as fields are put in, and a reader that refuses what does not add up. */
import { CodecError } from './codec-error.ts';

const wordSize = 0x1_0000_0000;

export class ByteWriter {
  #bytes: Uint8Array;
  #view: DataView;
  #size = 0;

  /** `expectedBytes`: what is likely to be enough, so that nothing is copied. */
  constructor(expectedBytes: number = 1024) {
    this.#bytes = new Uint8Array(expectedBytes);
    this.#view = new DataView(this.#bytes.buffer);
  }

  get size(): number {
    return this.#size;
  }

  byte(value: number): void {
    this.#grow(1);
    this.#bytes[this.#size++] = value;
  }

  uint32(value: number): void {
    this.#grow(4);
    this.#view.setUint32(this.#size, value, true);
    this.#size += 4;
  }

  /** Up to 2^53 - 1. */
  uint64(value: number): void {
    this.uint32(value % wordSize);
    this.uint32(Math.floor(value / wordSize));
  }

  bytes(value: Uint8Array): void {
    this.uint32(value.length);
    this.#grow(value.length);
    this.#bytes.set(value, this.#size);
    this.#size += value.length;
  }

  /** Puts a number over the four bytes at `offset`, which were kept for it. */
  patch(offset: number, value: number): void {
    this.#view.setUint32(offset, value, true);
  }

  finish(): Uint8Array {
    return this.#bytes.subarray(0, this.#size);
  }

  #grow(count: number): void {
    const wanted = this.#size + count;
    if (wanted <= this.#bytes.length) return;
    const bytes = new Uint8Array(Math.max(wanted, 2 * this.#bytes.length));
    bytes.set(this.#bytes.subarray(0, this.#size));
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer);
  }
}

export class ByteReader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  #offset = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  get isAtEnd(): boolean {
    return this.#offset === this.#bytes.length;
  }

  byte(): number {
    return this.#view.getUint8(this.#take(1));
  }

  flag(): boolean {
    const value = this.byte();
    if (value > 1) throw new CodecError(`${value} is neither yes nor no`);
    return value === 1;
  }

  uint32(): number {
    return this.#view.getUint32(this.#take(4), true);
  }

  uint64(): number {
    const value = this.uint32() + this.uint32() * wordSize;
    if (!Number.isSafeInteger(value)) throw new CodecError(`${value} is too large`);
    return value;
  }

  /** Not a copy: it lives as long as the buffer that it came in. */
  bytes(): Uint8Array {
    const length = this.uint32();
    const start = this.#take(length);
    return this.#bytes.subarray(start, start + length);
  }

  #take(count: number): number {
    const start = this.#offset;
    if (count > this.#bytes.length - start) {
      throw new CodecError(`${count} bytes wanted at ${start} of ${this.#bytes.length}`);
    }
    this.#offset = start + count;
    return start;
  }
}
