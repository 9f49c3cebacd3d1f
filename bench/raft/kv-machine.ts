/** The state machine of the key-value service: what etcd keeps of a key, in memory. */
import type { AppliedEntry, StateMachine, StateSnapshot } from '#raft/node/replicated-log.ts';
import * as kv from './kv-messages.ts';

/** Counted in numbers: big ones cost more than all else that is done with a Put. */
type Pair = kv.Put & { readonly modRevision: number; readonly version: number };

export class KvMachine implements StateMachine {
  /** The node's. */
  readonly id: number;
  readonly #pairs = new Map<string, Pair>();
  #revision = 0;
  #appliedIndex = 0;

  constructor(id: number) {
    this.id = id;
  }

  get revision(): bigint {
    return BigInt(this.#revision);
  }

  appliedIndex(): number {
    return this.#appliedIndex;
  }

  apply(entries: readonly AppliedEntry[]): void {
    for (const { index, data } of entries) {
      const { key, value } = kv.decodePut(data);
      const name = nameOf(key);
      const version = (this.#pairs.get(name)?.version ?? 0) + 1;
      this.#revision++;
      this.#pairs.set(name, { key, value, modRevision: this.#revision, version });
      this.#appliedIndex = index;
    }
  }

  snapshot(): StateSnapshot {
    // A copy of what points to values that never change.
    const found = [...this.#pairs.values()];
    const header = { memberId: 0n, revision: this.revision, term: 0n };
    return {
      index: this.#appliedIndex,
      chunks: once(() => kv.encodeRangeReply({ header, found: found.map(shown) })),
    };
  }

  async restore({ index, chunks }: StateSnapshot): Promise<void> {
    const parts: Uint8Array[] = [];
    for await (const chunk of chunks) parts.push(chunk);
    const { header, found } = kv.decodeRangeReply(Buffer.concat(parts));
    this.#pairs.clear();
    for (const { key, value, modRevision, version } of found) {
      const counts = { modRevision: Number(modRevision), version: Number(version) };
      this.#pairs.set(nameOf(key), { key, value, ...counts });
    }
    this.#revision = Number(header.revision);
    this.#appliedIndex = index;
  }

  range({ key, end, limit }: kv.Range): readonly kv.KeyValue[] {
    const [first, last] = [nameOf(key), nameOf(end)];
    const names =
      last === ''
        ? [first]
        : [...this.#pairs.keys()].filter((name) => first <= name && name < last).toSorted();
    const wanted = limit === 0n ? names : names.slice(0, Number(limit));
    return wanted.flatMap((name) => {
      const pair = this.#pairs.get(name);
      return pair === undefined ? [] : [shown(pair)];
    });
  }
}

/** Made when it is asked for, not when the state stands still for it. */
async function* once(make: () => Uint8Array): AsyncIterable<Uint8Array> {
  yield make();
}

const shown = ({ modRevision, version, ...put }: Pair): kv.KeyValue => ({
  ...put,
  modRevision: BigInt(modRevision),
  version: BigInt(version),
});

const nameOf = ({ buffer, byteOffset, length }: Uint8Array): string =>
  Buffer.from(buffer, byteOffset, length).toString('latin1');
