import test from 'ava';
import fc from 'fast-check';
import { type Hardship, type Size, shrink } from './shrink.ts';

const all = ['loss', 'repeats', 'partitions', 'crashes', 'pauses', 'drift', 'wipes', 'stops'];
const from: Hardship = { faults: all, hostileMs: 60_000, sizes: [5, 3, 1] };
const runsMax = 200;

const needs =
  (faults: readonly string[], hostileMs = 0, size: Size = 1) =>
  async (hardship: Hardship): Promise<boolean> =>
    faults.every((name) => hardship.faults.includes(name)) &&
    hardship.hostileMs >= hostileMs &&
    (hardship.sizes[0] ?? 0) >= size;

test('what is left breaks the rule, and nothing can be left out of it', async (t) => {
  await fc.assert(
    fc.asyncProperty(
      fc.subarray(all),
      fc.integer({ min: 1, max: 60_000 }),
      fc.constantFrom<Size>(1, 3, 5),
      async (faults, hostileMs, size) => {
        const breaks = needs(faults, hostileMs, size);
        const { hardship } = await shrink(from, breaks, { runsMax });
        t.true(await breaks(hardship));
        t.deepEqual(hardship.faults.toSorted(), faults.toSorted());
        t.is(hardship.sizes[0], size);
        t.true(hardship.hostileMs <= hostileMs / 0.9 + 1, `${hardship.hostileMs} for ${hostileMs}`);
      },
    ),
  );
});

test('what breaks by itself needs a single run for all faults', async (t) => {
  const { hardship, runs } = await shrink(from, needs([]), { runsMax });
  t.deepEqual(hardship, { faults: [], hostileMs: 1, sizes: [1] });
  t.true(runs < 25, `${runs} runs`);
});

test('two faults of which either is enough are not both left', async (t) => {
  const breaks = async ({ faults }: Hardship): Promise<boolean> =>
    faults.includes('loss') || faults.includes('stops');
  const { hardship } = await shrink(from, breaks, { runsMax });
  t.is(hardship.faults.length, 1);
});

test('the search ends after so many runs, with the smallest that broke until then', async (t) => {
  for (let limit = 0; limit < 30; limit++) {
    const tried: Hardship[] = [];
    const needed = needs(['crashes', 'wipes'], 30_000, 3);
    const breaks = async (hardship: Hardship): Promise<boolean> => {
      tried.push(hardship);
      return needed(hardship);
    };
    const { hardship, runs } = await shrink(from, breaks, { runsMax: limit });
    t.is(runs, tried.length);
    t.true(runs <= limit);
    t.true(await needed(hardship));
  }
});
