/**
 * The log as the core sees it: what is durable (behind `LogReader`) and, after it, what still has to
 * be written. It also keeps how far the log is decided (`commit`) and applied.
 *
 *     snapshot ─ first … applied … commit … stable │ unstable … last
 *
 * `commit` may run ahead of `stable` (a quorum of others has it), `applied` never does: what is
 * applied here is durable here.
 *
 * One write at a time: `takeWrite` hands out all that is unstable, `written` tells that it is on disk.
 * A conflict that arrives in between lowers what that write may call stable, so that an entry written
 * and overwritten meanwhile is never taken for its successor (etcd raft #8).
 */
import { assert } from '#internal/base/assert.ts';
import type { LogReader } from './log-store.ts';
import type { Position } from './ready.ts';
import type { Entry, Index, SnapshotMark, Term } from './types.ts';

type Write = {
  readonly entries: readonly Entry[];
  readonly snapshot: SnapshotMark | undefined;
};

export class RaftLog {
  readonly #stored: LogReader;
  /** Invariant: contiguous from `#stable + 1`. */
  #unstable: Entry[] = [];
  /** The last index of which disk and memory agree that it is durable. */
  #stable: Index;
  /** Received and to be installed; the log begins with it already. */
  #snapshot: SnapshotMark | undefined;
  /** On its way to the disk; its entries become stable up to `last`, which conflicts lower. */
  #writing: { last: Index; readonly snapshot: SnapshotMark | undefined } | undefined;
  /** Neither ever falls. Invariant: `applied <= commit <= last`, `applied <= stable`. */
  #commit: Index;
  #applied: Index;
  /** Handed out last; nothing follows it before it is in force. */
  #owedConf: Entry | undefined;

  constructor(
    dependencies: { readonly stored: LogReader },
    options: { readonly commit: Index; readonly applied: Index },
  ) {
    const { stored } = dependencies;
    const { commit, applied } = options;
    const begin = stored.snapshot().index;
    const last = stored.lastIndex();
    assert(applied >= begin, `the state machine is at ${applied}, but the log begins at ${begin}`);
    assert(applied <= last, `the state machine is at ${applied}, but the log ends at ${last}`);
    assert(commit <= last, `${commit} was committed, but the log ends at ${last}`);
    this.#stored = stored;
    this.#stable = last;
    // A state machine applies nothing undecided, so it may know more than a lazy commit record.
    this.#commit = Math.max(commit, applied);
    this.#applied = applied;
  }

  get commit(): Index {
    return this.#commit;
  }

  get applied(): Index {
    return this.#applied;
  }

  get stable(): Index {
    return this.#stable;
  }

  get first(): Index {
    return this.#snapshot === undefined ? this.#stored.firstIndex() : this.#snapshot.index + 1;
  }

  get last(): Index {
    return this.#stable + this.#unstable.length;
  }

  /** Where the log ends: what a candidate shows, and what a voter compares (§3.6.1). */
  get end(): Position {
    const term = this.term(this.last);
    assert(term !== undefined, `the last entry ${this.last} has no term`);
    return { term, index: this.last };
  }

  /** Where the log begins. */
  get mark(): SnapshotMark {
    return this.#snapshot ?? this.#stored.snapshot();
  }

