/**
 * The bytes of one file: as the program sees them, as the platter has them, and the writes between
 * the two. A power cut keeps, loses or tears each of those writes, sector by sector, in any order
 * that the seed likes: a disk and a kernel promise no more before a sync.
 */
import type { Random } from '#internal/base/random.ts';

/** What a disk writes whole or not at all. */
const SECTOR_BYTES = 512;

type Change =
  | { readonly kind: 'write'; readonly offset: number; readonly bytes: Uint8Array }
  | { readonly kind: 'truncate'; readonly sizeBytes: number };

type Pending = Change & { readonly sequence: number };

export type Damage = { lost: number; torn: number };

export class DiskContent {
  #live = new Bytes();
  readonly #durable = new Bytes();
  #pending: Pending[] = [];
  #sequence = 0;

  get sizeBytes(): number {
    return this.#live.size;
  }

  /** The last change; `sync` takes it, so that later ones stay at risk. */
  get sequence(): number {
    return this.#sequence;
  }

  read(offset: number, length: number): Uint8Array {
    return this.#live.slice(offset, length);
  }

  write(offset: number, bytes: Uint8Array): void {
    this.#change({ kind: 'write', offset, bytes: bytes.slice() });
  }

  truncate(sizeBytes: number): void {
    this.#change({ kind: 'truncate', sizeBytes });
  }

  /** All changes up to `sequence` are on the platter. */
  sync(sequence: number): void {
    for (const change of this.#pending) {
      if (change.sequence <= sequence) apply(this.#durable, change);
    }
    this.#pending = this.#pending.filter((change) => change.sequence > sequence);
  }

  /**
   * A sync that failed: the kernel reports it once and takes the pages for clean. The program still
   * reads them, a later sync succeeds without them, and a power cut loses them.
   */
  failSync(sequence: number): void {
    this.#pending = this.#pending.filter((change) => change.sequence > sequence);
  }

  /** What the disk does behind everybody's back. */
  corrupt(offset: number, bytes: Uint8Array): void {
    this.#live.write(offset, bytes);
    this.#durable.write(offset, bytes);
  }

  loseUnsynced(random: Random, damage: Damage): void {
    // Whole runs of one mind (nothing, everything) are as likely as mixed ones.
    const kept = random.below(4) / 3;
    for (const change of this.#pending) {
      if (random.chance(kept)) apply(this.#durable, change);
      else if (change.kind === 'write' && random.oneIn(2)) this.#tear(change, random, damage);
      else damage.lost++;
    }
    this.#pending = [];
    this.#live = this.#durable.copy();
  }

  #tear(change: Change & { kind: 'write' }, random: Random, damage: Damage): void {
    const { offset, bytes } = change;
    let from = 0;
    while (from < bytes.length) {
      const toBoundary = SECTOR_BYTES - ((offset + from) % SECTOR_BYTES);
      const to = Math.min(bytes.length, from + toBoundary);
      if (random.oneIn(2)) this.#durable.write(offset + from, bytes.subarray(from, to));
      from = to;
    }
    damage.torn++;
  }

  #change(change: Change): void {
    apply(this.#live, change);
    this.#pending.push({ ...change, sequence: ++this.#sequence });
  }
}

function apply(bytes: Bytes, change: Change): void {
  if (change.kind === 'write') bytes.write(change.offset, change.bytes);
  else bytes.truncate(change.sizeBytes);
}

/** Bytes that grow; a hole reads as zeros. */
class Bytes {
  #buffer = new Uint8Array(0);
  #size = 0;

  get size(): number {
    return this.#size;
  }

  slice(offset: number, length: number): Uint8Array {
    return this.#buffer.slice(Math.min(offset, this.#size), Math.min(offset + length, this.#size));
  }

  write(offset: number, bytes: Uint8Array): void {
    if (bytes.length === 0) return;
    this.#grow(offset + bytes.length);
    this.#buffer.set(bytes, offset);
  }

  truncate(size: number): void {
    if (size < this.#size) this.#buffer.fill(0, size, this.#size);
    else this.#grow(size);
    this.#size = size;
  }

  copy(): Bytes {
    const copy = new Bytes();
    copy.#buffer = this.#buffer.slice(0, this.#size);
    copy.#size = this.#size;
    return copy;
  }

  #grow(size: number): void {
    if (size > this.#buffer.length) {
      const buffer = new Uint8Array(Math.max(size, 2 * this.#buffer.length));
      buffer.set(this.#buffer.subarray(0, this.#size));
      this.#buffer = buffer;
    }
    this.#size = Math.max(this.#size, size);
  }
}
