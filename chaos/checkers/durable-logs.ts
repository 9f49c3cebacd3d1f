/**
 * What each node of a cluster has on disk, as far as its log store promised: the witness against
 * which everything else is held. It is told of each operation of a store when it begins and when it
 * resolved, and what the store holds when it is opened again.
 *
 * Checks that a store keeps its promise (all of what resolved; of what was on its way each operation
 * as a whole or not at all, in their order), that terms, votes and commit indexes never go back, and
 * the log matching property (§3.5): entries of one index and term are the same everywhere, and so is
 * what precedes them.
 */
import type { LogBatch, LogReader } from '#raft/core/log-store.ts';
import type { Entry, HardState, Index, NodeId, SnapshotMark, Term } from '#raft/core/types.ts';
import { Violation } from './violation.ts';

type Place = { readonly index: Index; readonly term: Term };

export type LogOperation =
  | { readonly kind: 'append'; readonly batch: LogBatch }
  | { readonly kind: 'compact' | 'install'; readonly mark: SnapshotMark };

type Content = {
  hard: HardState;
  /** The snapshot that stands for all up to it. */
  mark: Place;
  /** Index of `entries[0]`. What a compaction forgot is remembered here. */
  first: Index;
  readonly entries: Entry[];
};

export class DurableLogs {
  readonly #contents = new Map<NodeId, Content>();
  readonly #onTheirWay = new Map<NodeId, LogOperation[]>();
  /** By index and term: the term before it, and its data. */
  readonly #known = new Map<string, { readonly before: Term; readonly data: Uint8Array }>();

  /** A node with an empty disk. */
  joined(id: NodeId): void {
    const hard = { term: 0, vote: undefined, commit: 0 };
    this.#contents.set(id, { hard, mark: { index: 0, term: 0 }, first: 1, entries: [] });
    this.#onTheirWay.set(id, []);
  }

  /** It will never be opened again. What was on it was there: it may have been decided by that. */
  lost(id: NodeId): void {
    this.#onTheirWay.delete(id);
  }

  hard(id: NodeId): HardState {
    return this.#content(id).hard;
  }

