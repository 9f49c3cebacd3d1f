import test from 'ava';
import fc from 'fast-check';
import { anyResource, anyResources } from '#internal/testing/any-resources.ts';
import { format } from './format.ts';
import { isIndivisible, isSameThing } from './identity.ts';
import { parseResources } from './parse.ts';
import { isForRole } from './reservation.ts';
import type { Resource, Resources } from './resource.ts';
import {
  add,
  allocatedTo,
  contains,
  equals,
  isEmpty,
  nothing,
  resources,
  scalarMilli,
  subtract,
  sum,
  unallocated,
  without,
} from './resources.ts';
import { isNothing } from './value.ts';

const runs = { numRuns: 2000 };

function parsed(text: string): Resources {
  const result = parseResources(text);
  if (!result.ok) throw new Error(result.refusal);
  return result.value;
}

const [cpu] = parsed('cpus:1');
const [disk] = parsed('disk:64');
function of(like: Resource | undefined, change: Partial<Resource>): Resource {
  if (like === undefined) throw new Error('nothing to be like');
  return { ...like, ...change };
}

/** Ranges and sets cannot hold an item twice: what both sides have would be counted once. */
function isDisjoint(left: Resources, right: Resources): boolean {
  return left.every((one) =>
    right.every(
      (other) =>
        one.value.kind === 'scalar' ||
        !isSameThing(one, other) ||
        equals(without([one], [other]), [one]),
    ),
  );
}

const anyPair = fc.tuple(anyResources, anyResources).filter(([a, b]) => isDisjoint(a, b));

test('what was added can be taken away again', (t) => {
  fc.assert(
    fc.property(anyPair, ([a, b]) => {
      const both = add(a, b);
      t.true(contains(both, a) && contains(both, b));
      t.true(equals(subtract(both, b), a));
      t.true(equals(subtract(both, a), b));
      t.true(equals(without(both, b), a));
    }),
    runs,
  );
});

test('the order of adding does not count', (t) => {
  fc.assert(
    fc.property(anyResources, anyResources, anyResources, (a, b, c) => {
      t.true(equals(add(a, b), add(b, a)));
      t.true(equals(add(add(a, b), c), sum([c, a, b])));
    }),
    runs,
  );
});

test('to be contained is an order', (t) => {
  fc.assert(
    fc.property(anyResources, anyResources, (a, b) => {
      t.true(contains(a, a) && contains(a, nothing));
      if (contains(a, b) && contains(b, a)) t.true(equals(a, b));
      if (contains(a, b)) t.true(equals(add(subtract(a, b), b), a));
    }),
    runs,
  );
});

test('a list is canonical: nothing empty, one element for each divisible thing', (t) => {
  fc.assert(
    fc.property(fc.array(anyResource), (list) => {
      const merged = resources(list);
      t.false(merged.some(({ value }) => isNothing(value)));
      const divisible = merged.filter((one) => !isIndivisible(one));
      for (const [i, one] of divisible.entries()) {
        t.false(divisible.slice(i + 1).some((other) => isSameThing(one, other)));
      }
      t.true(equals(merged, resources(list.toReversed())));
    }),
    runs,
  );
});

test('allocation marks all, and is forgotten without loss', (t) => {
  fc.assert(
    fc.property(anyResources, (a) => {
      const bare = unallocated(a);
      t.true(allocatedTo('x', bare).every(({ allocationRole }) => allocationRole === 'x'));
      t.true(equals(unallocated(allocatedTo('x', bare)), bare));
      for (const name of ['cpus', 'disk']) t.is(scalarMilli(bare, name), scalarMilli(a, name));
    }),
    runs,
  );
});

test('taking more than there is leaves nothing, taking what is elsewhere leaves all', (t) => {
  fc.assert(
    fc.property(anyResources, anyResources, (a, b) => {
      const rest = without(a, b);
      t.true(contains(a, rest));
      if (contains(b, a) && isDisjoint(subtract(b, a), a)) t.true(isEmpty(rest));
    }),
    runs,
  );
});

test('three decimal places are exact', (t) => {
  const tenth = parsed('cpus:0.1');
  t.true(equals(sum([tenth, tenth, tenth]), parsed('cpus:0.3')));
  t.deepEqual(parsed('cpus:0.0004'), []);
});

test('ranges merge when they touch, and split around a hole', (t) => {
  t.deepEqual(parsed('ports:[5-9,1-4]'), parsed('ports:[1-9]'));
  const rest = subtract(parsed('ports:[1-9]'), parsed('ports:[3-4,9-9]'));
  t.deepEqual(rest, parsed('ports:[1-2,5-8]'));
});

