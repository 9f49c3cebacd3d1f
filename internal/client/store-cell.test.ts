import test from 'ava';
import fc from 'fast-check';
import { randomFromSeed } from '#internal/base/random.ts';
import { simulatedClock } from '#internal/runtime/simulated/clock.ts';
import { SimulatedWorld } from '#internal/runtime/simulated/world.ts';
import type { FrameworkStore, StoreOutcome } from './framework-store.ts';
import { storeCell, type StoreCell } from './store-cell.ts';

type Stored = { readonly value: Uint8Array; readonly version: bigint };

/** A store that keeps what it promises, and loses questions and answers now and then. */
function fickleStore(seed: number, trouble: number): Pick<FrameworkStore, 'get' | 'put'> {
  const random = randomFromSeed(seed);
  const values = new Map<string, Stored>();
  let newest = 0n;
  const put = (key: string, value: Uint8Array, expected?: bigint): StoreOutcome<bigint> => {
    const now = values.get(key)?.version ?? 0n;
    if (expected !== undefined && expected !== now) return { kind: 'conflict' };
    newest += 1n;
    values.set(key, { value, version: newest });
    return { kind: 'done', value: newest };
  };
  return {
    async get(key) {
      if (random.chance(trouble)) return { kind: 'unavailable' };
      const value = values.get(key);
      return value === undefined ? { kind: 'absent' } : { kind: 'done', value: { key, ...value } };
    },
    async put(key, value, expected) {
      if (random.chance(trouble)) return { kind: 'unavailable' };
      if (random.chance(trouble)) return { kind: 'unknown' };
      const outcome = put(key, value, expected);
      return random.chance(trouble) ? { kind: 'unknown' } : outcome;
    },
  };
}

function stage(
  seed: number,
  store: Pick<FrameworkStore, 'get' | 'put'>,
): {
  readonly world: SimulatedWorld;
  readonly cell: (name: string) => StoreCell<readonly string[]>;
} {
  const world = new SimulatedWorld({ seed });
  return {
    world,
    cell: (name) => {
      const clock = simulatedClock({ world, life: world.boot(name) });
      return storeCell({ clock, random: world.random(name), store }, 'log');
    },
  };
}

test('each change is made once, whoever else changes it and whatever answer is lost', async (t) => {
  await fc.assert(
    fc.asyncProperty(fc.nat(), fc.constantFrom(0, 0.1, 0.3), async (seed, trouble) => {
      const { world, cell } = stage(seed, fickleStore(seed, trouble));
      const writers = ['a', 'b', 'c'].map((name) => ({ name, own: cell(name) }));
      const certain: string[] = [];
      const works = writers.map(async ({ name, own }) => {
        for (let n = 0; n < 5; n++) {
          const word = `${name}${n}`;
          const outcome = await own.change((now = []) => [...now, word]);
          if (outcome.kind === 'done') certain.push(word);
          else t.is(outcome.kind, 'unknown');
        }
      });
      await world.settle(Promise.all(works), { withinMs: 10_000_000 });
      const calm = cell('reader');
      let found = await world.settle(calm.read(), { withinMs: 1_000_000 });
      if (found.kind === 'unknown')
        found = await world.settle(calm.read(), { withinMs: 1_000_000 });
      const words = found.kind === 'done' ? (found.value ?? []) : [];
      t.is(new Set(words).size, words.length, 'a change was made twice');
      if (found.kind === 'done')
        t.deepEqual(
          certain.filter((word) => !words.includes(word)),
          [],
        );
    }),
    { numRuns: 60, seed: Number(process.env['SEED'] ?? 7) },
  );
});

test('a change that is not wanted any more leaves things as they are', async (t) => {
  const { world, cell } = stage(1, fickleStore(1, 0));
  const own = cell('a');
  const first = await world.settle(
    own.change(() => ['x']),
    { withinMs: 1000 },
  );
  const second = await world.settle(
    own.change(() => undefined),
    { withinMs: 1000 },
  );
  t.deepEqual(first, { kind: 'done', value: ['x'], version: 1n });
  t.deepEqual(second, { kind: 'unchanged', value: ['x'], version: 1n });
});

test('what no cell has written is left alone', async (t) => {
  const store = fickleStore(1, 0);
  const { world, cell } = stage(1, store);
  for (const text of ['', 'no json', '{}', '{"value":1}', '{"value":1,"by":2,"writes":3}']) {
    await store.put('log', new TextEncoder().encode(text));
    const outcome = await world.settle(
      cell(`of ${text}`).change(() => ['x']),
      { withinMs: 1000 },
    );
    t.is(outcome.kind, 'foreign', text);
  }
});
