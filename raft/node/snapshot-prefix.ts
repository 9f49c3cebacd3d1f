/**
 * Puts some bytes of the log's own before a state machine's snapshot, and takes them off again. In
 * front of them stands their length, four bytes, little-endian.
 */
import { assert } from '#internal/base/assert.ts';

/** A state that changes meanwhile is the reader's concern: the prefix is what it was. */
export async function* prefixed(
  prefix: Uint8Array,
  chunks: AsyncIterable<Uint8Array>,
): AsyncIterable<Uint8Array> {
  const length = new Uint8Array(4);
  new DataView(length.buffer).setUint32(0, prefix.length, true);
  yield length;
  yield prefix;
  yield* chunks;
}

/** However the bytes are cut into chunks. `rest` can be read once. */
export async function withoutPrefix(chunks: AsyncIterable<Uint8Array>): Promise<{
  readonly prefix: Uint8Array;
  readonly rest: AsyncIterable<Uint8Array>;
}> {
  const source = chunks[Symbol.asyncIterator]();
  let held: Uint8Array = new Uint8Array();
  const pull = async (count: number): Promise<Uint8Array> => {
    while (held.length < count) {
      const next = await source.next();
      assert(next.done !== true, `a snapshot that ends within its first ${count} bytes`);
      const bytes = new Uint8Array(held.length + next.value.length);
      bytes.set(held);
      bytes.set(next.value, held.length);
      held = bytes;
    }
    const taken = held.slice(0, count);
    held = held.subarray(count);
    return taken;
  };
  const length = await pull(4);
  const prefix = await pull(new DataView(length.buffer).getUint32(0, true));
  return { prefix, rest: remaining(held, source) };
}

async function* remaining(
  held: Uint8Array,
  source: AsyncIterator<Uint8Array>,
): AsyncIterable<Uint8Array> {
  if (held.length > 0) yield held;
  for (let next = await source.next(); next.done !== true; next = await source.next()) {
    yield next.value;
  }
}
