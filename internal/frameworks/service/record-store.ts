/**
 * The records in the framework store, written one after the other by the one process that leads. Every
 * write says which version it expects to find, so that a process that leads no more, and has not noticed,
 * changes nothing.
 */
import { unreachable } from '#internal/base/assert.ts';
import type { FrameworkStore, StoreOutcome } from '#internal/client/framework-store.ts';
import type { Clock } from '#internal/runtime/clock.ts';
import { type InstanceRecord, readRecord, type ServiceRecord } from './records.ts';

export type Records = {
  readonly services: readonly ServiceRecord[];
  readonly instances: readonly InstanceRecord[];
};

/** Why writing ends: for good, whatever is tried. */
export class StoreLost extends Error {
  override readonly name: string = 'StoreLost';
  /** `CONFLICT`: somebody else has written. `REFUSED`: the masters will not have it. `CLOSED`: we end. */
  readonly code: 'CONFLICT' | 'REFUSED' | 'CLOSED';

  constructor(code: StoreLost['code'], message: string) {
    super(message);
    this.code = code;
  }
}

const pauseMs = 200;

export class RecordStore {
  readonly #store: FrameworkStore;
  readonly #clock: Clock;
  readonly #signal: AbortSignal;
  readonly #versions = new Map<string, bigint>();

  /** `signal` ends all that waits. */
  constructor(
    { store, clock }: { readonly store: FrameworkStore; readonly clock: Clock },
    { signal }: { readonly signal: AbortSignal },
  ) {
    this.#store = store;
    this.#clock = clock;
    this.#signal = signal;
  }

  /** All that is there. Throws `StoreLost`, and `RecordError` for what cannot be read. */
  async load(): Promise<Records> {
    const services: ServiceRecord[] = [];
    const instances: InstanceRecord[] = [];
    let after: string | undefined;
    for (;;) {
      const asked = after === undefined ? {} : { after };
      const page = await this.#insist(async () => await this.#store.list(asked));
      for (const { key, value, version } of page?.entries ?? []) {
        after = key;
        const stored = value === undefined ? undefined : readRecord(key, value);
        if (stored === undefined) continue;
        this.#versions.set(key, version);
        if (stored.kind === 'service') services.push(stored.record);
        else instances.push(stored.record);
      }
      if (page?.more !== true) return { services, instances };
    }
  }

  /** Resolves when it is decided. Throws `StoreLost`. */
  async write(key: string, value: Uint8Array | undefined): Promise<void> {
    const expected = this.#versions.get(key) ?? 0n;
    if (value === undefined) await this.#remove(key, expected);
    else this.#versions.set(key, await this.put(key, value, expected));
  }

  /** Gives the new version. Throws `StoreLost`. */
  async put(key: string, value: Uint8Array, expected: bigint): Promise<bigint> {
    for (;;) {
      const outcome = await this.#store.put(key, value, expected);
      if (outcome.kind === 'done') return outcome.value;
      if (outcome.kind === 'unknown') {
        const found = await this.#insist(async () => await this.#store.get(key));
        // mark: nobody could tell whether a record was kept
        if (found !== undefined && isSame(found.value, value)) return found.version;
        if ((found?.version ?? 0n) === expected) continue;
      }
      await this.#settle(outcome);
    }
  }

  /** Undefined when nothing is there. Throws `StoreLost`. */
  async get(
    key: string,
  ): Promise<{ readonly value?: Uint8Array; readonly version: bigint } | undefined> {
    return await this.#insist(async () => await this.#store.get(key));
  }

  async #remove(key: string, expected: bigint): Promise<void> {
    if (expected === 0n) return;
    for (;;) {
      const outcome = await this.#store.delete(key, expected);
      if (outcome.kind === 'done' || outcome.kind === 'absent') break;
      if (outcome.kind === 'unknown') {
        const found = await this.#insist(async () => await this.#store.get(key));
        if (found === undefined) break;
        if (found.version === expected) continue;
      }
      await this.#settle(outcome);
    }
    this.#versions.delete(key);
  }

  /** Asks until somebody answers; undefined when nothing is there. */
  async #insist<Value>(ask: () => Promise<StoreOutcome<Value>>): Promise<Value | undefined> {
    for (;;) {
      const outcome = await ask();
      if (outcome.kind === 'done') return outcome.value;
      if (outcome.kind === 'absent') return undefined;
      // What was only asked can be asked again.
      await this.#settle(outcome.kind === 'unknown' ? { kind: 'unavailable' } : outcome);
    }
  }

  /** Returns when it may be tried again. */
  async #settle(outcome: Exclude<StoreOutcome<unknown>, { kind: 'done' }>): Promise<void> {
    switch (outcome.kind) {
      case 'unavailable':
        await this.#clock.sleep(pauseMs, { signal: this.#signal }).catch(() => {});
        if (this.#signal.aborted) throw new StoreLost('CLOSED', 'the store is not needed any more');
        return;
      case 'conflict':
      case 'unknown':
      case 'absent':
        throw new StoreLost('CONFLICT', 'somebody else has written to the store');
      case 'refused':
        throw new StoreLost('REFUSED', `the store says ${outcome.status} ${outcome.text}`);
      default:
        return unreachable(outcome);
    }
  }
}

const isSame = (one: Uint8Array | undefined, other: Uint8Array): boolean =>
  one !== undefined && one.length === other.length && one.every((byte, at) => byte === other[at]);
