/**
 * A record with its seal: which batch wrote it, and a sum over that, its key and its content. LevelDB
 * may lose a record, give an old one back, or a damaged one, and never say so; with the seals somebody
 * else remembers (`journal.ts`) each of the three is seen, by name.
 *
 *     sum       8 bytes of the SHA-256 of key, NUL, number and content
 *     number    64 bits, little-endian
 *     content
 */
import { createHash } from 'node:crypto';
import { putUint64, takeUint64, viewOf } from '../wal/bytes.ts';

export type Opened = {
  readonly number: number;
  readonly sum: bigint;
  readonly content: Uint8Array;
};

const headerBytes = 16;
const sumBytes = 8;

export function seal(key: string, number: number, content: Uint8Array): Uint8Array {
  const value = new Uint8Array(headerBytes + content.length);
  const view = viewOf(value);
  putUint64(view, sumBytes, number);
  value.set(content, headerBytes);
  view.setBigUint64(0, sumOver(key, value), true);
  return value;
}

/** Undefined when the value is not what was sealed under this key. */
export function open(key: string, value: Uint8Array): Opened | undefined {
  if (value.length < headerBytes) return undefined;
  const view = viewOf(value);
  const sum = view.getBigUint64(0, true);
  if (sumOver(key, value) !== sum) return undefined;
  return { number: takeUint64(view, sumBytes), sum, content: value.subarray(headerBytes) };
}

/** What `open` would say of a value that was just sealed. */
export const sumOf = (value: Uint8Array): bigint => viewOf(value).getBigUint64(0, true);

function sumOver(key: string, value: Uint8Array): bigint {
  const hash = createHash('sha256').update(`${key}\0`).update(value.subarray(sumBytes)).digest();
  return hash.readBigUInt64LE(0);
}

/**
 * One number for all records of a store, whatever their order: the sums of those that are there, added
 * up. A batch changes it by what it writes and removes.
 */
export class Digest {
  readonly #sums: Map<string, bigint>;
  #total = 0n;

  constructor(sums: Iterable<readonly [string, bigint]> = []) {
    this.#sums = new Map(sums);
    for (const sum of this.#sums.values()) this.#add(sum);
  }

  get total(): bigint {
    return this.#total;
  }

  get sums(): ReadonlyMap<string, bigint> {
    return this.#sums;
  }

  put(key: string, sum: bigint): void {
    this.remove(key);
    this.#sums.set(key, sum);
    this.#add(sum);
  }

  remove(key: string): void {
    const sum = this.#sums.get(key);
    if (sum === undefined) return;
    this.#sums.delete(key);
    this.#add(-sum);
  }

  #add(sum: bigint): void {
    this.#total = BigInt.asUintN(64, this.#total + sum);
  }
}
