/** Laws of quantities and limits: amounts by name alone, and bounds on them. */
import fc from 'fast-check';
import { assert } from '#internal/base/assert.ts';
import { isIndivisible } from '#internal/resources/identity.ts';
import { chop, isWithin, limitOf, limits, roomLeft, tightest } from '#internal/resources/limits.ts';
import {
  addQuantities,
  containsQuantities,
  countedQuantities,
  equalQuantities,
  quantities,
  quantitiesWithout,
  quantityOf,
  scalarQuantities,
} from '#internal/resources/quantities.ts';
import type { Resource } from '#internal/resources/resource.ts';
import {
  add,
  contains,
  equals,
  resources,
  scalarMilli,
  sum,
} from '#internal/resources/resources.ts';
import { copiesOf } from '#internal/resources/volume.ts';
import { anyHeaps, anyResources, anyVolume } from '../any-resources.ts';
import { law, type Law } from './law.ts';

const names = ['cpus', 'mem', 'disk', 'gpus'] as const;
const anyAmount = fc.oneof(fc.nat(8000), fc.constantFrom(0, 1000, 1500, 64_000, 2 ** 47));
const anyEntries = fc.array(fc.tuple(fc.constantFrom(...names), anyAmount), { maxLength: 5 });
const anyQuantities = anyEntries.map((list) => quantities(list));
const anyLimits = anyEntries.map((list) => limits(list));

export const quantityLaws: readonly Law[] = [
  law(
    'quantities add up, and what was added can be taken away',
    fc.tuple(anyQuantities, anyQuantities),
    ([a, b]) => {
      const both = addQuantities(a, b);
      assert(equalQuantities(both, addQuantities(b, a)), 'a + b = b + a');
      assert(containsQuantities(both, a) && containsQuantities(both, b), 'a + b contains a and b');
      assert(equalQuantities(quantitiesWithout(both, b), a), 'a + b - b = a');
      const restored = addQuantities(quantitiesWithout(a, b), b);
      assert(
        containsQuantities(a, b) === equalQuantities(restored, a),
        'a - b + b = a if b is in a',
      );
      for (const name of names) {
        const [less, of, by] = [quantitiesWithout(a, b), a, b].map((each) =>
          quantityOf(each, name),
        );
        assert(less === Math.max(0, (of ?? 0) - (by ?? 0)), 'down to 0');
      }
    },
  ),
  law('the quantities of a sum are the sum of the quantities', anyHeaps(2), (heaps) => {
    const lists = heaps.map((heap) => resources(heap.filter(({ shared }) => !shared)));
    const whole = scalarQuantities(sum(lists));
    const parts = lists.map(scalarQuantities).reduce(addQuantities);
    assert(equalQuantities(whole, parts), 'an amount is lost or won');
    for (const name of names) {
      assert(scalarMilli(sum(lists), name) === quantityOf(whole, name), `of ${name}`);
    }
  }),
  law('a part has no greater quantities than the whole', anyHeaps(2), (heaps) => {
    const [part, other] = heaps.map(resources);
    assert(part !== undefined && other !== undefined, 'two');
    const [whole, less] = [add(part, other), part].map(countedQuantities);
    assert(whole !== undefined && less !== undefined && containsQuantities(whole, less), 'a part');
  }),
  law(
    'a shared volume takes its place once, however many use it',
    fc.tuple(anyVolume, fc.integer({ min: 1, max: 4 })),
    (found) => {
      const [volume, count] = found;
      const shared: Resource = { ...volume, shared: true };
      const list = resources(Array.from({ length: count }, () => shared));
      assert(copiesOf(list, shared) === count, 'copies are lost');
      assert(equalQuantities(scalarQuantities(list), scalarQuantities([shared])), 'counted twice');
      assert(scalarMilli(list, 'disk') === scalarMilli([shared], 'disk'), 'counted twice');
    },
  ),
  law(
    'what is within both limits is within the tightest',
    fc.tuple(anyLimits, anyLimits, anyQuantities),
    (found) => {
      const [a, b, used] = found;
      assert(isWithin(tightest(a, b), used) === (isWithin(a, used) && isWithin(b, used)), 'within');
      for (const name of names) {
        const both = Math.min(limitOf(a, name), limitOf(b, name));
        assert(limitOf(tightest(a, b), name) === both, `limit of ${name}`);
      }
    },
  ),
  law(
    'who stays within the room left stays within the limit',
    fc.tuple(anyLimits, anyQuantities, anyQuantities),
    (found) => {
      const [limit, used, more] = found;
      fc.pre(isWithin(limit, used));
      return isWithin(roomLeft(limit, used), more) === isWithin(limit, addQuantities(used, more));
    },
  ),
  law(
    'a chopped list is a part of the list and within its limits',
    fc.tuple(anyHeaps(1), anyLimits),
    (found) => {
      const [[heap = []], limit] = found;
      const list = resources(heap);
      const chopped = chop(list, limit);
      assert(contains(list, chopped), 'something came from nowhere');
      assert(isWithin(limit, scalarQuantities(chopped)), 'a limit is passed');
      if (isWithin(limit, scalarQuantities(list))) assert(equals(chopped, list), 'chopped in vain');
    },
  ),
  law(
    'what is divisible is chopped to just its limit, gpus to whole ones',
    fc.tuple(anyResources, anyLimits),
    ([list, limit]) => {
      const divisible = list.filter((one) => !isIndivisible(one));
      const [before, after] = [divisible, chop(divisible, limit)].map(scalarQuantities);
      assert(before !== undefined && after !== undefined, 'two');
      for (const name of names) {
        const expected = Math.min(quantityOf(before, name), limitOf(limit, name));
        const milli = quantityOf(after, name);
        if (name === 'gpus') assert(milli > expected - 1000, 'a whole gpu more would fit');
        else assert(milli === expected, `${milli} of ${name}, not ${expected}`);
      }
    },
  ),
];