  /** Undefined outside of `[first - 1, last]`. */
  term(index: Index): Term | undefined {
    if (index < this.first - 1) return undefined;
    if (index > this.#stable) return this.#unstable[index - this.#stable - 1]?.term;
    return index === this.#snapshot?.index ? this.#snapshot.term : this.#stored.term(index);
  }

  /** `[from, to)`, at least one, otherwise up to `bytesMax` of data. `from` must not be compacted. */
  entries(from: Index, to: Index, bytesMax: number): readonly Entry[] {
    assert(from >= this.first && to <= this.last + 1, `no entries [${from}, ${to}) in the log`);
    if (from >= to) return [];
    const stored =
      from <= this.#stable
        ? this.#stored.entries(from, Math.min(to, this.#stable + 1), bytesMax)
        : [];
    // A gap would hide the rest: the unstable ones follow only when all stored ones fit.
    const reached = from + stored.length;
    if (reached <= this.#stable) return stored;
    const rest = this.#unstable.slice(reached - this.#stable - 1, to - this.#stable - 1);
    return fitting([...stored, ...rest], bytesMax);
  }

  /** Appends after `last`, as a leader does. */
  append(entries: readonly Entry[]): void {
    for (const entry of entries) {
      assert(entry.index === this.last + 1, `entry ${entry.index} appended after ${this.last}`);
      assert(entry.term >= this.end.term, `term ${entry.term} appended after ${this.end.term}`);
      this.#unstable.push(entry);
    }
  }

  /**
   * Takes a leader's entries that follow `prev`, as a follower does: keeps what matches, whatever
   * comes later in the log; replaces from the first conflict on. False when `prev` does not match.
   */
  accept(prev: Position, entries: readonly Entry[]): boolean {
    if (this.term(prev.index) !== prev.term) return false;
    const fresh = entries.findIndex((entry) => this.term(entry.index) !== entry.term);
    const first = entries[fresh];
    if (first === undefined) return true;
    if (first.index <= this.last) this.#truncateFrom(first.index);
    this.append(entries.slice(fresh));
    return true;
  }

  /** Replaces everything by a leader's snapshot. It is written with the next write. */
  restore(mark: SnapshotMark): void {
    const isBeginning = mark.index === 0 && this.last === 0;
    assert(
      mark.index > this.#commit || isBeginning,
      `a snapshot at ${mark.index} below commit ${this.#commit}`,
    );
    this.#snapshot = mark;
    this.#owedConf = undefined;
    this.#unstable = [];
    this.#stable = mark.index;
    this.#commit = mark.index;
    if (this.#writing !== undefined) this.#writing.last = 0;
  }

  commitTo(index: Index): void {
    assert(index <= this.last, `commit ${index} is beyond the log's end ${this.last}`);
    this.#commit = Math.max(this.#commit, index);
  }

  /**
   * The last index at or before `index` whose term is at most `term`: beyond it the logs cannot
   * agree. One round trip skips a whole term instead of one entry (§5.3, end).
   */
  lastOfTerm(index: Index, term: Term): Position {
    for (let at = index; ; at--) {
      const found = this.term(at);
      if (found === undefined) return { index: at, term: 0 };
      if (found <= term) return { index: at, term: found };
    }
  }

  get hasCommitted(): boolean {
    const { length } = [this.#snapshot, this.#owedConf].filter(Boolean);
    return length === 0 && this.#applied < this.#applicable;
  }

  /** A change of the membership is handed out and not in force yet. */
  get owesConf(): boolean {
    return this.#owedConf !== undefined;
  }

  /** Whether a decided change of the membership is not in force here. */
  get hasConfToApply(): boolean {
    if (this.owesConf) return true;
    const chunkBytes = 1 << 20;
    for (let from = Math.max(this.first, this.#applied + 1); from <= this.#commit;) {
      const entries = this.entries(from, this.#commit + 1, chunkBytes);
      if (entries.some(({ kind }) => kind === 'conf')) return true;
      from += entries.length;
    }
    return false;
  }

  /** The change of the membership that was handed out is in force now. */
  confApplied(): Entry {
    assert(this.#owedConf !== undefined, 'no change of the membership waits to be applied');
    const entry = this.#owedConf;
    this.#owedConf = undefined;
    return entry;
  }

  /** Hands out what can be applied, once; a `conf` entry ends it. */
  takeCommitted(bytesMax: number): readonly Entry[] {
    if (!this.hasCommitted) return [];
    const entries = this.entries(this.#applied + 1, this.#applicable + 1, bytesMax);
    const confAt = entries.findIndex(({ kind }) => kind === 'conf');
    const taken = confAt === -1 ? entries : entries.slice(0, confAt + 1);
    this.#owedConf = confAt === -1 ? undefined : entries[confAt];
    this.#applied += taken.length;
    return taken;
  }

  get hasUnstable(): boolean {
    return this.#unstable.length > 0 || this.#snapshot !== undefined;
  }

  takeWrite(): Write {
    assert(this.#writing === undefined, 'a second write while one is on its way');
    this.#writing = { last: this.last, snapshot: this.#snapshot };
    return { entries: [...this.#unstable], snapshot: this.#snapshot };
  }

  written(): void {
    assert(this.#writing !== undefined, 'a write ended that was not begun');
    const { last, snapshot } = this.#writing;
    this.#writing = undefined;
    if (snapshot !== undefined) {
      this.#applied = Math.max(this.#applied, snapshot.index);
      if (snapshot === this.#snapshot) this.#snapshot = undefined;
    }
    if (last <= this.#stable) return;
    this.#unstable = this.#unstable.slice(last - this.#stable);
    this.#stable = last;
  }

  get #applicable(): Index {
    return Math.min(this.#commit, this.#stable);
  }

  #truncateFrom(index: Index): void {
    assert(
      index > this.#commit,
      `entry ${index} conflicts with a leader's, but ${this.#commit} is committed`,
    );
    if (this.#writing !== undefined) this.#writing.last = Math.min(this.#writing.last, index - 1);
    this.#unstable = this.#unstable.slice(0, Math.max(0, index - this.#stable - 1));
    this.#stable = Math.min(this.#stable, index - 1);
  }
}

function fitting(entries: readonly Entry[], bytesMax: number): readonly Entry[] {
  let bytes = 0;
  const end = entries.findIndex(({ data }, i) => {
    bytes += data.byteLength;
    return i > 0 && bytes > bytesMax;
  });
  return end === -1 ? entries : entries.slice(0, end);
}
