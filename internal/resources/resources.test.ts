import test from 'ava';
import { format } from './format.ts';
import { parseResources } from './parse.ts';
import { isForRole } from './reservation.ts';
import type { Resource, Resources } from './resource.ts';
import { add, allocatedTo, contains, equals, subtract, sum } from './resources.ts';

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

test('three decimal places are exact', (t) => {
  const tenth = parsed('cpus:0.1');
  t.true(equals(sum([tenth, tenth, tenth]), parsed('cpus:0.3')));
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
  const labelled = of(cpu, {
    reservations: [
      {
        kind: 'dynamic',
        role: 'a',
        principal: undefined,
        labels: [
          { key: 'k', value: 'x' },
          { key: 'l', value: undefined },
        ],
      },
    ],
  });
  t.is(format([labelled]), 'cpus(reservations: [(DYNAMIC,a,{k: x, l})]):1');
  t.is(format([]), '{}');
  t.is(
    format([full, ...parsed('cpus:0.1;ports:[31000-32000];racks:{b,a}')]),
    'disk(allocated: a/b)(reservations: [(STATIC,a),(DYNAMIC,a/b,p)])[v:db]:64; cpus:0.1; ' +
      'ports:[31000-32000]; racks:{a, b}',
  );
});

test('what is not there cannot be subtracted', (t) => {
  t.throws(() => subtract(parsed('cpus:1'), parsed('cpus:2')), {
    message: 'cpus:1 does not contain cpus:2',
  });
});
