/**
 * The log in memory: what the records so far amount to. The same `apply` serves the replay of a log
 * and the records just written, so a restart cannot remember differently from a run.
 */
import { assert, unreachable } from '#internal/base/assert.ts';
import type { LogReader } from '#raft/core/log-store.ts';
import type { Entry, HardState, Index, SnapshotMark, Term } from '#raft/core/types.ts';
import type { Begin, WalRecord } from './record.ts';

export class LogImage implements LogReader {
  #mark: SnapshotMark;
  /** Before the entries that are kept; at most the mark's index. */
  #begin: Begin;
  #hard: HardState = { term: 0, vote: undefined, commit: 0 };
  /** Index of `#entries[0]`. During a replay it may lie beyond the beginning: see `isWhole`. */
  #first: Index;
  #entries: Entry[] = [];

  /** `base`: the last index before the first record that will be applied. */
  constructor(mark: SnapshotMark, base: Index) {
    this.#mark = mark;
    this.#begin = mark;
    this.#first = base + 1;
  }

  apply(record: WalRecord): void {
    switch (record.kind) {
      case 'entry':
        return this.#push(record.entry);
      case 'hard':
        this.#hard = record.hard;
        return;
      case 'truncate':
        return this.#truncate(record.from);
      case 'mark':
        return this.#compact(record.mark, record.begin);
      case 'install':
        this.#mark = record.mark;
        this.#begin = record.mark;
        this.#entries = [];
        this.#first = record.mark.index + 1;
        return;
      default:
        unreachable(record);
    }
  }

  /**
   * Whether no entry is missing between the beginning and the first one. One may be in the middle of
   * a replay, since a compaction removes the oldest segments and its mark stands in a later one.
   */
  isWhole(): boolean {
    return this.#first <= this.#begin.index + 1 && this.#hard.commit <= this.lastIndex();
  }

  hard(): HardState {
    return this.#hard;
  }

  firstIndex(): Index {
    return this.#first;
  }

  lastIndex(): Index {
    return this.#first + this.#entries.length - 1;
  }

  term(index: Index): Term | undefined {
    if (index === this.#begin.index) return this.#begin.term;
    return this.#entries[index - this.#first]?.term;
  }

  entries(from: Index, to: Index, bytesMax: number): readonly Entry[] {
    assert(from >= this.#first, `entry ${from} is gone: the log begins at ${this.#first}`);
    assert(to <= this.lastIndex() + 1, `entry ${to - 1} is beyond the end ${this.lastIndex()}`);
    const start = from - this.#first;
    let end = start;
    let bytes = 0;
    while (end < to - this.#first) {
      bytes += this.#entries[end]?.data.length ?? 0;
      if (bytes > bytesMax && end > start) break;
      end++;
    }
    return this.#entries.slice(start, end);
  }

  snapshot(): SnapshotMark {
    return this.#mark;
  }

  begin(): Begin {
    return this.#begin;
  }

  /** Where the log would begin if it kept `tailBytes` of the entries up to `last`. */
  beginBefore(last: Index, tailBytes: number): Begin {
    let index = last;
    for (let bytes = 0; index >= this.#first; index--) {
      bytes += this.#entries[index - this.#first]?.data.length ?? 0;
      if (bytes > tailBytes) break;
    }
    const term = this.term(index);
    assert(term !== undefined, `the log has no entry ${index} to begin behind`);
    return { index, term };
  }

  #push(entry: Entry): void {
    const last = this.lastIndex();
    assert(entry.index === last + 1, `entry ${entry.index} follows ${last} in the log`);
    const lastTerm = this.term(last);
    assert(lastTerm === undefined || lastTerm <= entry.term, `terms fall at entry ${entry.index}`);
    this.#entries.push(entry);
  }

  #truncate(from: Index): void {
    this.#entries.length = Math.max(0, Math.min(this.#entries.length, from - this.#first));
    if (from < this.#first) this.#first = from;
  }

  #compact(mark: SnapshotMark, begin: Begin): void {
    this.#mark = mark;
    this.#begin = begin;
    if (begin.index < this.#first) return;
    this.#entries = this.#entries.slice(begin.index + 1 - this.#first);
    this.#first = begin.index + 1;
  }
}
