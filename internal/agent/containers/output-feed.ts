/**
 * What a container says, for any number of readers. It is pulled from its source only while somebody
 * reads and all who do keep up, so that nothing piles up here: what nobody takes waits where it comes
 * from, and in the end the container itself does.
 */
import { assert } from '#internal/base/assert.ts';
import type { OutputChunk } from '../containerizer.ts';

/** A reader that has so many chunks before it holds the others up. */
const chunksMax = 16;

type Reader = { readonly chunks: OutputChunk[]; wake: () => void };

export class OutputFeed {
  /** Owed: it never throws. */
  readonly #source: AsyncIterator<OutputChunk>;
  readonly #readers = new Set<Reader>();
  /** Pulled already; the next chunk of whoever reads then. */
  #next: Promise<IteratorResult<OutputChunk>> | undefined;
  #pumping = false;
  #over = false;
  #wake: () => void = () => {};

  constructor(source: AsyncIterator<OutputChunk>) {
    this.#source = source;
  }

  /** From what nobody has read yet on. */
  async *read(): AsyncGenerator<OutputChunk> {
    const reader: Reader = { chunks: [], wake: () => {} };
    this.#readers.add(reader);
    try {
      for (;;) {
        const chunk = reader.chunks.shift();
        if (chunk !== undefined) {
          this.#wake();
          yield chunk;
        } else if (this.#over) {
          return;
        } else {
          const woken = new Promise<void>((resolve) => {
            reader.wake = resolve;
          });
          void this.#pump();
          await woken;
        }
      }
    } finally {
      this.#readers.delete(reader);
      this.#wake();
    }
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
      this.#next ??= this.#source.next();
      const next = await this.#next;
      // Nobody is left: it waits for the next reader.
      if (this.#readers.size === 0) break;
      this.#next = undefined;
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
