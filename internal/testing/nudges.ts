/**
 * Slight changes of a resource, for laws about what is the same thing: at random two resources hardly
 * ever differ in one detail alone. Some of them make another thing, some (contract 6.2) do not. What
 * may pass the edge (contract 5.4) may pass it still.
 */
import fc from 'fast-check';
import type {
  Disk,
  DiskSource,
  Label,
  Reservation,
  Resource,
} from '#internal/resources/resource.ts';

/** All of a resource but its value. */
export type Terms = Omit<Resource, 'value'>;

type Labels = readonly Label[] | undefined;
type Nudge = <T extends Terms>(one: T) => T;

const labelNudges: readonly ((labels: Labels) => Labels)[] = [
  (labels) => labels?.toReversed(),
  (labels) => labels?.slice(1),
  (labels) => (labels === undefined ? [] : undefined),
  (labels) => [...(labels ?? []), { key: 'k', value: 'x' }],
  // As many, but other ones: how often each is there counts.
  (labels) => labels?.map((label, i) => (i === 0 ? (labels[1] ?? label) : label)),
  (labels) => labels?.map(({ key, value }) => ({ key, value: value === '' ? undefined : '' })),
];

/** Of the dynamic ones: who reserved statically is not known. */
function onReservation(change: (one: Reservation) => Reservation): Nudge {
  return (one) => ({
    ...one,
    reservations: one.reservations.map((each) => (each.kind === 'dynamic' ? change(each) : each)),
  });
}

/** Only the first of a stack may be static. */
function otherKind({ kind, role, principal, labels }: Reservation): Reservation {
  return kind === 'dynamic'
    ? { kind: 'static', role, principal: undefined, labels: undefined }
    : { kind: 'dynamic', role, principal, labels };
}

function onDisk(change: (disk: Disk) => Disk): Nudge {
  return (one) => (one.disk === undefined ? one : { ...one, disk: change(one.disk) });
}

function onSource(change: (source: DiskSource) => DiskSource): Nudge {
  return onDisk((disk) => ({ ...disk, source: disk.source && change(disk.source) }));
}

const other = (text: string | undefined): string | undefined =>
  text === undefined ? 'other' : undefined;

/** Nudges that leave the amount alone, and nothing but names and texts to be read. */
const nudges: readonly Nudge[] = [
  (one) => one,
  (one) => ({ ...one, allocationRole: other(one.allocationRole) }),
  (one) => ({ ...one, providerId: other(one.providerId) }),
  (one) => ({ ...one, revocable: !one.revocable }),
  (one) => ({ ...one, shared: one.disk?.persistence !== undefined && !one.shared }),
  (one) => ({ ...one, reservations: one.reservations.slice(0, -1) }),
  onReservation((one) => ({ ...one, principal: other(one.principal) })),
  (one) => ({
    ...one,
    reservations: one.reservations.map((each, i, { length }) =>
      i === length - 1 ? { ...each, role: `${each.role}x` } : each,
    ),
  }),
  (one) => ({
    ...one,
    reservations: one.reservations.map((each, i) => (i === 0 ? otherKind(each) : each)),
  }),
  ...labelNudges.map((nudge) => onReservation((one) => ({ ...one, labels: nudge(one.labels) }))),
  onDisk((disk) => ({ ...disk, volume: undefined })),
  onDisk((disk) => ({
    ...disk,
    persistence: disk.persistence && { ...disk.persistence, id: 'v3' },
  })),
  onDisk((disk) => ({
    ...disk,
    persistence: disk.persistence && { ...disk.persistence, principal: 'other' },
  })),
  ...(['id', 'vendor', 'profile'] as const).map((field) =>
    onSource((source) => ({ ...source, [field]: other(source[field]) })),
  ),
  onSource((source) =>
    source.kind === 'path' || source.kind === 'mount'
      ? { ...source, root: other(source.root) }
      : source,
  ),
  onSource((source) => ({ ...source, kind: source.kind === 'path' ? 'mount' : 'path' })),
  ...labelNudges.map((nudge) =>
    onSource((source) => ({ ...source, metadata: nudge(source.metadata) })),
  ),
];

/** None, one or two changes. */
export const anyNudge: fc.Arbitrary<Nudge> = fc
  .tuple(fc.constantFrom(...nudges), fc.constantFrom(...nudges), fc.boolean())
  .map(
    ([first, second, isTwo]): Nudge =>
      (one) =>
        isTwo ? second(first(one)) : first(one),
  );