test('a whole disk and a volume are taken whole or not at all', (t) => {
  const source = { kind: 'mount', root: '/d', id: undefined, vendor: undefined } as const;
  const rest = { profile: undefined, metadata: undefined };
  const mount = of(disk, {
    disk: { source: { ...source, ...rest }, persistence: undefined, volume: undefined },
  });
  const half = { ...mount, value: { kind: 'scalar', milli: 32_000 } as const };
  t.false(contains([mount], [half]));
  t.is(add([mount], [mount]).length, 2);
  const path = of(mount, {
    disk: { ...mount.disk!, source: { ...source, ...rest, kind: 'path' } },
  });
  t.true(contains([path], [{ ...path, value: half.value }]));
});

test('a volume is the same wherever it is mounted and whoever made it', (t) => {
  const volume = (containerPath: string, principal: string): Resource =>
    of(disk, {
      disk: {
        source: undefined,
        persistence: { id: 'v', principal },
        volume: { mode: 'rw', containerPath, hostPath: undefined },
      },
    });
  t.true(contains([volume('a', 'x')], [volume('b', 'y')]));
});

test('a volume is taken whole, and another of the same name beside it is another', (t) => {
  const persistence = { id: 'v', principal: undefined };
  const volume = of(disk, { disk: { source: undefined, persistence, volume: undefined } });
  const part = { ...volume, value: { kind: 'scalar', milli: 32_000 } as const };
  t.false(contains([volume], [part]));
  t.is(add([volume], [part]).length, 2);
});

test('what is held for one role is not held for another', (t) => {
  const [mine, theirs] = ['a', 'b'].map((role) => allocatedTo(role, parsed('cpus:1')));
  t.false(contains(mine ?? [], theirs ?? []));
  t.is(add(mine ?? [], theirs ?? []).length, 2);
});

test('copies of a shared volume are counted', (t) => {
  const persistence = { id: 'v', principal: undefined };
  const shared = of(disk, {
    shared: true,
    disk: { source: undefined, persistence, volume: undefined },
  });
  const two = add([shared], [shared]);
  t.true(contains(two, [shared, shared]));
  t.false(contains(two, [shared, shared, shared]));
  t.deepEqual(subtract(two, [shared]), [shared]);
});

test('a reservation serves its role and what is below it', (t) => {
  const reserved = of(cpu, {
    reservations: [{ kind: 'static', role: 'a/b', principal: undefined, labels: undefined }],
  });
  const served = ['*', 'a', 'a/b', 'a/b/c', 'a/bc', 'b'].filter((role) =>
    isForRole(reserved, role),
  );
  t.deepEqual(served, ['a/b', 'a/b/c']);
});

test('what people read says name, role, reservations, volume and amount', (t) => {
  const by = { principal: 'p', labels: undefined };
  const full = of(disk, {
    allocationRole: 'a/b',
    reservations: [
      { kind: 'static', role: 'a', principal: undefined, labels: undefined },
      { kind: 'dynamic', role: 'a/b', ...by },
    ],
    disk: {
      source: undefined,
      persistence: { id: 'v', principal: undefined },
      volume: { mode: 'rw', containerPath: 'db', hostPath: undefined },
    },
  });
  t.is(
    format([full, ...parsed('cpus:0.1;ports:[31000-32000];racks:{b,a}')]),
    'disk(allocated: a/b)(reservations: [(STATIC,a),(DYNAMIC,a/b,p)])[v:db]:64; cpus:0.1; ' +
      'ports:[31000-32000]; racks:{a, b}',
  );
});

test('the flag syntax is read, and what is wrong with it is said', (t) => {
  t.deepEqual(parsed('cpus(*):4; mem : 1024'), parsed('cpus:4;mem:1024'));
  t.is(parsed('cpus(db):2')[0]?.reservations[0]?.role, 'db');
  const refusals = {
    cpus: "Cannot read resource 'cpus': expected 'name:value'",
    'cpus:x': "Cannot read resource 'cpus:x': 'x' is not a number, ranges or a set",
    'cpus:-1': "Cannot read resource 'cpus:-1': '-1' is not a number, ranges or a set",
    'cpus(a b):1':
      "Cannot read resource 'cpus(a b):1': Role component 'a b' is invalid because it contains backspace or whitespace",
    'ports:[2-1]': "Cannot read resource 'ports:[2-1]': range 2-1 runs backwards",
    'ports:[1-4,3-5]': "Cannot read resource 'ports:[1-4,3-5]': range 3-5 overlaps another one",
    'cpus:1;cpus:[1-2]': "Resource 'cpus' is given as scalar and otherwise",
  };
  for (const [text, refusal] of Object.entries(refusals)) {
    t.deepEqual(parseResources(text), { ok: false, refusal });
  }
});

test('what is not there cannot be subtracted', (t) => {
  t.throws(() => subtract(parsed('cpus:1'), parsed('cpus:2')), {
    message: 'cpus:1 does not contain cpus:2',
  });
});