  last(id: NodeId): Index {
    return lastOf(this.#content(id));
  }

  /** Undefined also where a snapshot came instead of it. */
  entry(id: NodeId, index: Index): Entry | undefined {
    const { first, entries } = this.#content(id);
    return entries[index - first];
  }

  snapshot(id: NodeId): Place {
    return this.#content(id).mark;
  }

  /** Entry `index` of `term`, or a snapshot of what is decided, is on the disk of `id`. */
  has(id: NodeId, { index, term }: Place): boolean {
    const content = this.#contents.get(id);
    if (content === undefined) return false;
    return index <= content.mark.index || content.entries[index - content.first]?.term === term;
  }

  /** Entries of `id` beyond `index`. */
  beyond(id: NodeId, index: Index): readonly Entry[] {
    const content = this.#contents.get(id);
    return content?.entries.slice(Math.max(0, index + 1 - content.first)) ?? [];
  }

  began(id: NodeId, operation: LogOperation): void {
    const others = this.#waiting(id);
    if (operation.kind !== 'compact' && others.some(({ kind }) => kind !== 'compact')) {
      throw new Violation('one-write', `n${id} began a second write`);
    }
    others.push(operation);
  }

  /**
   * `operation` has resolved, and so has all that was begun before it: a store does one after the other.
   * A compaction may say so later than what came after it, since it tidies up.
   */
  ended(id: NodeId, operation: LogOperation): void {
    const waiting = this.#waiting(id);
    const done = waiting.splice(0, waiting.indexOf(operation) + 1);
    if (done.length === 0 && operation.kind !== 'compact') {
      throw new Violation('one-write', `n${id} ended no write`);
    }
    for (const each of done) this.#change(id, each);
  }

  /** The store of `id` was opened again, and holds this. */
  recovered(id: NodeId, hard: HardState, log: LogReader): void {
    const operations = this.#waiting(id).splice(0);
    const promised = tell(this.#content(id));
    for (const operation of [undefined, ...operations]) {
      if (operation !== undefined) this.#change(id, operation);
      if (isSame(this.#content(id), hard, log)) return;
    }
    const found = `${tellHard(hard)}, entries ${log.firstIndex()} to ${log.lastIndex()}`;
    const told = `promised ${promised}, found ${found} behind ${log.snapshot().index}`;
    throw new Violation('durable-log', `n${id} came back with another log: ${told}`);
  }

  #change(id: NodeId, operation: LogOperation): void {
    const content = this.#content(id);
    if (operation.kind !== 'append') {
      const { index, term } = operation.mark;
      const isNews = operation.kind === 'install' || index > content.mark.index;
      if (isNews) content.mark = { index, term };
      if (operation.kind === 'compact') return;
      content.entries.length = 0;
      content.first = index + 1;
      return;
    }
    const { hard = content.hard, entries } = operation.batch;
    isNoStepBack(id, content.hard, hard);
    content.hard = hard;
    const from = entries[0]?.index;
    if (from !== undefined) content.entries.length = Math.max(0, from - content.first);
    for (const entry of entries) {
      this.#match(id, content, entry);
      content.entries.push(entry);
    }
  }

  #match(id: NodeId, content: Content, { index, term, data }: Entry): void {
    if (index !== lastOf(content) + 1) {
      throw new Violation('log-matching', `n${id} wrote ${index} behind ${lastOf(content)}`);
    }
    const before = termAt(content, index - 1);
    // What a snapshot stands for is known by those who have the entries.
    if (before === undefined) return;
    const key = `${index}:${term}`;
    const known = this.#known.get(key);
    if (known === undefined) {
      this.#known.set(key, { before, data });
    } else if (known.before !== before || Buffer.compare(known.data, data) !== 0) {
      throw new Violation('log-matching', `n${id} has another entry ${index} of term ${term}`);
    }
  }

  #waiting(id: NodeId): LogOperation[] {
    const waiting = this.#onTheirWay.get(id);
    if (waiting === undefined) throw new Violation('membership', `n${id} is not a member`);
    return waiting;
  }

  #content(id: NodeId): Content {
    const content = this.#contents.get(id);
    if (content === undefined) throw new Violation('membership', `n${id} is not a member`);
    return content;
  }
}

const lastOf = ({ first, entries }: Content): Index => first + entries.length - 1;

function termAt({ mark, first, entries }: Content, index: Index): Term | undefined {
  if (index === 0) return 0;
  return index === mark.index ? mark.term : entries[index - first]?.term;
}

function isNoStepBack(id: NodeId, before: HardState, hard: HardState): void {
  const keepsVote = before.vote === undefined || hard.vote === before.vote;
  if (hard.term < before.term || (hard.term === before.term && !keepsVote)) {
    const told = `${hard.term}/${hard.vote} after ${before.term}/${before.vote}`;
    throw new Violation('one-vote', `n${id} wrote term/vote ${told}`);
  }
  if (hard.commit >= before.commit) return;
  throw new Violation('commit', `n${id} wrote commit ${hard.commit} after ${before.commit}`);
}

function isSame(content: Content, hard: HardState, log: LogReader): boolean {
  const { term, vote, commit } = content.hard;
  if (hard.term !== term || hard.vote !== vote || hard.commit !== commit) return false;
  const mark = log.snapshot();
  if (mark.index !== content.mark.index || mark.term !== content.mark.term) return false;
  if (log.lastIndex() !== lastOf(content) || log.firstIndex() > mark.index + 1) return false;
  const found = log.entries(log.firstIndex(), log.lastIndex() + 1, Infinity);
  return found.every((entry) => {
    const promised = content.entries[entry.index - content.first];
    if (promised === undefined) return entry.index <= mark.index;
    return promised.term === entry.term && Buffer.compare(promised.data, entry.data) === 0;
  });
}

const tell = (content: Content): string =>
  `${tellHard(content.hard)}, entries to ${lastOf(content)} behind ${content.mark.index}`;

const tellHard = ({ term, vote, commit }: HardState): string =>
  `term ${term} vote ${vote ?? '-'} commit ${commit}`;
