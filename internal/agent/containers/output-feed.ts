/**
 * What a container says, for any number of readers. It is pulled from its source only while somebody
 * reads and all who do keep up, so that nothing piles up here: what nobody takes waits where it comes
 * from, and in the end the container itself does.
 */
import { assert } from '#internal/base/assert.ts';
import type { OutputChunk } from '../containerizer.ts';

/** A reader that has so many chunks before it holds the others up. */
const chunksMax = 16;

type Reader = { readonly chunks: OutputChunk[]; wake: () => void; hasLeft: boolean };

export class OutputFeed {
  /** Owed: it never throws. */
  readonly #source: AsyncIterator<OutputChunk>;
  readonly #readers = new Set<Reader>();
  /** Pulled already; the next chunk of whoever reads then. */
  #pulled: Promise<IteratorResult<OutputChunk>> | undefined;
  #pumping = false;
  #over = false;
  #wake: () => void = () => {};

  constructor(source: AsyncIterator<OutputChunk>) {
    this.#source = source;
  }

  /** From what nobody has read yet on. Who stops reading is let go at once. */
  read(): AsyncIterableIterator<OutputChunk> {
    const reader: Reader = { chunks: [], wake: () => {}, hasLeft: false };
    const iterator: AsyncIterableIterator<OutputChunk> = {
      next: () => this.#next(reader),
      return: async () => {
        reader.hasLeft = true;
        this.#readers.delete(reader);
        reader.wake();
        this.#wake();
        return { done: true, value: undefined };
      },
      [Symbol.asyncIterator]: () => iterator,
    };
    return iterator;
  }

  async #next(reader: Reader): Promise<IteratorResult<OutputChunk>> {
    if (!reader.hasLeft) this.#readers.add(reader);
    while (!reader.hasLeft) {
      const chunk = reader.chunks.shift();
      if (chunk !== undefined) {
        this.#wake();
        return { done: false, value: chunk };
      }
      if (this.#over) break;
      const woken = new Promise<void>((resolve) => {
        reader.wake = resolve;
      });
      void this.#pump();
      await woken;
    }
    this.#readers.delete(reader);
    return { done: true, value: undefined };
  }

  async #pump(): Promise<void> {
    if (this.#pumping) return;
    this.#pumping = true;
    while (this.#readers.size > 0 && !this.#over) {
      if (this.#isFull()) {
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
        continue;
      }
      this.#pulled ??= this.#source.next();
      const next = await this.#pulled;
      // Nobody is left: it waits for the next reader.
      if (this.#readers.size === 0) break;
      this.#pulled = undefined;
      if (next.done === true) this.#over = true;
      for (const reader of this.#readers) {
        if (next.done !== true) reader.chunks.push(next.value);
        reader.wake();
      }
    }
    this.#pumping = false;
  }

  #isFull(): boolean {
    const most = Math.max(...[...this.#readers].map(({ chunks }) => chunks.length));
    assert(most <= chunksMax, 'A reader of output was given more than it has room for');
    return most === chunksMax;
  }
}
