/** Laws of lists (contract 6.2): what merges, what is contained, what is left. */
import fc from 'fast-check';
import { assert } from '#internal/base/assert.ts';
import { isIndivisible, isSameThing } from '#internal/resources/identity.ts';
import type { Resource, Resources } from '#internal/resources/resource.ts';
import {
  add,
  allocatedTo,
  contains,
  equals,
  isEmpty,
  nothing,
  resources,
  subtract,
  sum,
  unallocated,
  without,
} from '#internal/resources/resources.ts';
import { equalValues, isNothing, plus } from '#internal/resources/value.ts';
import { anyHeaps, anyResource, anyVolume } from '../any-resources.ts';
import { anyNudge } from '../nudges.ts';
import { assertEqual, law, type Law } from './law.ts';
import { modelContains, modelEquals, modelOf, modelWithout, thingText } from './resource-model.ts';

const anyList = anyHeaps(1).map(([heap = []]) => resources(heap));
const anyTwo = anyHeaps(2).map(([one = [], two = []]) => [resources(one), resources(two)] as const);
const anyThree = anyHeaps(3).map(([one = [], two = [], three = []]) => [one, two, three] as const);

/** Each is contained in the one before: a part of it is taken away, or not. */
const anyNested = anyThree.map((heaps) => {
  const whole = sum(heaps.map(resources));
  const part = without(whole, resources(heaps[0]));
  return [whole, part, without(part, resources(heaps[1]))] as const;
});

