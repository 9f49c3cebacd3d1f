/**
 * Records that become durable together, framed by a `begin` and a `commit`. Both carry the number of
 * the batch and its length in bytes, so that either end tells where the whole is; a batch counts only
 * when all of it is there.
 *
 * A batch is written only after the one before was synced. So a crash damages at most the last one,
 * and damage that a later batch follows is not the work of a crash.
 */
import { viewOf } from './bytes.ts';
import { type Frame, frameBytes, frameType, putFrame, readFrame, chainAfter } from './frame.ts';
import type { ReadFrame } from './frame.ts';
import { frameFromRecord, recordFromFrame, type WalRecord } from './record.ts';

/** Not zeros: the end of a batch can be told from space that was never written. */
const seal: Uint8Array = new TextEncoder().encode('#COMMIT#');
const nothing = new Uint8Array(0);
const sectorBytes = 512;

/** Where a batch stands in the history of the log. */
export type Place = { readonly sequence: number; readonly chain: number };

export type BatchRead =
  | {
      readonly kind: 'batch';
      readonly records: readonly WalRecord[];
      readonly end: number;
      readonly chain: number;
    }
  | { readonly kind: 'damaged'; readonly offset: number };

/** The bytes of a batch and the chain after it. */
export function encodeBatch(
  records: readonly WalRecord[],
  { sequence, chain }: Place,
): { readonly bytes: Uint8Array; readonly chain: number } {
  const frames = records.map(frameFromRecord);
  const size = frames.reduce((sum, { payload }) => sum + frameBytes(payload.length), 0);
  const term = size + frameBytes(0) + frameBytes(seal.length);
  const begin: Frame = {
    type: frameType.begin,
    flavor: 0,
    index: sequence,
    term,
    payload: nothing,
  };
  const bytes = new Uint8Array(term);
  const sheet = { bytes, view: viewOf(bytes) };
  let offset = 0;
  let last = chain;
  for (const frame of [begin, ...frames, { ...begin, type: frameType.commit, payload: seal }]) {
    last = putFrame(sheet, offset, frame, last);
    offset += frameBytes(frame.payload.length);
  }
  return { bytes, chain: last };
}

/** The batch at `offset`, which must be the one that follows `place`. */
export function readBatch(bytes: Uint8Array, offset: number, place: Place): BatchRead {
  const begin = readFrame(bytes, offset);
  if (begin?.type !== frameType.begin || !isNumbered(begin, place.sequence, place.chain)) {
    return { kind: 'damaged', offset };
  }
  const end = offset + begin.term;
  const records: WalRecord[] = [];
  let { chain, end: next } = begin;
  for (;;) {
    const frame = readFrame(bytes, next);
    if (frame === undefined || frame.end > end || chainAfter(chain, frame.crc) !== frame.chain) {
      return { kind: 'damaged', offset: next };
    }
    ({ chain, end: next } = frame);
    if (frame.type === frameType.commit) {
      const whole = next === end && frame.index === place.sequence;
      return whole ? { kind: 'batch', records, end, chain } : { kind: 'damaged', offset: next };
    }
    records.push(recordFromFrame(frame));
  }
}

/**
 * What happened to the bytes from `offset` on, where batch `sequence` should begin and does not read.
 * `torn`: a write that a crash cut short. `rotten`: it was whole once, or a later batch proves that it
 * was acknowledged; nobody may cut that off.
 *
 * Disks and filesystems write whole sectors: after a crash, one that was not written yet is missing
 * or holds zeros, and all others are right. So damage without such a sector is no torn write.
 */
export function judgeDamage(
  bytes: Uint8Array,
  offset: number,
  sequence: number,
): 'nothing' | 'torn' | 'rotten' {
  const used = usedBytes(bytes);
  if (used <= offset) return 'nothing';
  const ends = findEnds(bytes, offset, used);
  if (holdsLater(ends, sequence)) return 'rotten';
  const end = extent(bytes, ends, { offset, sequence, used });
  return end === undefined || hasBlankSector(bytes, offset, end) ? 'torn' : 'rotten';
}

/** Whether a batch later than `sequence` can be found from `offset` on, whatever is before it. */
export const hasLaterBatch = (bytes: Uint8Array, offset: number, sequence: number): boolean =>
  holdsLater(findEnds(bytes, offset, usedBytes(bytes)), sequence);

const holdsLater = (ends: readonly End[], sequence: number): boolean =>
  ends.some(({ frame }) => frame.index > sequence);

const isNumbered = (frame: ReadFrame, sequence: number, chain: number): boolean =>
  frame.index === sequence && chainAfter(chain, frame.crc) === frame.chain;

type End = { readonly at: number; readonly frame: ReadFrame };

/** Every readable `begin` and `commit` from `offset` on. */
function findEnds(bytes: Uint8Array, offset: number, used: number): readonly End[] {
  const ends: End[] = [];
  for (let at = offset; at < used; at += 8) {
    const type = bytes[at + 4];
    if (type !== frameType.begin && type !== frameType.commit) continue;
    const frame = readFrame(bytes, at);
    if (frame !== undefined) ends.push({ at, frame });
  }
  return ends;
}

type Wanted = { readonly offset: number; readonly sequence: number; readonly used: number };

/** Where the damaged batch ends; undefined when the file ends before. */
function extent(bytes: Uint8Array, ends: readonly End[], wanted: Wanted): number | undefined {
  const { offset, sequence, used } = wanted;
  const own = ends.filter(({ frame }) => frame.index === sequence);
  const begin = own.find(({ at, frame }) => at === offset && frame.type === frameType.begin);
  if (begin !== undefined) {
    const end = offset + begin.frame.term;
    return end <= bytes.length ? end : undefined;
  }
  const commit = own.find(({ frame }) => frame.end - frame.term === offset);
  if (commit !== undefined) return commit.frame.end;
  // Neither end reads: the file is too short for one, or all that is there is in question, and the
  // whole of a first frame: a sector of it that was not written reads as zeros.
  const begun = offset + frameBytes(0);
  return bytes.length < begun ? undefined : Math.max(used, begun);
}

function hasBlankSector(bytes: Uint8Array, from: number, to: number): boolean {
  for (let start = from; start < to; start = nextSector(start)) {
    const piece = bytes.subarray(start, Math.min(nextSector(start), to));
    if (piece.every((byte) => byte === 0)) return true;
  }
  return false;
}

const nextSector = (offset: number): number => (Math.floor(offset / sectorBytes) + 1) * sectorBytes;

/** The size without the zeros at the end, up to the frame border that follows. */
function usedBytes(bytes: Uint8Array): number {
  let end = bytes.length;
  // Most of a segment may be space that was never written: whole words first.
  if (bytes.byteOffset % 4 === 0) {
    const words = new Uint32Array(bytes.buffer, bytes.byteOffset, Math.floor(end / 4));
    if (bytes.subarray(words.length * 4).every((byte) => byte === 0)) {
      let last = words.length;
      while (last > 0 && words[last - 1] === 0) last--;
      end = last * 4;
    }
  }
  while (end > 0 && bytes[end - 1] === 0) end--;
  return Math.min(Math.ceil(end / 8) * 8, bytes.length);
}
