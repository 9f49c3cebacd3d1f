import test from 'ava';
import fc from 'fast-check';
import { atOnce, runToEnd, sortedSteps } from './steps.ts';

test('what is sorted in steps is what is sorted at once, equal ones in their order', (t) => {
  fc.assert(
    fc.property(fc.array(fc.nat(50), { maxLength: 6000 }), (keys) => {
      const items = keys.map((key, place) => ({ key, place }));
      const byKey = (one: { key: number }, other: { key: number }): number => one.key - other.key;
      t.deepEqual(runToEnd(sortedSteps(items, byKey)), items.toSorted(byKey));
    }),
    { numRuns: 30 },
  );
});

test('no step of a sort takes more than a few thousand comparisons', (t) => {
  const items = Array.from({ length: 20_000 }, (_, n) => (n * 7919) % 20_011);
  let comparisons = 0;
  let most = 0;
  let steps = 0;
  const compare = (one: number, other: number): number => {
    comparisons++;
    return one - other;
  };
  for (const _ of sortedSteps(items, compare)) {
    most = Math.max(most, comparisons);
    comparisons = 0;
    steps++;
  }
  t.true(most < 16_000, `${most} comparisons in a step`);
  t.true(steps > 20);
});

test('what is done at once is done in one go', (t) => {
  t.deepEqual(atOnce(() => 7).next(), { done: true, value: 7 });
});
