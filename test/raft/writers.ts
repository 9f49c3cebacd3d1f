/**
 * Clients that write serials, each under a key of its own and once, and ask until they know: whoever
 * leads, whatever dies meanwhile. In the end everything is read back from every node.
 */
import { setTimeout as pause } from 'node:timers/promises';
import type { Random } from '#internal/base/random.ts';
import { systemClock } from '#internal/runtime/real/clock.ts';
import type { Proposal } from '#raft/node/replicated-log.ts';
import { Session } from '#raft/node/session.ts';
import { KvClient } from '../../bench/raft/kv-client.ts';
import * as kv from '../../bench/raft/kv-messages.ts';

export type WritersOptions = {
  readonly addresses: readonly string[];
  readonly random: Random;
  readonly writers: number;
  /** Of each writer, between an answer and the next question. */
  readonly pauseMs: number;
  /** How long one node is waited for before the next one is asked. */
  readonly tryMs: number;
};

export type Verdict = {
  readonly acknowledged: number;
  /** Asked for, and nobody can tell: the cluster may have it or not. */
  readonly unknown: number;
  /** Tries that ended without a word of what became of them, and were repeated. */
  readonly doubts: number;
  /** Keys that somebody was told to be written, and that are not there, or not as written. */
  readonly lost: readonly string[];
  readonly doubled: readonly string[];
  /** Keys on which the nodes do not agree. */
  readonly disputed: readonly string[];
  /** The longest time between two answers. */
  readonly longestGapMs: number;
};

const attemptsMax = 600;
const silenceMsMax = 60_000;
const catchUpMs = 60_000;
const everything = { key: Buffer.from('w'), end: Buffer.from('x'), limit: 0n };

export class Writers implements Disposable {
  readonly #options: WritersOptions;
  readonly #clients: KvClient[];
  readonly #acknowledged = new Map<string, string>();
  #unknown = 0;
  #asked = 0;
  #doubts = 0;
  #lastAnswerMs = 0;
  #longestGapMs = 0;
  #isStopped = false;
  readonly #over = new AbortController();
  /** Where the last answer came from. */
  #leader = 0;
  readonly #running: readonly Promise<void>[];

  constructor(options: WritersOptions) {
    this.#options = options;
    this.#clients = options.addresses.map((address) => new KvClient(address));
    this.#running = Array.from({ length: options.writers }, (_, writer) => this.#write(writer));
  }

  get acknowledged(): number {
    return this.#acknowledged.size;
  }

  /** Resolves after so many further ones. */
  async answers(count: number): Promise<void> {
    const wanted = this.acknowledged + count;
    // However slow the machine: it is silence that counts.
    for (let [seen, sinceMs] = [-1, 0]; this.acknowledged < wanted;) {
      if (this.acknowledged > seen) [seen, sinceMs] = [this.acknowledged, performance.now()];
      if (performance.now() > sinceMs + silenceMsMax) throw new Error('the cluster is silent');
      await pause(1);
    }
  }

  /** The index of the node that answered last. */
  get leader(): number {
    return this.#leader;
  }

