/**
 * What each node of a cluster has on disk, as far as its log store promised: the witness against
 * which everything else is held. It is told of each write when it begins and when it resolved, and
 * what a store holds when it is opened again.
 *
 * Checks that a store keeps its promise (all of what resolved; of what was on its way all or
 * nothing), that terms and votes never go back, and the log matching property (§3.5): entries of one
 * index and term are the same everywhere, and so is what precedes them.
 */
import type { LogBatch, LogReader } from '#raft/core/log-store.ts';
import type { Entry, HardState, Index, NodeId, Term } from '#raft/core/types.ts';
import { Violation } from './violation.ts';

type Content = { readonly hard: HardState; readonly entries: readonly Entry[] };

export class DurableLogs {
  readonly #contents = new Map<NodeId, Content>();
  readonly #onTheirWay = new Map<NodeId, LogBatch>();
  /** By `index:term`: the term before it, and its data. */
  readonly #known = new Map<string, { readonly before: Term; readonly data: Uint8Array }>();

  constructor(_dependencies: object, options: { readonly voters: readonly NodeId[] }) {
    const hard = { term: 0, vote: undefined, commit: 0 };
    for (const id of options.voters) this.#contents.set(id, { hard, entries: [] });
  }

  hard(id: NodeId): HardState {
    return this.#content(id).hard;
  }

  last(id: NodeId): Index {
    return this.#content(id).entries.length;
  }

  entry(id: NodeId, index: Index): Entry | undefined {
    return this.#content(id).entries[index - 1];
  }

  /** How many nodes have an entry of `term` at `index` on disk. */
  copies(index: Index, term: Term): number {
    const ids = [...this.#contents.keys()];
    return ids.filter((id) => this.entry(id, index)?.term === term).length;
  }

  writing(id: NodeId, batch: LogBatch): void {
    if (this.#onTheirWay.has(id)) throw new Violation('one-write', `n${id} began a second write`);
    this.#onTheirWay.set(id, batch);
  }

  /** The write that `id` began has resolved. */
  written(id: NodeId): void {
    const batch = this.#onTheirWay.get(id);
    if (batch === undefined) throw new Violation('one-write', `n${id} ended no write`);
    this.#onTheirWay.delete(id);
    this.#change(id, after(this.#content(id), batch), batch.entries);
  }

  /** The store of `id` was opened again, and holds this. */
  recovered(id: NodeId, hard: HardState, log: LogReader): void {
    const entries = log.entries(log.firstIndex(), log.lastIndex() + 1, Infinity);
    const found = { hard, entries };
    const promised = this.#content(id);
    const batch = this.#onTheirWay.get(id);
    this.#onTheirWay.delete(id);
    if (isSame(found, promised)) return;
    const possible = batch === undefined ? undefined : after(promised, batch);
    if (possible === undefined || !isSame(found, possible)) {
      const told = `promised ${tell(promised)}, found ${tell(found)}`;
      throw new Violation('durable-log', `n${id} came back with another log: ${told}`);
    }
    this.#change(id, possible, batch?.entries ?? []);
  }

  #change(id: NodeId, content: Content, entries: readonly Entry[]): void {
    const { hard: before } = this.#content(id);
    const { hard } = content;
    const keepsVote = before.vote === undefined || hard.vote === before.vote;
    if (hard.term < before.term || (hard.term === before.term && !keepsVote)) {
      const told = `${hard.term}/${hard.vote} after ${before.term}/${before.vote}`;
      throw new Violation('one-vote', `n${id} wrote term/vote ${told}`);
    }
    this.#contents.set(id, content);
    for (const entry of entries) this.#match(id, entry);
  }

  #match(id: NodeId, { index, term, data }: Entry): void {
    const key = `${index}:${term}`;
    const before = this.entry(id, index - 1)?.term ?? 0;
    const known = this.#known.get(key);
    if (known === undefined) {
      this.#known.set(key, { before, data });
    } else if (known.before !== before || Buffer.compare(known.data, data) !== 0) {
      throw new Violation('log-matching', `n${id} has another entry ${index} of term ${term}`);
    }
  }

  #content(id: NodeId): Content {
    const content = this.#contents.get(id);
    if (content === undefined) throw new Violation('membership', `n${id} is not a member`);
    return content;
  }
}

function after(content: Content, { hard, entries }: LogBatch): Content {
  const first = entries[0]?.index ?? content.entries.length + 1;
  return {
    hard: hard ?? content.hard,
    entries: [...content.entries.slice(0, first - 1), ...entries],
  };
}

function isSame(one: Content, other: Content): boolean {
  return (
    one.hard.term === other.hard.term &&
    one.hard.vote === other.hard.vote &&
    one.hard.commit === other.hard.commit &&
    one.entries.length === other.entries.length &&
    one.entries.every(({ term }, i) => term === other.entries[i]?.term)
  );
}

const tell = ({ hard, entries }: Content): string =>
  `term ${hard.term} vote ${hard.vote ?? '-'} commit ${hard.commit} and ${entries.length} entries`;
