/** Laws of one value (contract 6.1). */
import fc from 'fast-check';
import { assert } from '#internal/base/assert.ts';
import type { Range, Value } from '#internal/resources/resource.ts';
import {
  countMilli,
  cut,
  equalValues,
  includes,
  isNothing,
  plus,
  ranges,
  scalar,
  set,
} from '#internal/resources/value.ts';
import { anySpans } from '../any-resources.ts';
import { law, type Law } from './law.ts';

const anyItems = fc.array(fc.constantFrom('a', 'b', 'c', 'd', 'e'), { maxLength: 6 });

export const valueLaws: readonly Law[] = [
  law(
    'ranges hold the numbers they are made of, sorted, apart and not adjacent',
    anySpans,
    (list) => {
      const made = ranges(list);
      assertSame(made, numbersIn(list));
      for (const [i, range] of rangesOf(made).entries()) {
        const before = rangesOf(made)[i - 1];
        assert(range.begin <= range.end, 'a range runs backwards');
        assert(before === undefined || before.end + 1 < range.begin, 'two ranges are one');
      }
    },
  ),
  law(
    'ranges add up and are taken away like sets of numbers',
    fc.tuple(anySpans, anySpans),
    ([one, other]) => {
      const [left, right] = [ranges(one), ranges(other)];
      const [a, b] = [numbersIn(one), numbersIn(other)];
      assertSame(plus(left, right), a.union(b));
      assertSame(cut(left, right), a.difference(b));
      assert(includes(left, right) === b.isSubsetOf(a), 'to include is another thing');
      const isEqual = a.isSubsetOf(b) && b.isSubsetOf(a);
      assert(equalValues(left, right) === isEqual, 'to be equal is another thing');
      assert(isNothing(cut(left, right)) === a.isSubsetOf(b), 'nothing is another thing');
    },
  ),
  law('items of a set add up and are taken away', fc.tuple(anyItems, anyItems), ([left, right]) => {
    const [a, b] = [new Set(left), new Set(right)];
    assertItems(plus(set(left), set(right)), a.union(b));
    assertItems(cut(set(left), set(right)), a.difference(b));
    assert(includes(set(left), set(right)) === b.isSubsetOf(a), 'to include is another thing');
  }),
  law(
    'a scalar is what its three decimals say, however it is added up',
    fc.array(fc.integer({ min: 0, max: 1e9 }), { maxLength: 20 }),
    (list) => {
      const whole = list.reduce((sum, milli) => sum + milli, 0);
      const added = list.map((milli) => scalar(milli / 1000)).reduce(plus, scalar(0));
      return countMilli(added) === whole && equalValues(added, scalar(whole / 1000));
    },
  ),
  law(
    'a double counts as the thousandth that is nearest',
    fc.double({ min: 0, max: 1e9, noNaN: true }),
    (value) => Math.abs(countMilli(scalar(value)) - value * 1000) <= 0.5,
  ),
];

const rangesOf = (value: Value): readonly Range[] => (value.kind === 'ranges' ? value.ranges : []);

function numbersIn(list: readonly Range[]): Set<number> {
  const lengths = list.map(({ begin, end }) =>
    Array.from({ length: end - begin + 1 }, (_, i) => begin + i),
  );
  return new Set(lengths.flat());
}

/** Just these numbers, each once. */
function assertSame(value: Value, numbers: ReadonlySet<number>): void {
  const found = numbersIn(rangesOf(value));
  assert(found.isSubsetOf(numbers), 'a number came from nowhere');
  assert(numbers.isSubsetOf(found), 'a number is lost');
  assert(countMilli(value) === 1000 * numbers.size, 'a number is counted twice');
}

function assertItems(value: Value, items: ReadonlySet<string>): void {
  const expected = [...items].toSorted();
  assert(
    value.kind === 'set' && value.items.join() === expected.join(),
    `not the items ${expected.join()}`,
  );
}
