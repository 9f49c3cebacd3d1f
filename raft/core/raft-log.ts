/**
 * The log as the core sees it: what is durable (behind `LogReader`) and, after it, what still has to
 * be written. It also keeps how far the log is decided (`commit`) and applied.
 *
 *     snapshot ─ first … applied … commit … stable │ unstable … last
 *
 * `commit` may run ahead of `stable` (a quorum of others has it), `applied` never does: what is
 * applied here is durable here.
 *
 * `takeWrite` hands out what no write has yet, `written` tells that the oldest write is on disk. A
 * conflict that arrives in between lowers what those writes may call stable, so that an entry written
 * and overwritten meanwhile is never taken for its successor (etcd raft #8).
 *
 * `takeCommitted` hands out what can be applied. With `reportsApplied` it is applied when `appliedTo`
 * says so, and a bounded amount is under way at a time; otherwise it is as good as applied.
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
  /** On their way to the disk, oldest first; entries become stable up to `last`, which conflicts lower. */
  readonly #writing: { last: Index; readonly snapshot: SnapshotMark | undefined }[] = [];
  /** The last entry that some write has. Invariant: `stable <= handed <= last`. */
  #handed: Index;
  /** None ever falls. Invariant: `applied <= given <= commit <= last`, `given <= stable`. */
  #commit: Index;
  #given: Index;
  #applied: Index;
  readonly #reportsApplied: boolean;
  /** Given and not applied, oldest first. */
  #applying: { readonly last: Index; readonly bytes: number }[] = [];
  /** Handed out last; nothing follows it before it is in force. */
  #owedConf: Entry | 'superseded' | undefined;

  constructor(
    dependencies: { readonly stored: LogReader },
    options: {
      readonly commit: Index;
      readonly applied: Index;
      readonly reportsApplied?: boolean;
    },
  ) {
    const { stored } = dependencies;
    const { commit, applied, reportsApplied = false } = options;
    const begin = stored.snapshot().index;
    const last = stored.lastIndex();
    assert(applied >= begin, `the state machine is at ${applied}, but the log begins at ${begin}`);
    assert(applied <= last, `the state machine is at ${applied}, but the log ends at ${last}`);
    assert(commit <= last, `${commit} was committed, but the log ends at ${last}`);
    this.#stored = stored;
    this.#stable = last;
    this.#handed = last;
    this.#reportsApplied = reportsApplied;
    // A state machine applies nothing undecided, so it may know more than a lazy commit record.
    this.#commit = Math.max(commit, applied);
    this.#given = applied;
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
    if (this.#owedConf !== undefined) this.#owedConf = 'superseded';
    this.#unstable = [];
    this.#stable = mark.index;
    this.#handed = mark.index;
    this.#commit = mark.index;
    for (const write of this.#writing) write.last = 0;
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
    if (this.#snapshot !== undefined || this.owesConf) return false;
    return this.#given < Math.min(this.#commit, this.#stable);
  }

  /** A change of the membership is handed out and not in force yet. */
  get owesConf(): boolean {
    return this.#owedConf !== undefined && this.#owedConf !== 'superseded';
  }

  /** Whether a decided change of the membership is not in force here. */
  get hasConfToApply(): boolean {
    if (this.owesConf) return true;
    const chunkBytes = 1 << 20;
    for (let from = Math.max(this.first, this.#given + 1); from <= this.#commit;) {
      const entries = this.entries(from, this.#commit + 1, chunkBytes);
      if (entries.some(({ kind }) => kind === 'conf')) return true;
      from += entries.length;
    }
    return false;
  }

  /**
   * The change of the membership that was handed out is in force now. Undefined when a snapshot of
   * later came in between, whose configuration holds it already.
   */
  confApplied(): Entry | undefined {
    const entry = this.#owedConf;
    assert(entry !== undefined, 'no change of the membership waits to be applied');
    this.#owedConf = undefined;
    return entry === 'superseded' ? undefined : entry;
  }

  /** Whether as much is under way to the state machine as may be. */
  isApplyingMuch(bytesMax: number): boolean {
    return this.#applying.reduce((sum, { bytes }) => sum + bytes, 0) >= bytesMax;
  }

  /** Hands out what can be applied, once; a `conf` entry ends it. */
  takeCommitted(bytesMax: number): readonly Entry[] {
    if (!this.hasCommitted || this.isApplyingMuch(bytesMax)) return [];
    const to = Math.min(this.#commit, this.#stable) + 1;
    const entries = this.entries(this.#given + 1, to, bytesMax);
    const confAt = entries.findIndex(({ kind }) => kind === 'conf');
    const taken = confAt === -1 ? entries : entries.slice(0, confAt + 1);
    this.#owedConf = confAt === -1 ? undefined : entries[confAt];
    this.#given += taken.length;
    if (this.#reportsApplied) {
      const bytes = taken.reduce((sum, { data }) => sum + data.byteLength, 0);
      this.#applying.push({ last: this.#given, bytes });
    } else this.#applied = this.#given;
    return taken;
  }

  /** The state machine has applied up to `index`, and all of a batch that was handed out. */
  appliedTo(index: Index): void {
    assert(this.#reportsApplied, 'what is handed out counts as applied already');
    assert(index <= this.#given, `${index} was applied, but only ${this.#given} handed out`);
    this.#applied = Math.max(this.#applied, index);
    this.#applying = this.#applying.filter(({ last }) => last > index);
  }

  /** There is something that no write has yet. */
  get hasUnwritten(): boolean {
    return this.last > this.#handed || this.#isSnapshotUnwritten;
  }

  takeWrite(): Write {
    const entries = this.#unstable.slice(this.#handed - this.#stable);
    const snapshot = this.#isSnapshotUnwritten ? this.#snapshot : undefined;
    this.#handed = this.last;
    this.#writing.push({ last: this.last, snapshot });
    return { entries, snapshot };
  }

  /** The oldest write is durable. */
  written(): void {
    const write = this.#writing.shift();
    assert(write !== undefined, 'a write ended that was not begun');
    const { last, snapshot } = write;
    if (snapshot !== undefined) {
      this.#applied = Math.max(this.#applied, snapshot.index);
      this.#given = Math.max(this.#given, snapshot.index);
      this.#applying = this.#applying.filter((batch) => batch.last > snapshot.index);
      if (snapshot === this.#snapshot) this.#snapshot = undefined;
    }
    if (last <= this.#stable) return;
    this.#unstable = this.#unstable.slice(last - this.#stable);
    this.#stable = last;
  }

  get #isSnapshotUnwritten(): boolean {
    const snapshot = this.#snapshot;
    return snapshot !== undefined && !this.#writing.some((write) => write.snapshot === snapshot);
  }

  #truncateFrom(index: Index): void {
    assert(
      index > this.#commit,
      `entry ${index} conflicts with a leader's, but ${this.#commit} is committed`,
    );
    for (const write of this.#writing) write.last = Math.min(write.last, index - 1);
    this.#handed = Math.min(this.#handed, index - 1);
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
