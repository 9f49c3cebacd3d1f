/**
 * A state on its way out of a cluster and into a new one: one stream of bytes, the same over a wire
 * and in a file, which tells by itself whether it is whole. All numbers are little-endian.
 *
 *     "ALTISAVE" u32 version (1)  u32 bytes of the cluster's id  u64 index  u64 term
 *     the cluster's id, u32 CRC-32C of all before
 *     frames: u32 length (1 to 1 MiB), bytes, u32 CRC-32C of the bytes
 *     u32 0, u64 bytes of all frames, u32 CRC-32C of the checksums of all frames and of this end
 *
 * `term` is the one that the cluster was in when it was saved: agents have heard of no later one then.
 */
import { crc32c } from '#storage/wal/crc32c.ts';
import { putUint64, takeUint64, viewOf } from '#storage/wal/bytes.ts';
import type { Index, Term } from '#raft/core/types.ts';
import { clusterIdBytesMax } from './manifest.ts';
import { SnapshotError } from './snapshot-error.ts';

export type PortableHead = {
  readonly clusterId: string;
  /** The last entry that the state stands for. */
  readonly index: Index;
  readonly term: Term;
};

export type PortableSnapshot = PortableHead & {
  /**
   * The state, verified piece by piece; to be read once. Throws `SnapshotError` `CORRUPT` when it is
   * not what was saved, or not all of it: nothing of it counts before it was read to its end.
   */
  readonly chunks: AsyncIterable<Uint8Array>;
};

const magic = new TextEncoder().encode('ALTISAVE');
const version = 1;
const headBytes = 32;
const frameBytesMax = 1 << 20;
const endBytes = 16;

/** A state as it is sent and kept. */
export async function* portableBytes({
  chunks,
  ...head
}: PortableSnapshot): AsyncGenerator<Uint8Array, void> {
  yield encodeHead(head);
  let sizeBytes = 0;
  let sums = 0;
  for await (const chunk of chunks) {
    for (let from = 0; from < chunk.length; from += frameBytesMax) {
      const bytes = chunk.subarray(from, from + frameBytesMax);
      const sum = word(crc32c(bytes));
      sums = crc32c(sum, 0, sum.length, sums);
      sizeBytes += bytes.length;
      yield Buffer.concat([word(bytes.length), bytes, sum]);
    }
  }
  yield encodeEnd(sizeBytes, sums);
}

/** The inverse, however the bytes are cut. Throws `SnapshotError` `CORRUPT`. */
export async function readPortable(source: AsyncIterable<Uint8Array>): Promise<PortableSnapshot> {
  const bytes = new Pulled(source);
  const fixed = await bytes.pull(headBytes);
  const view = viewOf(fixed);
  if (magic.some((byte, place) => fixed[place] !== byte)) throw corrupt('it is no saved snapshot');
  const found = view.getUint32(8, true);
  if (found !== version) throw corrupt(`it is of version ${found}, which is not known here`);
  const idBytes = view.getUint32(12, true);
  if (idBytes > clusterIdBytesMax) throw corrupt('its head is damaged');
  const rest = await bytes.pull(idBytes + 4);
  const head = Buffer.concat([fixed, rest]);
  const end = head.length - 4;
  if (crc32c(head, 0, end) !== head.readUInt32LE(end)) throw corrupt('its head is damaged');
  return {
    clusterId: new TextDecoder().decode(rest.subarray(0, idBytes)),
    index: takeUint64(view, 16),
    term: takeUint64(view, 24),
    chunks: framesOf(bytes),
  };
}

async function* framesOf(bytes: Pulled): AsyncGenerator<Uint8Array, void> {
  let sizeBytes = 0;
  let sums = 0;
  for (;;) {
    const length = viewOf(await bytes.pull(4)).getUint32(0, true);
    if (length === 0) break;
    if (length > frameBytesMax) throw corrupt(`it is damaged after ${sizeBytes} bytes`);
    const data = await bytes.pull(length);
    const sum = await bytes.pull(4);
    if (viewOf(sum).getUint32(0, true) !== crc32c(data)) {
      throw corrupt(`it is damaged after ${sizeBytes} bytes`);
    }
    sums = crc32c(sum, 0, sum.length, sums);
    sizeBytes += data.length;
    yield data;
  }
  const told = await bytes.pull(endBytes - 4);
  const expected = encodeEnd(sizeBytes, sums).subarray(4);
  if (expected.some((byte, place) => told[place] !== byte))
    throw corrupt('pieces of it are missing');
  if (await bytes.hasMore()) throw corrupt('there is more behind its end');
}

function encodeHead({ clusterId, index, term }: PortableHead): Uint8Array {
  const id = new TextEncoder().encode(clusterId);
  const head = new Uint8Array(headBytes + id.length + 4);
  const view = viewOf(head);
  head.set(magic);
  view.setUint32(8, version, true);
  view.setUint32(12, id.length, true);
  putUint64(view, 16, index);
  putUint64(view, 24, term);
  head.set(id, headBytes);
  const end = head.length - 4;
  view.setUint32(end, crc32c(head, 0, end), true);
  return head;
}

function encodeEnd(sizeBytes: number, sums: number): Uint8Array {
  const end = new Uint8Array(endBytes);
  const view = viewOf(end);
  putUint64(view, 4, sizeBytes);
  view.setUint32(12, crc32c(end, 0, 12, sums), true);
  return end;
}

function word(value: number): Uint8Array {
  const bytes = new Uint8Array(4);
  viewOf(bytes).setUint32(0, value, true);
  return bytes;
}

const corrupt = (why: string): SnapshotError =>
  new SnapshotError('CORRUPT', `The snapshot cannot be used: ${why}`);

/** A stream taken in pieces of the reader's choosing. */
class Pulled {
  readonly #source: AsyncIterator<Uint8Array>;
  #held: Buffer = Buffer.alloc(0);

  constructor(source: AsyncIterable<Uint8Array>) {
    this.#source = source[Symbol.asyncIterator]();
  }

  async pull(count: number): Promise<Uint8Array> {
    while (this.#held.length < count) {
      if (!(await this.#read())) throw corrupt('it is cut off');
    }
    const taken = this.#held.subarray(0, count);
    this.#held = this.#held.subarray(count);
    return taken;
  }

  async hasMore(): Promise<boolean> {
    while (this.#held.length === 0) {
      if (!(await this.#read())) return false;
    }
    return true;
  }

  async #read(): Promise<boolean> {
    const next = await this.#source.next();
    if (next.done === true) return false;
    this.#held = Buffer.concat([this.#held, next.value]);
    return true;
  }
}
