import test from 'ava';
import type { FrameworkStore, StoreOutcome } from '#internal/client/framework-store.ts';
import { systemClock } from '#internal/runtime/real/clock.ts';
import { randomFromSeed } from '#internal/base/random.ts';
import { seedsOf } from '#internal/testing/seeds.ts';
import { RecordStore, StoreLost } from './record-store.ts';

/** A store in memory, some of whose answers get lost, before or after the write was done. */
function forgetfulStore(seed: number): FrameworkStore & { readonly writes: () => number } {
  const random = randomFromSeed(seed);
  const values = new Map<string, { readonly value: Uint8Array; readonly version: bigint }>();
  let version = 0n;
  const unknown = { kind: 'unknown' } as const;
  const change = <Value>(key: string, expected: bigint | undefined, act: () => Value) => {
    if (random.oneIn(3)) return unknown;
    if ((values.get(key)?.version ?? 0n) !== expected) return { kind: 'conflict' } as const;
    version++;
    const value = act();
    return random.oneIn(3) ? unknown : ({ kind: 'done', value } as const);
  };
  const at = (key: string): StoreOutcome<{ key: string; value: Uint8Array; version: bigint }> => {
    const found = values.get(key);
    return found === undefined ? { kind: 'absent' } : { kind: 'done', value: { key, ...found } };
  };
  return {
    writes: () => Number(version),
    get: (key) => Promise.resolve(at(key)),
    list: () => Promise.resolve({ kind: 'done', value: { entries: [], more: false } }),
    put: (key, value, expected) =>
      Promise.resolve(
        change(key, expected, () => {
          values.set(key, { value, version });
          return version;
        }),
      ),
    delete: (key, expected) =>
      Promise.resolve(change(key, expected, () => void values.delete(key))),
  };
}

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

test('a write whose answer was lost is done once, whether it had been done or not', async (t) => {
  for (const seed of seedsOf(200)) {
    const store = forgetfulStore(seed);
    const { signal } = new AbortController();
    const records = new RecordStore({ store, clock: systemClock() }, { signal });
    for (const text of ['a', 'b', 'c']) await records.write('k', bytes(text));
    t.is(store.writes(), 3, `SEED=${seed}`);
    t.deepEqual((await records.get('k'))?.value, bytes('c'), `SEED=${seed}`);
    await records.write('k', undefined);
    t.is(await records.get('k'), undefined, `SEED=${seed}`);
    t.is(store.writes(), 4, `SEED=${seed}`);
  }
});

test('who finds what somebody else has written writes nothing more', async (t) => {
  for (const seed of seedsOf(50)) {
    const store = forgetfulStore(seed);
    const { signal } = new AbortController();
    const [one, other] = [0, 1].map(
      () => new RecordStore({ store, clock: systemClock() }, { signal }),
    );
    await one!.write('k', bytes('of one'));
    const lost = await t.throwsAsync(other!.write('k', bytes('of the other')), {
      instanceOf: StoreLost,
    });
    t.is(lost?.code, 'CONFLICT', `SEED=${seed}`);
    t.deepEqual((await one!.get('k'))?.value, bytes('of one'));
  }
});
