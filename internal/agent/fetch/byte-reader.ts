/** Reads a stream of chunks in the portions that a format is made of. */
export class ByteReader {
  readonly #source: AsyncIterator<Uint8Array>;
  #rest: Uint8Array = new Uint8Array(0);

  constructor(source: AsyncIterable<Uint8Array>) {
    this.#source = source[Symbol.asyncIterator]();
  }

  /** Just so many bytes; fewer only at the end. Meant for a few. */
  async read(length: number): Promise<Uint8Array> {
    const parts: Uint8Array[] = [];
    let missing = length;
    for await (const part of this.take(length)) {
      parts.push(part);
      missing -= part.length;
    }
    if (parts.length === 1 && parts[0] !== undefined) return parts[0];
    const whole = new Uint8Array(length - missing);
    let at = 0;
    for (const part of parts) {
      whole.set(part, at);
      at += part.length;
    }
    return whole;
  }

  /** As `read`, in the pieces in which they come. Who leaves early leaves the rest to the next. */
  async *take(length: number): AsyncGenerator<Uint8Array> {
    let missing = length;
    while (missing > 0) {
      if (this.#rest.length === 0) {
        const next = await this.#source.next();
        if (next.done === true) return;
        this.#rest = next.value;
      }
      const part = this.#rest.subarray(0, missing);
      this.#rest = this.#rest.subarray(part.length);
      missing -= part.length;
      yield part;
    }
  }

  /** Ends the source. */
  async close(): Promise<void> {
    await this.#source.return?.();
  }
}
