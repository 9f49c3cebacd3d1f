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
import { type Pace, runPaced, runToEnd, sortedSteps, type Steps } from '#internal/base/steps.ts';
import { newStateBuilder } from '#internal/state/from-records.ts';
import { diffSteps, type StateRecord } from '#internal/state/records.ts';
import { newState, type State } from '#internal/state/state.ts';
import { decodeRecord, encodeRecord } from './state-codec.ts';

const version = 1;
const end = 0xffff_ffff;
const chunkBytes = 64 * 1024;

/**
 * Chunks of about 64 KiB. The state is that of the call, however long the reading takes. With a pace
 * the loop turns between any two records.
 */
export async function* chunksOfState(state: State, pace?: Pace): AsyncIterable<Uint8Array> {
  const chunks = chunkSteps(state);
  for (;;) {
    const pause = pace?.pause();
    if (pause !== undefined) await pause;
    const next = chunks.next();
    if (next.done === true) return;
    if (next.value !== undefined) yield next.value;
  }
}

/** Undefined where somebody else may have a turn. */
function* chunkSteps(state: State): Generator<Uint8Array | undefined, void> {
  let parts: Uint8Array[] = [Uint8Array.of(version)];
  let bytes = 1;
  let count = 0;
  const text = new TextEncoder();
  for (const piece of piecesOf(state)) {
    for (const { key: name, record } of yield* recordsByKey(piece)) {
      const [key, value] = [text.encode(name), encodeRecord(record)];
      parts.push(word(key.length), key, word(value.length), value);
      bytes += 8 + key.length + value.length;
      count++;
      yield undefined;
      if (bytes < chunkBytes) continue;
      yield Buffer.concat(parts);
      parts = [];
      bytes = 0;
    }
  }
  yield Buffer.concat([...parts, word(end), word(count)]);
}

type Keyed = { readonly key: string; readonly record: StateRecord };

function* recordsByKey(piece: State): Steps<readonly Keyed[]> {
  const found: Keyed[] = [];
  for (const change of diffSteps(newState(), piece)) {
    if (change?.record !== undefined) found.push({ key: change.key, record: change.record });
    yield;
  }
  return yield* sortedSteps(found, (one, other) => (one.key < other.key ? -1 : 1));
}

/**
 * The inverse, however the bytes are cut; with a pace the loop turns between any two records. Throws
 * as `decodeCommand` does, or for a cut stream.
 */
export async function stateFromChunks(
  chunks: AsyncIterable<Uint8Array>,
  pace?: Pace,
): Promise<State> {
  const builder = newStateBuilder();
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
        assert(frame.count === builder.records, `${builder.records} of ${frame.count} records`);
        assert(held.length === 0, 'a state with more behind it');
        isEnded = true;
      } else builder.add(decodeRecord(text.decode(frame.key), frame.value));
      const pause = pace?.pause();
      if (pause !== undefined) await pause;
    }
  }
  assert(isEnded, 'a state that was cut off');
  return pace === undefined ? runToEnd(builder.finish()) : await runPaced(builder.finish(), pace);
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
