/** Laws of operations on resources (contract 6.5). */
import fc from 'fast-check';
import { assert } from '#internal/base/assert.ts';
import { format } from '#internal/resources/format.ts';
import { applyOperation, type ResourceOperation } from '#internal/resources/operation.ts';
import { anyRole, reservationRole } from '#internal/resources/reservation.ts';
import type { Disk, Reservation, Resource, Resources } from '#internal/resources/resource.ts';
import { add, contains, equals, resources, without } from '#internal/resources/resources.ts';
import { isNothing } from '#internal/resources/value.ts';
import { anyDynamicReservation, anyHeaps, anyResource, anyVolume } from '../any-resources.ts';
import { assertEqual, law, type Law } from './law.ts';
import { modelEquals, modelOf } from './resource-model.ts';

/** An operation that turns `before` into `after`, and the one that turns it back. */
type OperationCase = {
  readonly forth: ResourceOperation;
  readonly back: ResourceOperation;
  readonly before: Resources;
  readonly after: Resources;
};

const isSomething = ({ value }: Resource): boolean => !isNothing(value);

const anyDisk = anyResource.filter(
  (one) => one.disk?.persistence === undefined && isSomething(one),
);

const below = (one: Resource): string =>
  reservationRole(one) === anyRole ? 'below' : `${reservationRole(one)}/below`;

const reservedTo = (one: Resource, role: string, reservation: Reservation): Resource => ({
  ...one,
  reservations: [...one.reservations, { ...reservation, role }],
});

const anyReserving: fc.Arbitrary<OperationCase> = fc
  .tuple(anyDisk, anyDynamicReservation('below'))
  .map(([one, reservation]) => {
    const after = [reservedTo(one, below(one), reservation)];
    return {
      forth: { kind: 'reserve', resources: after },
      back: { kind: 'unreserve', resources: after },
      before: [one],
      after,
    };
  });

const anyReservingAnew: fc.Arbitrary<OperationCase> = fc
  .tuple(anyDisk, anyDynamicReservation('below'), anyDynamicReservation('below'))
  .map(([one, from, to]) => {
    const before = [reservedTo(one, below(one), from)];
    const after = [reservedTo(one, `${below(one)}/deeper`, to)];
    return {
      forth: { kind: 'reserve-anew', source: before, resources: after },
      back: { kind: 'reserve-anew', source: after, resources: before },
      before,
      after,
    };
  });

/** What contract 6.5 leaves of a volume: its disk and nothing but the source of it. */
function plainDisk(volume: Resource): Resource {
  const source = volume.disk?.source;
  const disk: Disk = { source, persistence: undefined, volume: undefined };
  return { ...volume, shared: false, disk: source && disk };
}

const anyCreating: fc.Arbitrary<OperationCase> = anyVolume.map((volume) => ({
  forth: { kind: 'create', volumes: [volume] },
  back: { kind: 'destroy', volumes: [volume] },
  before: [plainDisk(volume)],
  after: [volume],
}));

/** On the agent's own disk or a part of a path: others are never cut. */
const anyGrowing: fc.Arbitrary<OperationCase> = fc
  .tuple(anyVolume, fc.integer({ min: 1, max: 3000 }))
  .map(([one, milli]) => {
    const source = one.disk?.source?.kind === 'path' ? one.disk.source : undefined;
    const disk = one.disk && { ...one.disk, source };
    const volume: Resource = { ...one, disk, shared: false, providerId: undefined };
    const size = volume.value.kind === 'scalar' ? volume.value.milli : 0;
    const addition: Resource = { ...plainDisk(volume), value: { kind: 'scalar', milli } };
    const grown: Resource = { ...volume, value: { kind: 'scalar', milli: size + milli } };
    return {
      forth: { kind: 'grow-volume', volume, addition },
      back: { kind: 'shrink-volume', volume: grown, subtractMilli: milli },
      before: [volume, addition],
      after: [grown],
    };
  });

const anyCase = fc.oneof(anyReserving, anyReservingAnew, anyCreating, anyGrowing);

/** Forth or back. */
const anyWay = fc
  .tuple(anyCase, fc.boolean())
  .map(([one, isBack]) =>
    isBack ? { forth: one.back, back: one.forth, before: one.after, after: one.before } : one,
  );

