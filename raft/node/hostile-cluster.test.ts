/** The short run of `#internal/testing/hostile-cluster.ts`. */
import test from 'ava';
import { runHostileCluster } from '#internal/testing/hostile-cluster.ts';
import { seedsOf } from '#internal/testing/seeds.ts';

test('whatever happens, words are applied once, in one order, and none that was acknowledged is lost', async (t) => {
  const total = new Map<string, number>();
  for (const seed of seedsOf(5)) {
    const { faults, words, acknowledged, met } = await runHostileCluster(seed);
    t.deepEqual(faults, [], `SEED=${seed}`);
    t.is(new Set(words).size, words.length, `SEED=${seed}: applied twice`);
    const there = new Set(words);
    t.deepEqual(
      acknowledged.filter((word) => !there.has(word)),
      [],
      `SEED=${seed}: lost`,
    );
    t.true(acknowledged.length > 30, `SEED=${seed}: ${acknowledged.length} acknowledged`);
    for (const [name, count] of Object.entries(met))
      total.set(name, (total.get(name) ?? 0) + count);
  }
  t.log(Object.fromEntries(total));
  if (process.env['SEED'] !== undefined) return;
  for (const [name, count] of total) t.true(count > 0, `no ${name}`);
});
