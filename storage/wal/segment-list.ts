/** Which segments there are and what lives in each, so that a compaction knows which may go. */
import type { Index } from '#raft/core/types.ts';
import type { WalRecord } from './record.ts';

type Segment = {
  readonly number: number;
  readonly path: string;
  /** The highest index whose entry lives in it; falls when later segments replace entries. */
  last: Index;
};

export class SegmentList {
  readonly #segments: Segment[] = [];

  add(number: number, path: string): void {
    this.#segments.push({ number, path, last: 0 });
  }

  /** The one that is appended to; 0 when there is none. */
  currentNumber(): number {
    return this.#segments.at(-1)?.number ?? 0;
  }

  /** Forgets the current one, which turned out to be unused. */
  removeCurrent(): void {
    this.#segments.pop();
  }

  /** Takes note of a record that went into the current segment. */
  apply(record: WalRecord): void {
    const current = this.#segments.at(-1);
    if (record.kind === 'entry' && current !== undefined) current.last = record.entry.index;
    if (record.kind === 'truncate') this.#cap(record.from - 1);
    if (record.kind === 'install') this.#cap(0);
  }

  /** The oldest one, when it is not the current one and holds no entry beyond `index`. */
  disposable(index: Index): string | undefined {
    const [oldest, next] = this.#segments;
    return oldest !== undefined && next !== undefined && oldest.last <= index
      ? oldest.path
      : undefined;
  }

  removeOldest(): void {
    this.#segments.shift();
  }

  #cap(last: Index): void {
    for (const segment of this.#segments) segment.last = Math.min(segment.last, last);
  }
}
