import test from 'ava';
import fc from 'fast-check';
import { Map as ImmutableMap } from 'immutable';
import { differingIds } from './map-changes.ts';

type Numbers = ImmutableMap<string, object>;

/** By looking at everything. */
function plainly(previous: Numbers, next: Numbers): readonly string[] {
  const ids = new Set([...previous.keys(), ...next.keys()]);
  return [...ids].filter((id) => previous.get(id) !== next.get(id)).toSorted();
}

const found = (previous: Numbers, next: Numbers): readonly string[] =>
  [...differingIds(previous, next)].filter((id) => id !== undefined).toSorted();

/** Pairs whose hashes are the same among them. */
const key = fc.oneof(
  fc.integer({ min: 0, max: 400 }).map((n) => `key ${n}`),
  fc
    .array(fc.constantFrom('Aa', 'BB'), { minLength: 1, maxLength: 4 })
    .map((parts) => parts.join('')),
);

const change = fc.record({ key, isRemoval: fc.boolean() });

const changed = (map: Numbers, changes: readonly { key: string; isRemoval: boolean }[]): Numbers =>
  map.withMutations((open) => {
    for (const { key: id, isRemoval } of changes) {
      if (isRemoval) open.remove(id);
      else open.set(id, {});
    }
  });

test('of two versions of a map the ids are found whose values are not the same, each once', (t) => {
  const sizes = fc.constantFrom(0, 1, 8, 9, 32, 33, 300);
  fc.assert(
    fc.property(sizes, fc.array(change, { maxLength: 40 }), (size, changes) => {
      const keys = Array.from({ length: size }, (_, n) => `key ${n}`);
      const previous: Numbers = ImmutableMap(keys.map((one) => [one, {}]));
      const next = changed(previous, changes);
      t.deepEqual(found(previous, next), plainly(previous, next));
      t.deepEqual(found(next, previous), plainly(previous, next));
      const stranger = changed(ImmutableMap(), changes);
      t.deepEqual(found(previous, stranger), plainly(previous, stranger));
    }),
    { numRuns: 300 },
  );
});

test('what two versions share is not looked at', (t) => {
  const keys = Array.from({ length: 50_000 }, (_, n) => `key ${n}`);
  const previous: Numbers = ImmutableMap(keys.map((one) => [one, {}]));
  const next = previous.set('key 7', {}).remove('key 8').set('new', {});
  const looks = [...differingIds(previous, next)];
  t.deepEqual(looks.filter((id) => id !== undefined).toSorted(), ['key 7', 'key 8', 'new']);
  // A walk of everything rests every so often.
  t.true(looks.length < 10, `${looks.length} looks`);
});
