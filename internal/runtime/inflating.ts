/** Bytes that were packed by `deflate`, unpacked as they come, at the pace of whoever reads them. */
import {
  createGunzip,
  createInflateRaw,
  crc32 as crc32Of,
  type Gunzip,
  type InflateRaw,
} from 'node:zlib';

/** Throws the library's error when they are damaged or end too early. */
export function gunzipped(source: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array> {
  return through(createGunzip(), source);
}

/** As `gunzipped`, of bytes without a header, as they lie in zip files. */
export function inflatedRaw(source: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array> {
  return through(createInflateRaw(), source);
}

/** Of `bytes`, which follow those whose sum is `before`. */
export const crc32 = (bytes: Uint8Array, before: number): number => crc32Of(bytes, before);

async function* through(
  engine: Gunzip | InflateRaw,
  source: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  const fed = feed(engine, source);
  try {
    for await (const chunk of engine) yield asBytes(chunk);
  } finally {
    // A reader who leaves early ends the source as well.
    engine.destroy();
    await fed;
  }
}

async function feed(engine: Gunzip | InflateRaw, source: AsyncIterable<Uint8Array>): Promise<void> {
  // What a damaged stream was given last is never said to be taken.
  const closed = new Promise<void>((resolve) => {
    engine.once('close', resolve);
  });
  try {
    for await (const chunk of source) {
      const taken = new Promise<void>((resolve) => {
        engine.write(chunk, () => resolve());
      });
      await Promise.race([taken, closed]);
      if (engine.destroyed) return;
    }
    engine.end();
  } catch (error) {
    // The reader hears of it.
    engine.destroy(error instanceof Error ? error : new Error(String(error)));
  }
}

function asBytes(chunk: unknown): Uint8Array {
  if (chunk instanceof Uint8Array) return chunk;
  throw new TypeError('zlib gave something else than bytes');
}
