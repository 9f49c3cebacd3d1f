import test from 'ava';
import fc from 'fast-check';
import { anyResources } from '#internal/testing/any-resources.ts';
import { chop, isWithin, limitOf, limits, noLimits, roomLeft, tightest } from './limits.ts';
import { parseResources } from './parse.ts';
import {
  addQuantities,
  containsQuantities,
  countedQuantities,
  equalQuantities,
  formatQuantities,
  noQuantities,
  quantities,
  quantitiesWithout,
  quantityOf,
  scalarQuantities,
} from './quantities.ts';
import type { Resources } from './resource.ts';
import { contains, equals } from './resources.ts';

const runs = { numRuns: 1000 };

const name = fc.constantFrom('cpus', 'mem', 'disk', 'gpus');
const entries = fc.array(fc.tuple(name, fc.nat(8000)), { maxLength: 5 });
const anyQuantities = entries.map((list) => quantities(list));
const anyLimits = entries.map((list) => limits(list));

function parsed(text: string): Resources {
  const result = parseResources(text);
  if (!result.ok) throw new Error(result.refusal);
  return result.value;
}

test('quantities add up in any order, and what was added can be taken away', (t) => {
  fc.assert(
    fc.property(anyQuantities, anyQuantities, (a, b) => {
      const both = addQuantities(a, b);
      t.true(equalQuantities(both, addQuantities(b, a)));
      t.true(containsQuantities(both, a) && containsQuantities(both, b));
      t.true(equalQuantities(quantitiesWithout(both, b), a));
      t.true(containsQuantities(a, quantitiesWithout(a, b)));
      t.is(containsQuantities(a, b), equalQuantities(addQuantities(quantitiesWithout(a, b), b), a));
    }),
    runs,
  );
});

test('an absent quantity is 0, an absent limit is none', (t) => {
  const nothing = quantities([['cpus', 0]]);
  t.true(equalQuantities(nothing, noQuantities));
  t.is(quantityOf(nothing, 'cpus'), 0);
  t.is(limitOf(noLimits, 'cpus'), Infinity);
  const none = limits([['cpus', 0]]);
  t.is(limitOf(none, 'cpus'), 0);
  t.false(isWithin(none, quantities([['cpus', 1]])));
  t.true(isWithin(none, quantities([['mem', 1]])));
});

test('what is within both limits is within the tightest', (t) => {
  fc.assert(
    fc.property(anyLimits, anyLimits, anyQuantities, (a, b, used) => {
      t.is(isWithin(tightest(a, b), used), isWithin(a, used) && isWithin(b, used));
    }),
    runs,
  );
});

test('who stays within the room left stays within the limit', (t) => {
  fc.assert(
    fc.property(anyLimits, anyQuantities, anyQuantities, (limit, used, more) => {
      fc.pre(isWithin(limit, used));
      t.is(isWithin(roomLeft(limit, used), more), isWithin(limit, addQuantities(used, more)));
    }),
    runs,
  );
});

test('a chopped list is a part of the list and within the limits, and as much as fits', (t) => {
  fc.assert(
    fc.property(anyResources, anyLimits, (list, limit) => {
      const chopped = chop(list, limit);
      t.true(contains(list, chopped));
      t.true(isWithin(limit, scalarQuantities(chopped)));
      if (isWithin(limit, scalarQuantities(list))) t.true(equals(chopped, list));
    }),
    runs,
  );
});

test('a scalar is cut to its limit, a gpu and a whole disk are not cut', (t) => {
  t.deepEqual(chop(parsed('cpus:4;mem:9'), limits([['cpus', 1500]])), parsed('cpus:1.5;mem:9'));
  t.deepEqual(chop(parsed('gpus:4'), limits([['gpus', 2700]])), parsed('gpus:2'));
  const halves = parsed('cpus(a):1;cpus:1');
  t.deepEqual(chop(halves, limits([['cpus', 1200]])), parsed('cpus(a):1;cpus:0.2'));
});

test('a port and an item count for 1 each, and for nothing among the scalars', (t) => {
  const list = parsed('cpus:1;cpus(a):0.5;ports:[1-3,7-7];racks:{a,b}');
  t.is(formatQuantities(countedQuantities(list)), 'cpus:1.5; ports:4; racks:2');
  t.is(formatQuantities(scalarQuantities(list)), 'cpus:1.5');
  t.is(formatQuantities(noQuantities), '{}');
});