export const listLaws: readonly Law[] = [
  law(
    'a list is canonical: nothing empty, one element for each divisible thing',
    anyThree,
    ([heap]) => {
      const list = resources(heap);
      assert(!list.some(({ value }) => isNothing(value)), 'something is empty');
      const divisible = list.filter((one) => !isIndivisible(one));
      const things = new Set(divisible.map(thingText));
      assert(things.size === divisible.length, 'a thing is there twice');
      assertEqual(resources(list), list, 'merging what is merged');
      assertEqual(resources(heap.toReversed()), list, 'merging backwards');
    },
  ),
  law('adding is what simple-minded bookkeeping says, in any order', anyThree, (heaps) => {
    const [a, b, c] = [resources(heaps[0]), resources(heaps[1]), resources(heaps[2])];
    const expected = modelOf(heaps.flat());
    assert(modelEquals(modelOf(add(add(a, b), c)), expected), 'a sum is not what it should be');
    assert(modelEquals(modelOf(sum([c, a, b])), expected), 'a sum in another order is another');
    assertEqual(add(a, b), add(b, a), 'a + b = b + a');
    assertEqual(add(add(a, b), c), add(a, add(b, c)), '(a + b) + c = a + (b + c)');
    assertEqual(add(a, nothing), a, 'a + nothing = a');
  }),
  law('containing and taking away are what simple-minded bookkeeping says', anyTwo, ([a, b]) => {
    const [left, right] = [modelOf(a), modelOf(b)];
    assert(contains(a, b) === modelContains(left, right), 'contained or not');
    assert(equals(a, b) === modelEquals(left, right), 'equal or not');
    assert(modelEquals(modelOf(without(a, b)), modelWithout(left, right)), 'a without b');
    if (!contains(a, b)) return;
    assert(modelEquals(modelOf(subtract(a, b)), modelWithout(left, right)), 'a - b');
  }),
  law('what was added can be taken away again', anyTwo, ([a, other]) => {
    // Ranges and sets hold a member once: what both have is left out of one of them.
    const b = without(other, a);
    const both = add(a, b);
    assert(contains(both, a) && contains(both, b), 'a + b contains a and b');
    assertEqual(subtract(both, b), a, 'a + b - b = a');
    assertEqual(subtract(both, a), b, 'a + b - a = b');
    assertEqual(without(both, b), a, 'a + b without b = a');
  }),
  law('what was taken away can be added again', anyNested, ([whole, part]) => {
    assertEqual(add(subtract(whole, part), part), whole, 'a - b + b = a');
    assertEqual(subtract(whole, nothing), whole, 'a - nothing = a');
    assert(isEmpty(subtract(whole, whole)), 'a - a = nothing');
  }),
  law('to be contained is an order', anyNested, ([whole, part, less]) => {
    assert(contains(whole, whole) && contains(whole, nothing), 'a contains a and nothing');
    assert(contains(whole, part) && contains(part, less), 'a part is contained');
    assert(contains(whole, less), 'a part of a part is contained');
    assert(!contains(part, whole) || equals(whole, part), 'only equals contain each other');
  }),
  law(
    'taking more than there is leaves nothing, and never more than there was',
    anyTwo,
    ([a, b]) => {
      const rest = without(a, b);
      assert(contains(a, rest), 'something came from nowhere');
      assert(isEmpty(without(a, add(a, b))), 'something is left of all and more');
      assert(contains(add(rest, b), a), 'more was taken than there was to take');
      if (contains(a, b)) assertEqual(rest, subtract(a, b), 'a without b = a - b');
    },
  ),
  law('every list is left as it was given', anyTwo, ([a, b]) => {
    const before = JSON.stringify([a, b]);
    for (const use of [add, without, contains, equals]) use(a, b);
    assert(JSON.stringify([a, b]) === before, 'a list was changed');
  }),
  law('lending marks all, and is forgotten without loss', anyList, (list) => {
    const bare = unallocated(list);
    const lent = allocatedTo('x', bare);
    assert(
      lent.every(({ allocationRole }) => allocationRole === 'x'),
      'something is not lent',
    );
    assertEqual(unallocated(lent), bare, 'lent and given back');
  }),
  law(
    'things are the same when all of the contract agrees, and else are kept apart',
    anyPairs(),
    (two) => {
      const [one, other] = two;
      const isSame = thingText(one) === thingText(other);
      assert(isSameThing(one, other) === isSame, 'the same thing or not');
      assert(isSameThing(other, one) === isSame, 'the other way round');
      const isMerged = isSame && !isIndivisible(one);
      const elements = resources([one, other]).length;
      const some = two.filter(({ value }) => !isNothing(value)).length;
      assert(elements === (isMerged ? Math.min(some, 1) : some), 'merged or kept apart');
      if (!isSame && !isNothing(other.value)) assert(!contains([one], [other]), 'another thing');
    },
  ),
  law('who made a volume and where it is mounted do not count', anyVolume, (volume) => {
    const { disk } = volume;
    const elsewhere = { mode: 'ro', containerPath: 'elsewhere', hostPath: undefined } as const;
    const persistence = disk?.persistence && { ...disk.persistence, principal: 'another' };
    const other = { ...volume, disk: disk && { ...disk, volume: elsewhere, persistence } };
    assert(contains([volume], [other]) && equals([other], [volume]), 'another volume');
  }),
  law(
    'what is indivisible is taken whole or not at all',
    fc.tuple(anyResource, fc.nat(99)),
    ([one, percent]) => {
      const { value } = one;
      fc.pre(value.kind === 'scalar' && value.milli > 1);
      const milli = Math.max(1, Math.floor((value.milli * percent) / 100));
      const part = { ...one, value: { kind: 'scalar', milli } as const };
      const isPart = equalValues(part.value, value) || !isIndivisible(one);
      assert(contains([one], [part]) === isPart, 'a part is contained or not');
      const twice = add([one], [one]);
      assert(twice.length === (isIndivisible(one) ? 2 : 1), 'merged or side by side');
      assert(contains(twice, [one, one]), 'both are there');
      assert(!contains(twice, add(twice, [one])), 'a third one is there');
      if (!isIndivisible(one))
        assert(contains([{ ...one, value: plus(value, value) }], twice), 'sum');
    },
  ),
  law(
    'copies of a shared volume are counted',
    fc.tuple(anyVolume, fc.nat(4), fc.nat(4)),
    (found) => {
      const [volume, have, want] = found;
      const shared: Resource = { ...volume, shared: true };
      const copies = (count: number): Resources =>
        resources(Array.from({ length: count }, () => shared));
      assert(contains(copies(have), copies(want)) === want <= have, `${want} of ${have}`);
      if (want <= have)
        assertEqual(subtract(copies(have), copies(want)), copies(have - want), 'left');
      assertEqual(add(copies(have), copies(want)), copies(have + want), 'counted up');
    },
  ),
];

/** They differ in nothing, in a detail, or altogether. */
function anyPairs(): fc.Arbitrary<readonly [Resource, Resource]> {
  const near = fc
    .tuple(anyResource, anyNudge)
    .map(([one, nudge]): readonly [Resource, Resource] => [one, nudge(one)]);
  return fc.oneof({ weight: 3, arbitrary: near }, fc.tuple(anyResource, anyResource));
}