  /**
   * Resolves when the last question has its answer, and what is there was read from all nodes or from
   * `readers`. Nodes must be there to give it.
   */
  async stop(readers: Iterable<number> = this.#clients.keys()): Promise<Verdict> {
    this.#isStopped = true;
    await Promise.all(this.#running);
    const books = await this.#readBack([...readers]);
    const [lost, doubled, disputed] = [new Set<string>(), new Set<string>(), new Set<string>()];
    for (const book of books) {
      for (const [key, value] of this.#acknowledged) {
        if (book.get(key)?.value !== value) lost.add(key);
      }
      for (const [key, { version, text }] of book) {
        if (version !== 1n) doubled.add(key);
        if (books.some((other) => other.get(key)?.text !== text)) disputed.add(key);
      }
    }
    this[Symbol.dispose]();
    return {
      acknowledged: this.#acknowledged.size,
      unknown: this.#unknown,
      doubts: this.#doubts,
      lost: [...lost],
      doubled: [...doubled],
      disputed: [...disputed],
      longestGapMs: this.#longestGapMs,
    };
  }

  /** Ends all questions at once, for a test that has failed. */
  [Symbol.dispose](): void {
    this.#isStopped = true;
    this.#over.abort();
    for (const client of this.#clients) client[Symbol.dispose]();
  }

  async #write(writer: number): Promise<void> {
    const { random, pauseMs } = this.#options;
    const ask = (entry: Uint8Array): Promise<Proposal> => this.#ask(entry);
    const dependencies = { clock: systemClock(), random, ask };
    const session = new Session(dependencies, { attemptsMax, pauseMs: 40 });
    const { signal } = this.#over;
    while (!(await session.open({ signal }))) if (this.#isStopped) return;
    while (!this.#isStopped) {
      const [key, value] = [`w${writer}-${this.#asked++}`, `${random.below(1e9)}`];
      const put = kv.encodePut({ key: Buffer.from(key), value: Buffer.from(value) });
      const proposal = await session.propose(put, { signal });
      if (proposal.kind === 'applied') this.#onAnswer(key, value);
      else this.#unknown++;
      await pause(pauseMs);
    }
  }

  async #ask(entry: Uint8Array): Promise<Proposal> {
    const node = this.#leader;
    try {
      const reply = await this.#client(node).call(kv.paths.propose, entry, this.#options.tryMs);
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- our own node's word.
      const proposal = JSON.parse(Buffer.from(reply).toString()) as Proposal;
      if (proposal.kind === 'refused' && proposal.reason === 'unknown') this.#doubts++;
      if (proposal.kind === 'refused' && this.#leader === node) {
        this.#leader = proposal.leader === undefined ? this.#next(node) : proposal.leader - 1;
      }
      return proposal;
    } catch (fault) {
      this.#doubts++;
      if (this.#leader === node) this.#leader = this.#next(node);
      throw fault;
    }
  }

  #next(node: number): number {
    return (node + 1) % this.#clients.length;
  }

  #client(node: number): KvClient {
    const client = this.#clients[node];
    if (client?.isOpen === true) return client;
    const fresh = new KvClient(this.#options.addresses[node] ?? '');
    this.#clients[node] = fresh;
    return fresh;
  }

  #onAnswer(key: string, value: string): void {
    const now = performance.now();
    const last = this.#lastAnswerMs === 0 ? now : this.#lastAnswerMs;
    this.#longestGapMs = Math.max(this.#longestGapMs, now - last);
    this.#lastAnswerMs = now;
    this.#acknowledged.set(key, value);
  }

  /** From each of these nodes, when all have applied the same. */
  async #readBack(readers: readonly number[]): Promise<readonly Book[]> {
    const deadline = performance.now() + catchUpMs;
    for (;;) {
      const read = readers.map((node) => this.#read(node));
      const replies = await Promise.all(read).catch(() => []);
      const revisions = new Set(replies.map(({ header }) => header.revision));
      if (replies.length > 0 && revisions.size === 1) return replies.map(bookOf);
      if (performance.now() > deadline) {
        throw new Error(`the nodes stay apart: ${[...revisions].join(', ')}`);
      }
      await pause(50);
    }
  }

  async #read(node: number): Promise<kv.RangeReply> {
    const reply = await this.#client(node).call(kv.paths.range, kv.encodeRange(everything));
    return kv.decodeRangeReply(reply);
  }
}

type Book = ReadonlyMap<
  string,
  { readonly value: string; readonly version: bigint; readonly text: string }
>;

const bookOf = ({ found }: kv.RangeReply): Book =>
  new Map(
    found.map(({ key, value, version, modRevision }) => {
      const text = Buffer.from(value).toString();
      return [
        Buffer.from(key).toString(),
        { value: text, version, text: `${text} ${version} ${modRevision}` },
      ];
    }),
  );
