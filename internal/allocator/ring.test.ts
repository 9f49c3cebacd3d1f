/** A ring, against a plain array. */
import test from 'ava';
import fc from 'fast-check';
import { insertAt, itemAt, itemsOf, newRing, removeAt, sortRing } from './ring.ts';

const change = fc.record({
  kind: fc.constantFrom('insert', 'insert', 'remove', 'sort'),
  place: fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
  item: fc.nat(100),
});

test('a ring holds what an array holds after the same changes', (t) => {
  const law = fc.property(fc.array(change, { maxLength: 200 }), (changes) => {
    const ring = newRing<number>();
    const list: number[] = [];
    for (const { kind, place, item } of changes) {
      if (kind === 'insert') {
        const at = Math.floor(place * (list.length + 1));
        insertAt(ring, at, item);
        list.splice(at, 0, item);
      } else if (kind === 'sort') {
        sortRing(ring, (left, right) => left - right);
        list.sort((left, right) => left - right);
      } else if (list.length > 0) {
        const at = Math.floor(place * list.length);
        removeAt(ring, at);
        list.splice(at, 1);
      }
      t.deepEqual(itemsOf(ring), list);
      t.is(itemAt(ring, list.length), undefined);
      t.is(ring.slots.filter((slot) => slot !== undefined).length, list.length);
    }
  });
  fc.assert(law, { numRuns: 300 });
});
