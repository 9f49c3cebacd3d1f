import test from 'ava';
import fc from 'fast-check';
import type { Resource, Resource_ReservationInfo } from '#proto/gen/mesos/v1.ts';
import { decode, encode } from './protobuf.ts';
import { resourcesFromWire, resourcesToWire } from './resources.ts';

const cpus = (value: number): Resource => ({ name: 'cpus', type: 'SCALAR', scalar: { value } });
const one = cpus(1);
const ports = (...range: [bigint, bigint][]): Resource => ({
  name: 'ports',
  type: 'RANGES',
  ranges: { range: range.map(([begin, end]) => ({ begin, end })) },
});
const dynamic = (role: string): Resource_ReservationInfo => ({ type: 'DYNAMIC', role });

test('the endpoint form fills in the old fields where there is one reservation or none', (t) => {
  const roles = (resource: Resource): readonly unknown[] => {
    const read = resourcesFromWire([resource]);
    return resourcesToWire(read.ok ? read.value : [], 'endpoint').map(
      ({ role, reservation, reservations }) => [role, reservation, reservations],
    );
  };
  t.deepEqual(roles(one), [['*', undefined, undefined]]);
  t.deepEqual(roles({ ...one, role: 'a' }), [['a', undefined, [{ type: 'STATIC', role: 'a' }]]]);
  const principal = 'p';
  t.deepEqual(roles({ ...one, role: 'a', reservation: { principal } }), [
    ['a', { principal }, [{ type: 'DYNAMIC', role: 'a', principal }]],
  ]);
  const stack = [dynamic('a'), dynamic('a/b')];
  t.deepEqual(roles({ ...one, reservations: stack }), [[undefined, undefined, stack]]);
});

test('scalars are exact to three decimals through bytes', (t) => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 1e12 }), (milli) => {
      const bytes = encode('mesos.v1.Resource', cpus(milli / 1000));
      const read = resourcesFromWire([decode('mesos.v1.Resource', bytes)]);
      t.deepEqual(read.ok && read.value.map(({ value }) => value), [{ kind: 'scalar', milli }]);
    }),
  );
});

/** Each with what follows `Resource '…' is invalid: ` (contract 5.4), or with all of it. */
const invalid: readonly (readonly [Resource, string])[] = [
  [
    { ...cpus(-1), allocation_info: { role: 'test' } },
    "'cpus(allocated: test):-1' is invalid: Invalid scalar resource: value <= 0",
  ],
  [cpus(0.0001), "'cpus:0' is invalid: Invalid scalar resource: value <= 0"],
  [cpus(Number.NaN), 'Invalid scalar resource: value <= 0'],
  [cpus(Infinity), 'Invalid scalar resource: value is too large'],
  [{ ...one, name: '' }, 'Empty resource name'],
  [{ name: 'cpus', type: 'RANGES' }, "'cpus:[]' is invalid: Invalid ranges resource"],
  [{ ...one, set: { item: [] } }, 'Invalid scalar resource'],
  [{ name: 'x', type: 'TEXT' }, 'Unsupported resource type'],
  [
    { name: 'x', type: 'SET', set: { item: ['a', 'a'] } },
    'Invalid set resource: duplicated elements',
  ],
  [ports([2n, 1n]), 'Invalid ranges resource: begin > end'],
  [ports([5n, 9n], [1n, 5n]), 'Invalid ranges resource: overlapping ranges'],
  [ports([1n, 2n ** 60n]), 'Invalid ranges resource: end is too large'],
  [{ ...one, disk: {} }, 'DiskInfo should not be set for cpus resource'],
  [
    { ...one, name: 'disk', disk: { source: { type: 'RAW', mount: {} } } },
    'Mount should not be set for RAW disk source',
  ],
  [
    { ...one, role: 'a b' },
    "Role component 'a b' is invalid because it contains backspace or whitespace",
  ],
  [{ ...one, role: '/a' }, "Role '/a' cannot start with a slash"],
  [{ ...one, reservation: {} }, 'Invalid reservation: role "*" cannot be dynamically reserved'],
  [
    { ...one, role: 'a', reservation: { role: 'a' } },
    "'Resource.ReservationInfo.role' must not be set for the 'Resource.reservation' field",
  ],
  [
    { ...one, reservations: [{ role: 'a' }] },
    "Invalid reservation: 'Resource.ReservationInfo.type' field must be set.",
  ],
  [{ ...one, reservations: [dynamic('*')] }, 'Invalid reservation: role "*" cannot be reserved'],
  [
    { ...one, reservations: [dynamic('a'), dynamic('d')] },
    "Invalid refined reservation: role 'd' is not a refinement of 'a'",
  ],
  [
    { ...one, reservations: [dynamic('a'), { type: 'STATIC', role: 'a/b' }] },
    'Invalid refined reservation: A refined reservation cannot be STATIC',
  ],
  [
    { ...one, role: 'a', reservations: [dynamic('b')] },
    "Invalid resource format: 'Resource.role' field with 'a' does not match the role 'b' in 'Resource.reservations'",
  ],
  [
    { ...one, role: 'a', reservations: [dynamic('a')] },
    "Invalid resource format: 'Resource.role' and 'Resource.reservation' must either be both set or both not set if the single reservation in 'Resource.reservations' is DYNAMIC",
  ],
  [
    { ...one, role: 'a', reservations: [dynamic('a'), dynamic('a/b')] },
    "Invalid resource format: 'Resource.role' must not be set if there is more than one reservation in 'Resource.reservations'",
  ],
  [{ ...one, shared: {} }, 'Resource cpus cannot be shared'],
  [{ ...one, name: 'disk', shared: {} }, 'Only persistent volumes can be shared'],
];

test('an invalid resource is refused in the words of the contract', (t) => {
  for (const [resource, text] of invalid) {
    const read = resourcesFromWire([one, resource]);
    t.false(read.ok, text);
    t.true(!read.ok && read.refusal.startsWith('Resource ') && read.refusal.endsWith(text), text);
  }
});

test('amounts that merge into too much are refused', (t) => {
  const read = resourcesFromWire([cpus(8e12), cpus(8e12)]);
  t.true(
    !read.ok && read.refusal.endsWith(' is invalid: Invalid scalar resource: value is too large'),
  );
  t.true(resourcesFromWire([cpus(8e12), { ...cpus(8e12), role: 'a' }]).ok);
});

test('exactly 0 is tolerated and counts for nothing', (t) => {
  t.deepEqual(resourcesFromWire([cpus(0)]), { ok: true, value: [] });
});
