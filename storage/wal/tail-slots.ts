/**
 * How far the log was acknowledged, kept in two small files beside it (`tail-a`, `tail-b`). It is what
 * tells a write that a crash tore (behind the tail) from bytes that rotted or vanished (before it).
 *
 * `settle` makes the tail durable and turns to the other file; `note` writes it without a sync, always
 * to the same file until the next `settle`. So one of the two always reads, and after the death of
 * the process alone (the system lives on) the tail is exact.
 */
import type { File, Files } from '#internal/runtime/files.ts';
import { putUint64, takeUint64, viewOf } from './bytes.ts';
import { crc32c } from './crc32c.ts';

export const tailSlotNames: readonly [string, string] = ['tail-a', 'tail-b'];
const slotBytes = 64;
const magic = 'ALTITAIL';

export type Tail = {
  readonly segment: number;
  /** Where the acknowledged bytes of the segment end. */
  readonly offset: number;
  readonly chain: number;
};

/** As they lie on disk: the newest tail that reads, and how many of the two do not. */
export type TailsFound = {
  readonly tail: Tail | undefined;
  readonly damaged: number;
  readonly writes: number;
  /** The slot to write next: the other one than `tail` was found in. */
  readonly next: 0 | 1;
};

export class TailSlots {
  readonly #slots: readonly [File, File];
  #writes: number;
  #slot: 0 | 1;
  #wanted: Tail | undefined;
  #busy: Promise<void> | undefined;

  constructor(slots: readonly [File, File], { writes, next }: Pick<TailsFound, 'writes' | 'next'>) {
    this.#slots = slots;
    this.#writes = writes;
    this.#slot = next;
  }

  /** Writes the tail soon, without a sync. A failure is told by the next `settle`. */
  note(tail: Tail): void {
    this.#wanted = tail;
    this.#busy ??= this.#drain();
    // Kept in `#busy` until `settle` awaits it.
    this.#busy.catch(() => {});
  }

  async settle(tail: Tail): Promise<void> {
    this.#wanted = undefined;
    await this.#busy;
    const slot = this.#slots[this.#slot];
    await this.#write(slot, tail);
    await slot.sync();
    this.#slot = this.#slot === 0 ? 1 : 0;
  }

  async close(): Promise<void> {
    await this.#slots[0].close();
    await this.#slots[1].close();
  }

  async #drain(): Promise<void> {
    while (this.#wanted !== undefined) {
      const tail = this.#wanted;
      this.#wanted = undefined;
      await this.#write(this.#slots[this.#slot], tail);
    }
    this.#busy = undefined;
  }

  async #write(slot: File, tail: Tail): Promise<void> {
    this.#writes++;
    await slot.write(0, [encodeTail(tail, this.#writes)]);
  }
}

export async function readTails(files: Files, paths: readonly string[]): Promise<TailsFound> {
  const found: { slot: number; tail: Tail; writes: number }[] = [];
  for (const [slot, path] of paths.entries()) {
    const bytes = await readSmall(files, path);
    const read = bytes === undefined ? undefined : decodeTail(bytes);
    if (read !== undefined) found.push({ slot, ...read });
  }
  const newest = found.toSorted((one, other) => other.writes - one.writes)[0];
  return {
    tail: newest?.tail,
    damaged: paths.length - found.length,
    writes: newest?.writes ?? 0,
    next: newest?.slot === 0 ? 1 : 0,
  };
}

async function readSmall(files: Files, path: string): Promise<Uint8Array | undefined> {
  if ((await files.stat(path)) === undefined) return undefined;
  const file = await files.open(path);
  try {
    return await file.read(0, slotBytes + 1);
  } finally {
    await file.close();
  }
}

function encodeTail(tail: Tail, writes: number): Uint8Array {
  const bytes = new Uint8Array(slotBytes);
  const view = viewOf(bytes);
  bytes.set(new TextEncoder().encode(magic));
  putUint64(view, 8, writes);
  putUint64(view, 16, tail.segment);
  putUint64(view, 24, tail.offset);
  view.setUint32(32, tail.chain, true);
  view.setUint32(slotBytes - 4, crc32c(bytes, 0, slotBytes - 4), true);
  return bytes;
}

function decodeTail(bytes: Uint8Array): { tail: Tail; writes: number } | undefined {
  if (bytes.length !== slotBytes) return undefined;
  const view = viewOf(bytes);
  if (crc32c(bytes, 0, slotBytes - 4) !== view.getUint32(slotBytes - 4, true)) return undefined;
  const tail = {
    segment: takeUint64(view, 16),
    offset: takeUint64(view, 24),
    chain: view.getUint32(32, true),
  };
  return { tail, writes: takeUint64(view, 8) };
}
