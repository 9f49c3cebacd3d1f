/** What every `Random` promises. */
import type { TestFn } from 'ava';
import fc from 'fast-check';
import type { Random } from './random.ts';

export function randomSuite(test: TestFn, openRandom: () => Random): void {
  test('a number is whole, below its limit, and any of them', (t) => {
    const random = openRandom();
    fc.assert(
      fc.property(fc.nat(Number.MAX_SAFE_INTEGER - 1), (less) => {
        const drawn = random.below(less + 1);
        t.true(Number.isSafeInteger(drawn) && drawn >= 0 && drawn <= less, `${drawn} of ${less}`);
      }),
    );
    const seen = new Set(Array.from({ length: 500 }, () => random.below(10)));
    t.is(seen.size, 10);
    const large = Array.from({ length: 100 }, () => random.below(Number.MAX_SAFE_INTEGER));
    t.true(large.some((drawn) => drawn > 2 ** 52));
    t.true(large.some((drawn) => drawn % 2 === 1));
  });

  test('the die is fair', (t) => {
    const random = openRandom();
    const counts = [0, 0, 0, 0, 0, 0];
    for (let i = 0; i < 60_000; i++) counts[random.below(6)]! += 1;
    // Seven standard deviations: a fair die fails once in 10^11 runs.
    for (const count of counts) t.true(Math.abs(count - 10_000) < 640, counts.join());
  });

  test('chances come true as often as they say', (t) => {
    const random = openRandom();
    const often = (draw: () => boolean): number =>
      Array.from({ length: 20_000 }, draw).filter(Boolean).length;
    t.is(
      often(() => random.chance(0)),
      0,
    );
    t.is(
      often(() => random.chance(1)),
      20_000,
    );
    t.true(Math.abs(often(() => random.chance(0.25)) - 5000) < 430);
    t.true(Math.abs(often(() => random.oneIn(10)) - 2000) < 300);
    t.is(
      often(() => random.oneIn(1)),
      20_000,
    );
  });

  test('bytes are as many as asked for, and of all values', (t) => {
    const random = openRandom();
    t.is(random.bytes(0).length, 0);
    t.is(random.bytes(16).length, 16);
    t.is(new Set(random.bytes(10_000)).size, 256);
    t.notDeepEqual(random.bytes(16), random.bytes(16));
  });

  test('a fork is a stream of its own', (t) => {
    const random = openRandom();
    t.notDeepEqual(random.fork('a').bytes(16), random.fork('b').bytes(16));
    t.notDeepEqual(random.fork('a').bytes(16), random.bytes(16));
  });

  test('a limit that leaves no number is a bug', (t) => {
    for (const limit of [0, -1, 1.5, Number.NaN, 2 ** 53]) {
      t.throws(() => openRandom().below(limit), { name: 'AssertionError' }, String(limit));
    }
  });
}
