/**
 * The whole state as a stream of bytes, for snapshots: made and read piece by piece, so that whoever
 * else needs the thread gets it in between. Equal states give equal bytes, whatever way they were
 * reached.
 *
 *     u8 version (1), then records: u32 length, key, u32 length, record; then u32 0xffffffff, u32 count
 *
 * Numbers are little-endian.
 */
import { assert } from '#internal/base/assert.ts';
import { fromRecords } from '#internal/state/from-records.ts';
import { type StateRecord, toRecords } from '#internal/state/records.ts';
import { newState, type State } from '#internal/state/state.ts';
import { decodeRecord, encodeRecord } from './state-codec.ts';

const version = 1;
const end = 0xffff_ffff;
const chunkBytes = 64 * 1024;

/** Chunks of about 64 KiB. The state is that of the call, however long the reading takes. */
export async function* chunksOfState(state: State): AsyncIterable<Uint8Array> {
  let parts: Uint8Array[] = [Uint8Array.of(version)];
  let bytes = 1;
  let count = 0;
  const text = new TextEncoder();
  for (const piece of piecesOf(state)) {
    const records = [...toRecords(piece)].toSorted(([one], [other]) => (one < other ? -1 : 1));
    for (const [name, record] of records) {
      const [key, value] = [text.encode(name), encodeRecord(record)];
      parts.push(word(key.length), key, word(value.length), value);
      bytes += 8 + key.length + value.length;
      count++;
      if (bytes < chunkBytes) continue;
      yield Buffer.concat(parts);
      parts = [];
      bytes = 0;
    }
  }
  yield Buffer.concat([...parts, word(end), word(count)]);
}

/** The inverse, however the bytes are cut. Throws as `decodeCommand` does, or for a cut stream. */
export async function stateFromChunks(chunks: AsyncIterable<Uint8Array>): Promise<State> {
  const records: StateRecord[] = [];
  const text = new TextDecoder();
  let held: Buffer = Buffer.alloc(0);
  let isBegun = false;
  let isEnded = false;
  for await (const chunk of chunks) {
    assert(!isEnded || chunk.length === 0, 'a state with more behind it');
    held = Buffer.concat([held, chunk]);
    if (!isBegun && held.length > 0) {
      assert(held[0] === version, `a state of version ${held[0]}`);
      held = held.subarray(1);
      isBegun = true;
    }
    for (let frame = frameOf(held); frame !== undefined; frame = frameOf(held)) {
      held = held.subarray(frame.bytes);
      if (frame.kind === 'end') {
        assert(frame.count === records.length, `${records.length} of ${frame.count} records`);
        assert(held.length === 0, 'a state with more behind it');
        isEnded = true;
      } else records.push(decodeRecord(text.decode(frame.key), frame.value));
    }
  }
  assert(isEnded, 'a state that was cut off');
  return fromRecords(records);
}

type Frame =
  | { readonly kind: 'end'; readonly bytes: number; readonly count: number }
  | {
      readonly kind: 'record';
      readonly bytes: number;
      readonly key: Uint8Array;
      readonly value: Uint8Array;
    };

/** The first frame, when all of it is there. */
function frameOf(held: Buffer): Frame | undefined {
  if (held.length < 8) return undefined;
  const keyBytes = held.readUInt32LE(0);
  if (keyBytes === end) return { kind: 'end', bytes: 8, count: held.readUInt32LE(4) };
  const at = 4 + keyBytes;
  if (held.length < at + 4) return undefined;
  const bytes = at + 4 + held.readUInt32LE(at);
  if (held.length < bytes) return undefined;
  return {
    kind: 'record',
    bytes,
    key: held.subarray(4, at),
    value: held.subarray(at + 4, bytes),
  };
}

/** States that hold a part of it each: no record is in two of them. */
function* piecesOf(state: State): Iterable<State> {
  const nothing = newState();
  const { frameworks, completedFrameworks } = nothing;
  // Whatever the state has beside its frameworks, also what a later version adds.
  yield { ...state, frameworks, completedFrameworks };
  for (const id of [...state.frameworks.keys()].toSorted()) {
    const record = state.frameworks.get(id);
    assert(record !== undefined, `framework ${id} is gone`);
    yield { ...nothing, frameworks: nothing.frameworks.set(id, record) };
  }
  for (const completed of state.completedFrameworks) {
    yield { ...nothing, completedFrameworks: nothing.completedFrameworks.push(completed) };
  }
}

function word(value: number): Uint8Array {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, value, true);
  return bytes;
}
