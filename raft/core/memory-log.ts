/**
 * The log store's twin in memory, for tests of the core and its driver. Writes are durable as soon as
 * they are called; it outlives the node that wrote it, as a disk does.
 */
import { assert } from '#internal/base/assert.ts';
import type { LogBatch, LogStore } from './log-store.ts';
import type { ConfState, Entry, HardState, Index, SnapshotMark, Term } from './types.ts';

export class MemoryLog implements LogStore {
  #hard: HardState = { term: 0, vote: undefined, commit: 0 };
  #snapshot: SnapshotMark;
  /** Invariant: contiguous after `#snapshot.index`. */
  #entries: Entry[] = [];

  constructor(_dependencies: object, options: { readonly conf: ConfState }) {
    this.#snapshot = { index: 0, term: 0, conf: options.conf };
  }

  get initial(): { readonly hard: HardState; readonly conf: ConfState } {
    return { hard: this.#hard, conf: this.#snapshot.conf };
  }

  firstIndex(): Index {
    return this.#snapshot.index + 1;
  }

  lastIndex(): Index {
    return this.#snapshot.index + this.#entries.length;
  }

  term(index: Index): Term | undefined {
    const { index: begin, term } = this.#snapshot;
    return index === begin ? term : this.#entries[index - begin - 1]?.term;
  }

  entries(from: Index, to: Index, bytesMax: number): readonly Entry[] {
    const begin = this.firstIndex();
    assert(from >= begin && to <= this.lastIndex() + 1, `no entries [${from}, ${to}) on disk`);
    const found = this.#entries.slice(from - begin, to - begin);
    let bytes = 0;
    const end = found.findIndex(({ data }, i) => {
      bytes += data.byteLength;
      return i > 0 && bytes > bytesMax;
    });
    return end === -1 ? found : found.slice(0, end);
  }

  snapshot(): SnapshotMark {
    return this.#snapshot;
  }

  /** The synchronous heart of `append`, for tests that have no time to wait. */
  write({ hard, entries }: LogBatch): void {
    const [first] = entries;
    if (first !== undefined) {
      const { index } = first;
      assert(index >= this.firstIndex() && index <= this.lastIndex() + 1, `a gap before ${index}`);
      this.#entries = [...this.#entries.slice(0, index - this.firstIndex()), ...entries];
    }
    if (hard !== undefined) this.#hard = hard;
  }

  /** The synchronous heart of `installSnapshot`. */
  install(mark: SnapshotMark): void {
    this.#snapshot = mark;
    this.#entries = [];
  }

  /** The synchronous heart of `compact`. */
  forget(mark: SnapshotMark): void {
    if (mark.index <= this.#snapshot.index) return;
    assert(this.term(mark.index) === mark.term, `nothing of term ${mark.term} at ${mark.index}`);
    this.#entries = this.#entries.slice(mark.index - this.#snapshot.index);
    this.#snapshot = mark;
  }

  async append(batch: LogBatch): Promise<void> {
    this.write(batch);
  }

  async compact(mark: SnapshotMark): Promise<void> {
    this.forget(mark);
  }

  async installSnapshot(mark: SnapshotMark): Promise<void> {
    this.install(mark);
  }

  hasRoom(): boolean {
    return true;
  }

  async close(): Promise<void> {}
}
