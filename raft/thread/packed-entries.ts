/** Many entries in one buffer, which is moved between threads and not copied. */
import { assert } from '#internal/base/assert.ts';
import type { AppliedEntry } from '#raft/node/replicated-log.ts';

/** Three numbers an entry (index, term, length), then the data of all. */
export type PackedEntries = { readonly count: number; readonly bytes: Uint8Array<ArrayBuffer> };

const numbersAnEntry = 3;
const headBytes = numbersAnEntry * Float64Array.BYTES_PER_ELEMENT;

export function packEntries(entries: readonly AppliedEntry[]): PackedEntries {
  const count = entries.length;
  let offset = count * headBytes;
  const size = entries.reduce((sum, { data }) => sum + data.length, offset);
  const bytes = new Uint8Array(size);
  const heads = new Float64Array(bytes.buffer, 0, count * numbersAnEntry);
  let at = 0;
  for (const { index, term, data } of entries) {
    heads[at++] = index;
    heads[at++] = term;
    heads[at++] = data.length;
    bytes.set(data, offset);
    offset += data.length;
  }
  return { count, bytes };
}

/** Their data are parts of the one buffer. */
export function unpackEntries({ count, bytes }: PackedEntries): readonly AppliedEntry[] {
  const heads = new Float64Array(bytes.buffer, bytes.byteOffset, count * numbersAnEntry);
  const entries: AppliedEntry[] = [];
  let offset = count * headBytes;
  for (let at = 0; at < heads.length; at += numbersAnEntry) {
    const [index = 0, term = 0, length = 0] = [heads[at], heads[at + 1], heads[at + 2]];
    entries.push({ index, term, data: bytes.subarray(offset, offset + length) });
    offset += length;
  }
  assert(offset === bytes.length, 'packed entries that do not add up');
  return entries;
}
