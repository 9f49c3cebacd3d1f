/** Resources for properties: scalars, ports, sets; reserved, refined, shared, revocable; all disks. */
import fc from 'fast-check';
import type { Disk, Reservation, Resource, Resources } from '#internal/resources/resource.ts';
import { resources } from '#internal/resources/resources.ts';
import { ranges, set } from '#internal/resources/value.ts';

const label = fc.record({
  key: fc.constantFrom('k', 'l'),
  value: fc.option(fc.constantFrom('x', ''), { nil: undefined }),
});
const labels = fc.option(fc.array(label, { maxLength: 2 }), { nil: undefined });
const principal = fc.option(fc.constantFrom('ops', 'dev'), { nil: undefined });

/** Stacks as contract 5.4 allows them: each below the one before, only the first perhaps static. */
const anyReservations: fc.Arbitrary<readonly Reservation[]> = fc
  .tuple(
    fc.constantFrom([], ['a'], ['b'], ['a', 'a/b'], ['a', 'a/b', 'a/b/c']),
    fc.boolean(),
    principal,
    labels,
  )
  .map(([roles, isStatic, by, labelled]) =>
    roles.map((role, i): Reservation =>
      i === 0 && isStatic
        ? { kind: 'static', role, principal: undefined, labels: undefined }
        : { kind: 'dynamic', role, principal: by, labels: labelled },
    ),
  );

const source = fc.record({
  kind: fc.constantFrom('path', 'mount', 'block', 'raw'),
  root: fc.constant(undefined),
  id: fc.option(fc.constantFrom('d1', 'd2'), { nil: undefined }),
  vendor: fc.constant(undefined),
  profile: fc.option(fc.constant('fast'), { nil: undefined }),
  metadata: labels,
});

const anyDisk: fc.Arbitrary<Disk> = fc.record({
  source: fc.option(source, { nil: undefined }),
  persistence: fc.option(
    fc.record({ id: fc.constantFrom('v1', 'v2'), principal: fc.constant(undefined) }),
    { nil: undefined },
  ),
  volume: fc.option(
    fc.record({
      mode: fc.constantFrom('rw', 'ro'),
      containerPath: fc.constantFrom('db', 'log'),
      hostPath: fc.constant(undefined),
    }),
    { nil: undefined },
  ),
});

const span = fc.tuple(fc.nat(60), fc.nat(8)).map(([begin, size]) => ({ begin, end: begin + size }));

const anyAmount = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({
      name: fc.constantFrom('cpus', 'mem', 'gpus'),
      value: fc.nat(5000).map((milli) => ({ kind: 'scalar' as const, milli })),
    }),
  },
  fc.record({
    name: fc.constant('ports'),
    value: fc.array(span, { maxLength: 4 }).map((list) => ranges(list)),
  }),
  fc.record({
    name: fc.constant('racks'),
    value: fc.subarray(['r1', 'r2', 'r3', 'r4']).map((items) => set(items)),
  }),
);

const plain = { disk: undefined, shared: false } as const;

/** An amount of a disk, or a volume on it; only volumes are shared. */
const anyDiskResource = fc
  .tuple(fc.constantFrom(1000, 2000, 64_000), anyDisk, fc.boolean())
  .map(([milli, disk, isShared]) => ({
    name: 'disk',
    value: { kind: 'scalar' as const, milli },
    disk,
    shared: isShared && disk.persistence !== undefined,
  }));

export const anyResource: fc.Arbitrary<Resource> = fc
  .tuple(
    fc.oneof(
      { weight: 2, arbitrary: anyAmount.map((one) => ({ ...one, ...plain })) },
      anyDiskResource,
    ),
    fc.record({
      reservations: anyReservations,
      allocationRole: fc.option(fc.constantFrom('a', 'a/b'), { nil: undefined }),
      providerId: fc.option(fc.constant('p1'), { nil: undefined }),
      revocable: fc.boolean(),
    }),
  )
  .map(([thing, terms]) => ({ ...thing, ...terms }));

export const anyResources: fc.Arbitrary<Resources> = fc
  .array(anyResource, { maxLength: 6 })
  .map((list) => resources(list));
