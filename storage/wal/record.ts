/** What a log remembers, one change at a time, and how each stands in a frame. */
import { assert, unreachable } from '#internal/base/assert.ts';
import { brand } from '#internal/base/brand.ts';
import type { ConfState, Entry, HardState, Index, NodeId, SnapshotMark } from '#raft/core/types.ts';
import { putUint64, takeUint64, viewOf } from './bytes.ts';
import { type Frame, frameType } from './frame.ts';
import { WalError } from './wal-error.ts';

export type WalRecord =
  | { readonly kind: 'entry'; readonly entry: Entry }
  | { readonly kind: 'hard'; readonly hard: HardState }
  /** Entries from `from` on are void: a new leader replaces them. */
  | { readonly kind: 'truncate'; readonly from: Index }
  /** Entries up to the mark's index are not needed any more. */
  | { readonly kind: 'mark'; readonly mark: SnapshotMark }
  /** The log starts anew behind a snapshot that came from a leader. */
  | { readonly kind: 'install'; readonly mark: SnapshotMark };

/** Numbers are for ever: add, never reuse. */
const flavors = { normal: 1, conf: 2, noop: 3 } as const;
const empty = new Uint8Array(0);

export function frameFromRecord(record: WalRecord): Frame {
  switch (record.kind) {
    case 'entry': {
      const { kind, index, term, data } = record.entry;
      return { type: frameType.entry, flavor: flavors[kind], index, term, payload: data };
    }
    case 'hard': {
      const { term, vote, commit } = record.hard;
      const payload = vote === undefined ? empty : bytesFromNumbers([vote]);
      return { type: frameType.hard, flavor: 0, index: commit, term, payload };
    }
    case 'truncate':
      return { type: frameType.truncate, flavor: 0, index: record.from, term: 0, payload: empty };
    case 'mark':
    case 'install': {
      const { index, term, conf } = record.mark;
      return { type: frameType[record.kind], flavor: 0, index, term, payload: confToBytes(conf) };
    }
    default:
      return unreachable(record);
  }
}

/** Of a frame whose checksum is right. An unknown one is of a newer program: refused, not skipped. */
export function recordFromFrame(frame: Frame): WalRecord {
  const { index, term, payload } = frame;
  switch (frame.type) {
    case frameType.entry:
      // A copy, so that one entry does not keep its whole segment in memory.
      return {
        kind: 'entry',
        entry: { kind: flavorOf(frame), index, term, data: payload.slice() },
      };
    case frameType.hard:
      return { kind: 'hard', hard: { term, vote: numbersFromBytes(payload)[0], commit: index } };
    case frameType.truncate:
      return { kind: 'truncate', from: index };
    case frameType.mark:
      return { kind: 'mark', mark: { index, term, conf: confFromBytes(payload) } };
    case frameType.install:
      return { kind: 'install', mark: { index, term, conf: confFromBytes(payload) } };
    default:
      throw new WalError('VERSION', `The Raft log holds a record of unknown type ${frame.type}`);
  }
}

function flavorOf(frame: Frame): Entry['kind'] {
  for (const kind of ['normal', 'conf', 'noop'] as const) {
    if (flavors[kind] === frame.flavor) return kind;
  }
  throw new WalError('VERSION', `The Raft log holds an entry of unknown kind ${frame.flavor}`);
}

/** Four lists of ids, each after its length, and whether the joint configuration ends by itself. */
function confToBytes(conf: ConfState): Uint8Array {
  const lists = [conf.voters, conf.outgoing, conf.learners, conf.learnersNext];
  return bytesFromNumbers([
    conf.autoLeave ? 1 : 0,
    ...lists.flatMap((list) => [list.length, ...list]),
  ]);
}

function confFromBytes(bytes: Uint8Array): ConfState {
  const numbers = numbersFromBytes(bytes);
  let next = 1;
  const list = (): readonly NodeId[] => {
    const start = next + 1;
    next = start + (numbers[next] ?? 0);
    return numbers.slice(start, next);
  };
  const conf = { voters: list(), outgoing: list(), learners: list(), learnersNext: list() };
  assert(next === numbers.length, 'a configuration in the log does not end where it should');
  return { ...conf, autoLeave: numbers[0] === brand<NodeId>(1) };
}

function bytesFromNumbers(numbers: readonly number[]): Uint8Array {
  const bytes = new Uint8Array(numbers.length * 8);
  const view = viewOf(bytes);
  for (const [position, value] of numbers.entries()) putUint64(view, position * 8, value);
  return bytes;
}

function numbersFromBytes(bytes: Uint8Array): NodeId[] {
  const view = viewOf(bytes);
  return Array.from({ length: bytes.length / 8 }, (_, i) => brand<NodeId>(takeUint64(view, i * 8)));
}
