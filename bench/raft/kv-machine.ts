/** The state machine of the key-value service: what etcd keeps of a key, in memory. */
import type { AppliedEntry, StateMachine, StateSnapshot } from '#raft/node/replicated-log.ts';
import * as kv from './kv-messages.ts';

export class KvMachine implements StateMachine {
  /** The node's. */
  readonly id: number;
  readonly #pairs = new Map<string, kv.KeyValue>();
  #revision = 0n;
  #appliedIndex = 0;

  constructor(id: number) {
    this.id = id;
  }

  get revision(): bigint {
    return this.#revision;
  }

  appliedIndex(): number {
    return this.#appliedIndex;
  }

  apply(entries: readonly AppliedEntry[]): void {
    for (const { index, data } of entries) {
      const { key, value } = kv.decodePut(data);
      const name = nameOf(key);
      const version = (this.#pairs.get(name)?.version ?? 0n) + 1n;
      this.#revision++;
      this.#pairs.set(name, { key, value, modRevision: this.#revision, version });
      this.#appliedIndex = index;
    }
  }

  snapshot(): StateSnapshot {
    // A copy of what points to values that never change.
    const found = [...this.#pairs.values()];
    const header = { memberId: 0n, revision: this.#revision, term: 0n };
    return {
      index: this.#appliedIndex,
      chunks: once(() => kv.encodeRangeReply({ header, found })),
    };
  }

  async restore({ index, chunks }: StateSnapshot): Promise<void> {
    const parts: Uint8Array[] = [];
    for await (const chunk of chunks) parts.push(chunk);
    const { header, found } = kv.decodeRangeReply(Buffer.concat(parts));
    this.#pairs.clear();
    for (const pair of found) this.#pairs.set(nameOf(pair.key), pair);
    this.#revision = header.revision;
    this.#appliedIndex = index;
  }

  range({ key, end, limit }: kv.Range): readonly kv.KeyValue[] {
    const [first, last] = [nameOf(key), nameOf(end)];
    if (last === '') return [this.#pairs.get(first)].filter((pair) => pair !== undefined);
    const names = [...this.#pairs.keys()].filter((name) => first <= name && name < last).toSorted();
    const wanted = limit === 0n ? names : names.slice(0, Number(limit));
    return wanted.flatMap((name) => this.#pairs.get(name) ?? []);
  }
}

/** Made when it is asked for, not when the state stands still for it. */
async function* once(make: () => Uint8Array): AsyncIterable<Uint8Array> {
  yield make();
}

const nameOf = (key: Uint8Array): string => Buffer.from(key).toString('latin1');
