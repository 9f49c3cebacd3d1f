/** What every `KeyValueStore` promises. Crashes are the business of each twin's own tests. */
import type { ExecutionContext, TestFn } from 'ava';
import fc from 'fast-check';
import type { KeyValueStore, RangeOptions, Write } from './key-value-store.ts';

export type StoreRig = AsyncDisposable & {
  /** Opens the one store of this rig; what earlier openings wrote is there. */
  open(): Promise<KeyValueStore>;
  /** Lets the world move until the promise settles. */
  readonly run: <T>(promise: Promise<T>) => Promise<T>;
};

const bytes = (...values: number[]): Uint8Array => Uint8Array.from(values);
const put = (key: string, value: Uint8Array): Write => ({ kind: 'put', key, value });
const remove = (key: string): Write => ({ kind: 'delete', key });

async function collect(
  store: KeyValueStore,
  options: RangeOptions,
): Promise<[key: string, value: number[]][]> {
  const found: [string, number[]][] = [];
  for await (const [key, value] of store.range(options)) found.push([key, [...value]]);
  return found;
}

export function keyValueStoreSuite(test: TestFn, openRig: () => Promise<StoreRig>): void {
  const law = (
    title: string,
    check: (t: ExecutionContext, rig: StoreRig) => Promise<void>,
  ): void => {
    test(title, async (t) => {
      await using rig = await openRig();
      await rig.run(check(t, rig));
    });
  };

  law('behaves as an ordered map', async (t, rig) => {
    await using store = await rig.open();
    const key = fc.oneof(
      fc.constantFrom('', 'a', 'a/1', 'a/10', 'a/2', 'b', 'é', '\uFFFD', '😀'),
      fc.string({ unit: 'grapheme', maxLength: 3 }),
    );
    const write = fc.oneof(
      fc.record({ kind: fc.constant('put' as const), key, value: fc.uint8Array({ maxLength: 9 }) }),
      fc.record({ kind: fc.constant('delete' as const), key }),
    );
    const step = fc.record({
      batch: fc.array(write, { maxLength: 6 }),
      sync: fc.boolean(),
      from: key,
      to: fc.option(key, { nil: undefined }),
      limit: fc.integer({ min: 0, max: 8 }),
    });
    const model = new Map<string, Uint8Array>();
    await fc.assert(
      fc.asyncProperty(step, async ({ batch, sync, from, to, limit }) => {
        await store.write(batch, { sync });
        for (const change of batch) {
          if (change.kind === 'put') model.set(change.key, change.value);
          else model.delete(change.key);
        }
        const expected = [...model]
          .filter(([k]) => order(k, from) >= 0 && (to === undefined || order(k, to) < 0))
          .toSorted(([a], [b]) => order(a, b))
          .slice(0, limit)
          .map(([k, value]): [string, number[]] => [k, [...value]]);
        t.deepEqual(await collect(store, { from, to, limit }), expected);
        t.deepEqual(await store.get(from).then(bufferOf), bufferOf(model.get(from)));
      }),
      { numRuns: 200 },
    );
    t.true(model.size > 3);
  });

  law('what was written is there after it was closed and opened', async (t, rig) => {
    const first = await rig.open();
    await first.write([put('a', bytes(1)), put('b', bytes(2))], { sync: true });
    await first.write([remove('a'), put('c', bytes())], { sync: false });
    await first[Symbol.asyncDispose]();
    await using second = await rig.open();
    t.deepEqual(await collect(second, { from: '' }), [
      ['b', [2]],
      ['c', []],
    ]);
    t.is(await second.get('a'), undefined);
  });

  law('one program at a time has it open', async (t, rig) => {
    await using store = await rig.open();
    t.truthy(store);
    await t.throwsAsync(() => rig.open(), { name: 'StoreError', code: 'LOCKED' });
  });

  law('a closed store refuses to work', async (t, rig) => {
    const store = await rig.open();
    await store[Symbol.asyncDispose]();
    await store[Symbol.asyncDispose]();
    const closed = { name: 'StoreError', code: 'CLOSED' };
    await t.throwsAsync(() => store.get('a'), closed);
    await t.throwsAsync(() => store.write([put('a', bytes(1))], { sync: false }), closed);
    await t.throwsAsync(() => collect(store, { from: '' }), closed);
  });

  law('a range sees the store as it was when its loop began', async (t, rig) => {
    await using store = await rig.open();
    await store.write([put('a', bytes(1)), put('b', bytes(2)), put('c', bytes(3))], {
      sync: false,
    });
    const seen: string[] = [];
    for await (const [key] of store.range({ from: '' })) {
      seen.push(key);
      if (key === 'a') await store.write([remove('b'), put('bb', bytes())], { sync: false });
    }
    t.deepEqual(seen, ['a', 'b', 'c']);
  });

  law('bytes are copied in and out', async (t, rig) => {
    await using store = await rig.open();
    const mine = bytes(1, 2, 3);
    await store.write([put('a', mine)], { sync: false });
    mine.fill(9);
    const got = await store.get('a');
    t.deepEqual([...(got ?? [])], [1, 2, 3]);
    got?.fill(9);
    t.deepEqual([...((await store.get('a')) ?? [])], [1, 2, 3]);
  });

  law('writes that are not awaited take effect in their order', async (t, rig) => {
    await using store = await rig.open();
    const writes = Array.from({ length: 50 }, (_, i) =>
      store.write([put('a', bytes(i))], { sync: i % 7 === 0 }),
    );
    await Promise.all(writes);
    t.deepEqual([...((await store.get('a')) ?? [])], [49]);
  });
}

const order = (a: string, b: string): number => Buffer.compare(Buffer.from(a), Buffer.from(b));

const bufferOf = (value: Uint8Array | undefined): Buffer | undefined =>
  value === undefined ? undefined : Buffer.from(value);
