/** What a log remembers, one change at a time, and how each stands in a frame. */
import { assert, unreachable } from '#internal/base/assert.ts';
import type { ConfState, Entry, HardState, Index, SnapshotMark, Term } from '#raft/core/types.ts';
import { bytesFromNumbers, confToBytes, numbersFromBytes, parseConf } from './conf-state.ts';
import { type Frame, frameType } from './frame.ts';
import { WalError } from './wal-error.ts';

export type WalRecord =
  | { readonly kind: 'entry'; readonly entry: Entry }
  | { readonly kind: 'hard'; readonly hard: HardState }
  /** Entries from `from` on are void: a new leader replaces them. */
  | { readonly kind: 'truncate'; readonly from: Index }
  /** A snapshot stands for the entries up to the mark; those up to `begin` are not needed any more. */
  | { readonly kind: 'mark'; readonly mark: SnapshotMark; readonly begin: Begin }
  /** The log starts anew behind a snapshot that came from a leader. */
  | { readonly kind: 'install'; readonly mark: SnapshotMark };

/** The last entry that is gone, and its term. */
export type Begin = { readonly index: Index; readonly term: Term };

/** Numbers are for ever: add, never reuse. */
const flavors = { normal: 1, conf: 2, noop: 3 } as const;
const empty = new Uint8Array(0);
/** Index and term, before the configuration. */
const beginBytes = 16;

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
      return frameFromMark(record.mark, record.begin);
    case 'install': {
      const { index, term, conf } = record.mark;
      return { type: frameType.install, flavor: 0, index, term, payload: confToBytes(conf) };
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
    case frameType.mark: {
      const mark = { index, term, conf: confFromBytes(payload) };
      return { kind: 'mark', mark, begin: { index, term } };
    }
    case frameType.markWithTail: {
      const [from = 0, fromTerm = 0] = numbersFromBytes(payload.subarray(0, beginBytes));
      const mark = { index, term, conf: confFromBytes(payload.subarray(beginBytes)) };
      return { kind: 'mark', mark, begin: { index: from, term: fromTerm } };
    }
    case frameType.install:
      return { kind: 'install', mark: { index, term, conf: confFromBytes(payload) } };
    default:
      throw new WalError('VERSION', `The Raft log holds a record of unknown type ${frame.type}`);
  }
}

function frameFromMark({ index, term, conf }: SnapshotMark, begin: Begin): Frame {
  const payload = confToBytes(conf);
  if (begin.index === index) return { type: frameType.mark, flavor: 0, index, term, payload };
  const both = new Uint8Array(beginBytes + payload.length);
  both.set(bytesFromNumbers([begin.index, begin.term]));
  both.set(payload, beginBytes);
  return { type: frameType.markWithTail, flavor: 0, index, term, payload: both };
}

function flavorOf(frame: Frame): Entry['kind'] {
  for (const kind of ['normal', 'conf', 'noop'] as const) {
    if (flavors[kind] === frame.flavor) return kind;
  }
  throw new WalError('VERSION', `The Raft log holds an entry of unknown kind ${frame.flavor}`);
}

function confFromBytes(bytes: Uint8Array): ConfState {
  const conf = parseConf(bytes);
  assert(conf !== undefined, 'a configuration in the log does not end where it should');
  return conf;
}
