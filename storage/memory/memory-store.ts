/**
 * `KeyValueStore` in memory, for simulations. A `MemoryMedium` stands for the disk: it outlives the
 * programs that open it. A power cut takes the unsynced batches from some point on, a killed process
 * loses none, exactly as the port promises and no kinder.
 */
import { assert } from '#internal/base/assert.ts';
import type { Random } from '#internal/base/random.ts';
import type { Life } from '#internal/runtime/simulated/life.ts';
import {
  type KeyValueStore,
  type RangeOptions,
  StoreError,
  type Write,
} from '../key-value-store.ts';

type Pairs = Map<string, Uint8Array>;

export type MemoryStoreOptions = {
  /** Greatest virtual time of a read, or of a write without a sync; evenly drawn. */
  readonly accessMsMax?: number;
  readonly syncMsMax?: number;
};

export class MemoryMedium {
  readonly #random: Random;
  readonly #durable: Pairs = new Map();
  #unsynced: (readonly Write[])[] = [];
  #holder: Life | undefined;
  /** Batches that power cuts have taken. */
  batchesLost = 0;

  constructor({ random }: { readonly random: Random }) {
    this.#random = random;
  }

  get holder(): Life | undefined {
    return this.#holder;
  }

  get random(): Random {
    return this.#random;
  }

  /** All that was written, synced or not. */
  mount(life: Life): Pairs {
    assert(this.#holder === undefined, 'the medium is in use');
    this.#holder = life;
    const pairs = new Map(this.#durable);
    for (const batch of this.#unsynced) apply(pairs, batch);
    life.onEnd((kind) => {
      if (this.#holder === life) this.#holder = undefined;
      if (kind === 'power') this.#loseTail();
    });
    return pairs;
  }

  release(life: Life): void {
    if (this.#holder === life) this.#holder = undefined;
  }

  append(batch: readonly Write[]): void {
    this.#unsynced.push(batch);
  }

  /** How many batches a sync that starts now will cover. */
  get unsynced(): number {
    return this.#unsynced.length;
  }

  /** Makes everything durable that was written before `batch`, and `batch`. */
  sync(batch: readonly Write[]): void {
    const count = this.#unsynced.indexOf(batch) + 1;
    for (const older of this.#unsynced.splice(0, count)) apply(this.#durable, older);
  }

  #loseTail(): void {
    const kept = this.#random.below(this.#unsynced.length + 1);
    this.batchesLost += this.#unsynced.length - kept;
    for (const batch of this.#unsynced.slice(0, kept)) apply(this.#durable, batch);
    this.#unsynced = [];
  }
}

/** Rejects with `LOCKED` while another program has the medium open. */
export async function openMemoryStore(
  { medium, life }: { readonly medium: MemoryMedium; readonly life: Life },
  { accessMsMax = 0.2, syncMsMax = 5 }: MemoryStoreOptions = {},
): Promise<KeyValueStore> {
  const wait = (msMax: number, what: string): Promise<void> =>
    life.delay((msMax * medium.random.below(1_000_001)) / 1_000_000, `store ${what}`);
  await wait(accessMsMax, 'open');
  if (medium.holder !== undefined) throw new StoreError('LOCKED', 'another program has the store');
  const pairs = medium.mount(life);
  let open = true;
  const checkOpen = (): void => {
    if (!open) throw new StoreError('CLOSED', 'the store is closed');
  };
  return {
    async get(key) {
      checkOpen();
      const value = pairs.get(key)?.slice();
      await wait(accessMsMax, 'get');
      return value;
    },
    async *range(options) {
      checkOpen();
      const found = select(pairs, options);
      await wait(accessMsMax, 'range');
      yield* found;
    },
    async write(writes, { sync }) {
      checkOpen();
      const batch = writes.map(copy);
      apply(pairs, batch);
      medium.append(batch);
      await wait(sync ? syncMsMax : accessMsMax, sync ? 'sync' : 'write');
      if (sync) medium.sync(batch);
    },
    async [Symbol.asyncDispose]() {
      if (!open) return;
      open = false;
      medium.release(life);
    },
  };
}

function apply(pairs: Pairs, batch: readonly Write[]): void {
  for (const write of batch) {
    if (write.kind === 'put') pairs.set(write.key, write.value);
    else pairs.delete(write.key);
  }
}

const copy = (write: Write): Write =>
  write.kind === 'put' ? { ...write, value: write.value.slice() } : write;

function select(
  pairs: Pairs,
  { from, to, limit = Infinity }: RangeOptions,
): [string, Uint8Array][] {
  const keys = [...pairs.keys()]
    .filter((key) => !isBefore(key, from) && (to === undefined || isBefore(key, to)))
    .toSorted((a, b) => (isBefore(a, b) ? -1 : 1));
  const found: [string, Uint8Array][] = [];
  for (const key of keys) {
    if (found.length >= limit) break;
    const value = pairs.get(key);
    assert(value !== undefined, `${key} has no value`);
    found.push([key, value.slice()]);
  }
  return found;
}

/** By UTF-8 bytes. UTF-16 orders the same, but for letters beyond its first plane. */
function isBefore(a: string, b: string): boolean {
  if (!SURROGATE.test(a) && !SURROGATE.test(b)) return a < b;
  return Buffer.compare(Buffer.from(a), Buffer.from(b)) < 0;
}

const SURROGATE = /[\uD800-\uDFFF]/;
