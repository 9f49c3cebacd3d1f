/**
 * Resources for properties: scalars, ranges, sets; reserved, refined, lent, revocable, of a provider;
 * disks of every kind with and without volumes, shared ones too. What is generated is what may pass
 * the edge (contract 5.4). Lists of few things meet in the same thing again and again, since the laws
 * are about what merges.
 */
import fc from 'fast-check';
import type {
  Disk,
  DiskSource,
  Label,
  Range,
  Reservation,
  Resource,
  Resources,
  Value,
} from '#internal/resources/resource.ts';
import { resources } from '#internal/resources/resources.ts';
import { ranges, set } from '#internal/resources/value.ts';
import { anyNudge } from './nudges.ts';

const maybe = <T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> =>
  fc.option(arbitrary, { nil: undefined });

const label: fc.Arbitrary<Label> = fc.record({
  key: fc.constantFrom('k', 'l'),
  value: maybe(fc.constantFrom('x', '')),
});
const labels = maybe(fc.array(label, { maxLength: 3 }));
const principal = maybe(fc.constantFrom('ops', 'dev'));

export const anyRoleName: fc.Arbitrary<string> = fc
  .array(fc.constantFrom('a', 'b', 'ab'), { minLength: 1, maxLength: 3 })
  .map((path) => path.join('/'));

export const anyDynamicReservation = (role: string): fc.Arbitrary<Reservation> =>
  fc.record({ kind: fc.constant('dynamic' as const), role: fc.constant(role), principal, labels });

const stacks = [['a'], ['b'], ['a/b'], ['a', 'a/b'], ['a', 'a/b', 'a/b/c'], ['b', 'b/b/b']];

/** Stacks as contract 5.4 allows them: each below the one before, only the first perhaps static. */
export const anyStack: fc.Arbitrary<readonly Reservation[]> = fc
  .tuple(fc.constantFrom([], ...stacks), fc.boolean())
  .chain(([roles, isStatic]) =>
    fc.tuple(
      ...roles.map((role, i) =>
        i === 0 && isStatic
          ? fc.constant({ kind: 'static', role, principal: undefined, labels: undefined } as const)
          : anyDynamicReservation(role),
      ),
    ),
  );

/** Block and raw disks have no root. */
const anySource: fc.Arbitrary<DiskSource> = fc
  .record({
    kind: fc.constantFrom('path', 'mount', 'block', 'raw'),
    root: maybe(fc.constantFrom('/d1', '/d2')),
    id: maybe(fc.constantFrom('i1', 'i2')),
    vendor: maybe(fc.constant('acme')),
    profile: maybe(fc.constantFrom('fast', 'slow')),
    metadata: labels,
  })
  .map((source) => ({
    ...source,
    root: source.kind === 'path' || source.kind === 'mount' ? source.root : undefined,
  }));

const anyMount = fc.record({
  mode: fc.constantFrom('rw', 'ro'),
  containerPath: fc.constantFrom('db', 'log'),
  hostPath: maybe(fc.constant('/host')),
});

const anyDisk: fc.Arbitrary<Disk> = fc.record({
  source: maybe(anySource),
  persistence: maybe(fc.record({ id: fc.constantFrom('v1', 'v2'), principal })),
  volume: maybe(anyMount),
});

/** Adjacent, overlapping and apart; from 0 up to the largest number that is exact. */
export const anySpans: fc.Arbitrary<readonly Range[]> = fc
  .tuple(
    fc.constantFrom(0, 31_000, Number.MAX_SAFE_INTEGER - 70),
    fc.array(fc.tuple(fc.nat(60), fc.nat(8)), { maxLength: 5 }),
  )
  .map(([base, list]) => list.map(([at, size]) => ({ begin: base + at, end: base + at + size })));

/** Few different ones, so that some are equal; and some so large that their sums are hardly exact. */
const anyMilli = fc.oneof(
  { weight: 4, arbitrary: fc.nat(5000) },
  { weight: 2, arbitrary: fc.constantFrom(0, 1, 1000, 64_000) },
  fc.constantFrom(2 ** 47, 2 ** 47 - 1),
);

