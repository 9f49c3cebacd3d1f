/**
 * States in pieces between two threads: the taker asks for each piece, so that one is on its way at a
 * time, and ends a stream that it does not need any more. Both threads have one of these.
 */
import { assert, unreachable } from '#internal/base/assert.ts';
import { carried, uncarried } from './carried-error.ts';
import type { ChunkMessage } from './messages.ts';

type Send = (message: ChunkMessage, moved?: readonly ArrayBuffer[]) => void;
type Wanted = { resolve(chunk: Uint8Array | undefined): void; reject(fault: Error): void };

export class ChunkStreams {
  readonly #send: Send;
  readonly #served = new Map<number, AsyncIterator<Uint8Array>>();
  readonly #wanted = new Map<number, Wanted>();

  constructor(send: Send) {
    this.#send = send;
  }

  /** Gives out the chunks of `stream` as they are wanted, until they are over or unwanted. */
  serve(stream: number, chunks: AsyncIterable<Uint8Array>): void {
    this.#served.set(stream, chunks[Symbol.asyncIterator]());
  }

  /** The chunks of a stream that the other thread serves. To be read by one, once. */
  async *take(stream: number): AsyncGenerator<Uint8Array, void> {
    try {
      for (;;) {
        const { promise, resolve, reject } = Promise.withResolvers<Uint8Array | undefined>();
        this.#wanted.set(stream, { resolve, reject });
        this.#send({ kind: 'chunk-wanted', stream });
        const chunk = await promise;
        if (chunk === undefined) return;
        yield chunk;
      }
    } finally {
      this.#wanted.delete(stream);
      this.#send({ kind: 'chunks-unwanted', stream });
    }
  }

  onMessage(message: ChunkMessage): void {
    const { stream } = message;
    switch (message.kind) {
      case 'chunk-wanted':
        void this.#serveNext(stream);
        break;
      case 'chunks-unwanted':
        this.end(stream);
        break;
      case 'chunk':
        this.#wanted.get(stream)?.resolve(message.bytes);
        break;
      case 'chunks-over':
        if (message.fault === undefined) this.#wanted.get(stream)?.resolve(undefined);
        else this.#wanted.get(stream)?.reject(uncarried(message.fault));
        break;
      default:
        unreachable(message);
    }
  }

  /** Until its chunks are over or unwanted. */
  isServed(stream: number): boolean {
    return this.#served.has(stream);
  }

  /** Serves a stream no longer: who still takes it is told of a fault, not of an end. */
  end(stream: number): void {
    const served = this.#served.get(stream);
    this.#served.delete(stream);
    void served?.return?.().catch(() => {});
  }

  async #serveNext(stream: number): Promise<void> {
    try {
      const served = this.#served.get(stream);
      assert(served !== undefined, `a chunk of stream ${stream}, which is not served`);
      const next = await served.next();
      if (next.done === true) {
        this.#served.delete(stream);
        this.#send({ kind: 'chunks-over', stream });
      } else {
        // A copy of just these bytes: a view (also what a Buffer slices) would take all of its buffer along.
        const bytes = new Uint8Array(next.value);
        this.#send({ kind: 'chunk', stream, bytes }, [bytes.buffer]);
      }
    } catch (fault) {
      this.#send({ kind: 'chunks-over', stream, fault: carried(fault) });
    }
  }
}
