/**
 * How far the log was acknowledged, kept in two small files beside it (`tail-a`, `tail-b`). It is what
 * tells a write that a crash tore (behind the tail) from bytes that rotted or vanished (before it).
 *
 * `note` writes it without a sync, so after the death of the process alone (the system lives on) the
 * tail is exact; a sync follows at most `tailSyncMs` later, beside the writes of the log, so after a
 * power cut it is no older than that. `settle` syncs at once. After each sync the other file has its
 * turn: so one of the two always reads.
 */
import type { Clock, Timer } from '#internal/runtime/clock.ts';
import type { File, Files } from '#internal/runtime/files.ts';
import { putUint64, takeUint64, viewOf } from './bytes.ts';
import { crc32c } from './crc32c.ts';

export const tailSlotNames: readonly [string, string] = ['tail-a', 'tail-b'];
const slotBytes = 64;
const magic: Uint8Array = new TextEncoder().encode('ALTITAIL');

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

/** How old the tail may be after a power cut. */
export const tailSyncMs = 100;

type TailSlotsDependencies = {
  readonly slots: readonly [File, File];
  readonly clock: Clock;
  /** The tail could not be written, and nobody waits who would hear of it. */
  readonly onFault: (cause: unknown) => void;
};

export class TailSlots {
  readonly #slots: readonly [File, File];
  readonly #clock: Clock;
  readonly #onFault: (cause: unknown) => void;
  #writes: number;
  #slot: 0 | 1;
  #wanted: Tail | undefined;
  /** The slot holds what was not synced. */
  #isDirty = false;
  #isDue = false;
  #timer: Timer | undefined;
  /** Never rejects. */
  #busy: Promise<void> | undefined;
  #fault: { readonly cause: unknown } | undefined;
  #isAwaited = false;

  constructor(
    { slots, clock, onFault }: TailSlotsDependencies,
    { writes, next }: Pick<TailsFound, 'writes' | 'next'>,
  ) {
    this.#slots = slots;
    this.#clock = clock;
    this.#onFault = onFault;
    this.#writes = writes;
    this.#slot = next;
  }

  /** Writes the tail soon, and syncs it a little later. Throws when an earlier one could not be. */
  note(tail: Tail): void {
    this.#check();
    this.#wanted = tail;
    this.#timer ??= this.#clock.after(tailSyncMs, () => {
      this.#timer = undefined;
      this.#isDue = true;
      this.#begin(() => this.#drain());
    });
    this.#begin(() => this.#drain());
  }

  async settle(tail: Tail): Promise<void> {
    this.#isAwaited = true;
    this.#stopTimer();
    await this.#idle();
    this.#check();
    this.#begin(async () => {
      await this.#write(tail);
      await this.#sync();
    });
    await this.#idle();
    this.#check();
    this.#isAwaited = false;
  }

  async close(): Promise<void> {
    this.#stopTimer();
    await this.#idle();
    await this.#slots[0].close();
    await this.#slots[1].close();
  }

  async #idle(): Promise<void> {
    while (this.#busy !== undefined) await this.#busy;
  }

  #begin(work: () => Promise<void>): void {
    this.#busy ??= this.#run(work);
  }

  async #run(work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (cause) {
      this.#fault ??= { cause };
      if (!this.#isAwaited) this.#onFault(cause);
    }
    this.#busy = undefined;
    // What came after the last look.
    if (this.#fault === undefined && this.#hasWork()) this.#begin(() => this.#drain());
  }

  #hasWork(): boolean {
    return this.#wanted !== undefined || (this.#isDue && this.#isDirty);
  }

  async #drain(): Promise<void> {
    for (;;) {
      if (this.#isDue && this.#isDirty) await this.#sync();
      else if (this.#wanted !== undefined) await this.#write(this.#wanted);
      else return;
    }
  }

  async #write(tail: Tail): Promise<void> {
    this.#wanted = undefined;
    this.#isDirty = true;
    this.#writes++;
    await this.#slots[this.#slot].write(0, [encodeTail(tail, this.#writes)]);
  }

  async #sync(): Promise<void> {
    this.#isDue = false;
    this.#isDirty = false;
    await this.#slots[this.#slot].sync();
    this.#slot = this.#slot === 0 ? 1 : 0;
  }

  #check(): void {
    if (this.#fault !== undefined) throw this.#fault.cause;
  }

  #stopTimer(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#isDue = false;
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
  bytes.set(magic);
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
