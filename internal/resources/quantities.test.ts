import test from 'ava';
import { chop, isWithin, limitOf, limits, noLimits } from './limits.ts';
import { parseResources } from './parse.ts';
import {
  countedQuantities,
  equalQuantities,
  formatQuantities,
  noQuantities,
  quantities,
  quantityOf,
  scalarQuantities,
} from './quantities.ts';
import type { Resources } from './resource.ts';

function parsed(text: string): Resources {
  const result = parseResources(text);
  if (!result.ok) throw new Error(result.refusal);
  return result.value;
}

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
