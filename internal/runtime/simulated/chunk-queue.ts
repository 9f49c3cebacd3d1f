/** The body of a simulated reply: chunks that have arrived and wait for their one reader. */
type Waiting = { readonly chunk: Uint8Array; readonly taken: () => void };

export class ChunkQueue implements AsyncIterable<Uint8Array> {
  readonly #leave: () => void;
  readonly #chunks: Waiting[] = [];
  #end: { readonly error: Error | undefined } | undefined;
  #wake: (() => void) | undefined;

  /** `leave` is called when the reader goes before the end. */
  constructor(leave: () => void) {
    this.#leave = leave;
  }

  push(chunk: Uint8Array, taken: () => void): void {
    this.#chunks.push({ chunk, taken });
    this.#wake?.();
  }

  end(): void {
    this.#finish({ error: undefined });
  }

  fail(error: Error): void {
    this.#finish({ error });
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array> {
    try {
      for (;;) {
        const next = this.#chunks.shift();
        if (next !== undefined) {
          next.taken();
          yield next.chunk;
        } else if (this.#end === undefined) {
          await new Promise<void>((resolve) => {
            this.#wake = resolve;
          });
        } else if (this.#end.error === undefined) {
          return;
        } else {
          throw this.#end.error;
        }
      }
    } finally {
      if (this.#end === undefined) this.#leave();
    }
  }

  #finish(end: { readonly error: Error | undefined }): void {
    this.#end ??= end;
    this.#wake?.();
  }
}