/** With other things around, which have no port and no copy in common with it. */
const anySituation = fc.tuple(anyWay, anyHeaps(1)).map(([one, [heap = []]]) => {
  const others = resources(heap.filter(({ shared }) => !shared));
  return { ...one, others: without(without(others, one.before), one.after) };
});

export const operationLaws: readonly Law[] = [
  law(
    'an operation turns what it consumes into what it makes, and leaves the rest',
    anySituation,
    (found) => {
      const { forth, before, after, others } = found;
      assertEqual(applied(add(before, others), forth), add(after, others), `after ${forth.kind}`);
    },
  ),
  law('what was done and undone is as it was', anySituation, ({ forth, back, before, others }) => {
    const list = add(before, others);
    assertEqual(applied(applied(list, forth), back), list, `${forth.kind} and ${back.kind}`);
  }),
  law(
    'an operation changes no amount, only reservations and volumes',
    anyWay,
    ({ forth, before }) => {
      const after = applied(before, forth);
      const [left, right] = [before, after].map((list) => modelOf(list.map(bare)));
      assert(left !== undefined && right !== undefined, 'two');
      assert(modelEquals(left, right), `${format(before)} became ${format(after)}`);
    },
  ),
  law(
    'a volume is made, grown, shrunk and destroyed under the same reservations',
    anyWay,
    (found) => {
      const { forth, before } = found;
      fc.pre(!forth.kind.includes('reserve'));
      const after = applied(before, forth);
      assert(stacksIn(after) === stacksIn(before), 'reserved to others');
    },
  ),
  law('who reserves or unreserves leaves the reservations below alone', anyReserving, (found) => {
    const [one] = applied(found.before, found.forth);
    const [other] = found.before;
    const kept = one?.reservations.slice(0, -1);
    assert(JSON.stringify(kept) === JSON.stringify(other?.reservations), 'reserved anew');
  }),
  law('what is not there is not converted', fc.tuple(anyWay, anyHeaps(1)), (found) => {
    const [{ forth, before }, [heap = []]] = found;
    const list = resources(heap);
    fc.pre(!contains(list, before));
    const result = applyOperation(list, forth);
    assert(!result.ok, `${forth.kind} of what is not there`);
    const text = `${format(list)} does not contain ${format(before)}`;
    assert(result.refusal === text, result.refusal);
  }),
  law(
    'of several resources all are reserved, or none',
    fc.tuple(anyReserving, anyReserving),
    (two) => {
      const [one, other] = two;
      const operation = { kind: 'reserve', resources: [...one.after, ...other.after] } as const;
      const list = resources(one.before);
      assert(!applyOperation(list, operation).ok, 'a part is enough');
      const rest = without(other.before, one.before);
      fc.pre(rest.length === other.before.length);
      const both = add(list, other.before);
      // Sets and ranges that have something in common do not add up: there is less than two of them.
      fc.pre(equals(without(both, one.before), other.before));
      assertEqual(applied(both, operation), add(one.after, other.after), 'both');
    },
  ),
  law(
    'a shared volume is destroyed only with its last copy',
    fc.tuple(anyVolume, fc.nat(3)),
    (found) => {
      const [one, more] = found;
      const volume: Resource = { ...one, shared: true };
      const list = resources(Array.from({ length: 1 + more }, () => volume));
      const result = applyOperation(list, { kind: 'destroy', volumes: [volume] });
      assert(result.ok === (more === 0), `with ${more} copies more`);
      if (result.ok) assertEqual(result.value, [plainDisk(volume)], 'what is left');
    },
  ),
];

function applied(list: Resources, operation: ResourceOperation): Resources {
  const result = applyOperation(list, operation);
  assert(result.ok, `${operation.kind}: ${result.ok ? '' : result.refusal}`);
  return result.value;
}

/** Neither reserved nor a volume: what no operation can change. */
const bare = (one: Resource): Resource => ({ ...plainDisk(one), reservations: [] });

const stacksIn = (list: Resources): string =>
  [...new Set(list.map(({ reservations }) => JSON.stringify(reservations)))].toSorted().join();
