import test from 'ava';
import fc from 'fast-check';
import { backoffMs } from './backoff.ts';
import { randomFromSeed } from './random.ts';

test('a wait is from half of its ceiling to the whole, and the ceiling doubles up to the bound', (t) => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 2000 }),
      fc.integer({ min: 1, max: 5000 }),
      fc.nat(1_000_000),
      fc.nat(),
      (failures, firstMs, moreMs, seed) => {
        const mostMs = firstMs + moreMs;
        const waitMs = backoffMs(failures, { firstMs, mostMs }, randomFromSeed(seed));
        const ceilingMs = Math.min(mostMs, firstMs * 2 ** (failures - 1));
        t.true(Number.isSafeInteger(waitMs));
        t.true(waitMs >= Math.floor(ceilingMs / 2) && waitMs <= ceilingMs, `${waitMs}`);
      },
    ),
  );
});

test('those who failed together come back apart', (t) => {
  const waits = Array.from({ length: 50 }, (_, seed) =>
    backoffMs(3, { firstMs: 1000, mostMs: 60_000 }, randomFromSeed(seed)),
  );
  t.true(new Set(waits).size > 40);
  t.true(Math.min(...waits) < 2300 && Math.max(...waits) > 3700, waits.join());
});

test('there is no wait before a failure', (t) => {
  const bounds = { firstMs: 1, mostMs: 2 };
  t.throws(() => backoffMs(0, bounds, randomFromSeed(1)), { name: 'AssertionError' });
});
