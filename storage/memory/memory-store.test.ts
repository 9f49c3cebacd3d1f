import test from 'ava';
import { SimulatedWorld } from '#internal/runtime/simulated/world.ts';
import type { CrashKind } from '#internal/runtime/simulated/life.ts';
import { seedsOf } from '#internal/testing/seeds.ts';
import { keyValueStoreSuite } from '../key-value-store.suite.ts';
import { MemoryMedium, openMemoryStore } from './memory-store.ts';

keyValueStoreSuite(test, async () => {
  const world = new SimulatedWorld({ seed: 1 });
  const life = world.boot('m');
  const medium = new MemoryMedium({ random: world.random('store') });
  return {
    open: () => openMemoryStore({ medium, life }),
    run: (promise) => world.settle(promise, { withinMs: 600_000 }),
    [Symbol.asyncDispose]: async () => {},
  };
});

/** How many of 20 batches, of which the 8th was the last synced one, a crash leaves. */
async function batchesLeft(seed: number, kind: CrashKind): Promise<number> {
  const world = new SimulatedWorld({ seed });
  const medium = new MemoryMedium({ random: world.random('store') });
  const life = world.boot('m');
  const program = async (): Promise<void> => {
    const store = await openMemoryStore({ medium, life });
    for (let i = 1; i <= 20; i++) {
      const value = Uint8Array.of(i);
      const batch = ['a', 'b'].map((key) => ({ kind: 'put' as const, key, value }));
      await store.write(batch, { sync: i === 8 });
    }
  };
  await world.settle(program(), { withinMs: 1000 });
  world.crash('m', kind);
  const store = await world.settle(openMemoryStore({ medium, life: world.boot('m') }), {
    withinMs: 1000,
  });
  const [a, b] = await world.settle(Promise.all([store.get('a'), store.get('b')]), {
    withinMs: 1000,
  });
  if (a?.[0] !== b?.[0]) throw new Error(`SEED=${seed}: half a batch is there`);
  return a?.[0] ?? 0;
}

test('a power cut takes unsynced batches from the end, whole ones, and never a synced one', async (t) => {
  const left = new Set<number>();
  for (const seed of seedsOf(100)) {
    const count = await batchesLeft(seed, 'power');
    t.true(count >= 8, `SEED=${seed}: a synced batch is gone`);
    left.add(count);
  }
  t.true(left.size > 5 || process.env['SEED'] !== undefined);
});

test('a killed process loses no batch', async (t) => {
  for (const seed of seedsOf(20)) t.is(await batchesLeft(seed, 'process'), 20, `SEED=${seed}`);
});