const anyValue: Readonly<Record<Value['kind'], fc.Arbitrary<Value>>> = {
  scalar: anyMilli.map((milli) => ({ kind: 'scalar', milli })),
  ranges: anySpans.map((list) => ranges(list)),
  set: fc.subarray(['r1', 'r2', 'r3', 'r4']).map((items) => set(items)),
};

/** What there is an amount of: all of a resource but its value. */
type Thing = Omit<Resource, 'value'> & { readonly kind: Value['kind'] };

const anyName = fc.constantFrom(
  ...(['cpus', 'mem', 'gpus', 'bogomips'] as const).map((name) => ({
    name,
    kind: 'scalar' as const,
  })),
  ...(['ports', 'ids'] as const).map((name) => ({ name, kind: 'ranges' as const })),
  ...(['racks', 'ports'] as const).map((name) => ({ name, kind: 'set' as const })),
);

const anyTerms = fc.record({
  reservations: anyStack,
  allocationRole: maybe(fc.constantFrom('a', 'a/b')),
  providerId: maybe(fc.constantFrom('p1', 'p2')),
  revocable: fc.boolean(),
});

/** Only volumes are shared. */
const anyThing: fc.Arbitrary<Thing> = fc
  .tuple(
    anyTerms,
    fc.oneof(
      anyName.map((name) => ({ ...name, disk: undefined, shared: false })),
      fc.tuple(maybe(anyDisk), fc.boolean()).map(([disk, isShared]) => ({
        name: 'disk',
        kind: 'scalar' as const,
        disk,
        shared: isShared && disk?.persistence !== undefined,
      })),
    ),
  )
  .map(([terms, thing]) => ({ ...terms, ...thing }));

function anyAmountOf({ kind, ...thing }: Thing): fc.Arbitrary<Resource> {
  return anyValue[kind].map((value) => ({ ...thing, value }));
}

/** What does not count for equality is another one each time. */
function anyUseOf(thing: Thing): fc.Arbitrary<Resource> {
  const { disk } = thing;
  if (disk === undefined) return anyAmountOf(thing);
  const { persistence } = disk;
  return fc.tuple(anyAmountOf(thing), maybe(anyMount), principal).map(([one, volume, by]) => ({
    ...one,
    disk: { ...disk, volume, persistence: persistence && { ...persistence, principal: by } },
  }));
}

export const anyResource: fc.Arbitrary<Resource> = anyThing.chain(anyAmountOf);

export const anyResources: fc.Arbitrary<Resources> = fc
  .array(anyResource, { maxLength: 6 })
  .map((list) => resources(list));

/** A thing, and one that is all but the same. */
const anyTwins = fc.tuple(anyThing, anyNudge).map(([thing, nudge]) => [thing, nudge(thing)]);

/** Unmerged lists of the same few things: what is in one may well be in another. */
export const anyHeaps = (count: number): fc.Arbitrary<readonly (readonly Resource[])[]> =>
  fc.array(anyTwins, { minLength: 1, maxLength: 2 }).chain((things) => {
    const use = fc.oneof(...things.flat().map(anyUseOf));
    const heap = fc.array(use, { maxLength: 5 });
    return fc.array(heap, { minLength: count, maxLength: count });
  });

/** A volume on a disk that has one, or on a part of the agent's own; reserved, as volumes are. */
export const anyVolume: fc.Arbitrary<Resource> = fc
  .tuple(
    anyTerms,
    fc.constantFrom(...stacks),
    fc.record({
      source: maybe(anySource),
      persistence: fc.record({ id: fc.constantFrom('v1', 'v2'), principal }),
      volume: anyMount,
    }),
    fc.tuple(fc.integer({ min: 1, max: 5000 }), fc.boolean()),
  )
  .chain(([terms, roles, disk, [milli, shared]]) =>
    fc.tuple(...roles.map(anyDynamicReservation)).map((reservations) => ({
      ...terms,
      name: 'disk',
      value: { kind: 'scalar' as const, milli },
      reservations,
      disk,
      shared,
    })),
  );
