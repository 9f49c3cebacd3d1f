/** The state machine of the key-value service: what etcd keeps of a key, in memory. */
import type { AppliedEntry, StateMachine } from '#raft/node/replicated-log.ts';
import { decodePut, type KeyValue, type Range } from './kv-messages.ts';

export class KvMachine implements StateMachine {
  /** The node's. */
  readonly id: number;
  readonly #pairs = new Map<string, KeyValue>();
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
      const { key, value } = decodePut(data);
      const name = nameOf(key);
      const version = (this.#pairs.get(name)?.version ?? 0n) + 1n;
      this.#revision++;
      this.#pairs.set(name, { key, value, modRevision: this.#revision, version });
      this.#appliedIndex = index;
    }
  }

  range({ key, end, limit }: Range): readonly KeyValue[] {
    const [first, last] = [nameOf(key), nameOf(end)];
    if (last === '') return [this.#pairs.get(first)].filter((pair) => pair !== undefined);
    const names = [...this.#pairs.keys()].filter((name) => first <= name && name < last).toSorted();
    const wanted = limit === 0n ? names : names.slice(0, Number(limit));
    return wanted.flatMap((name) => this.#pairs.get(name) ?? []);
  }
}

const nameOf = (key: Uint8Array): string => Buffer.from(key).toString('latin1');
