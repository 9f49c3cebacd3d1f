/**
 * A second, simple-minded algebra of resources to compare ours with: what is the same thing has the
 * same text, ranges are sets of numbers, indivisible things are counted. Written from contract 6.1
 * and 6.2 alone; it shares no code with what it judges.
 */
import type { Label, Resource } from '#internal/resources/resource.ts';

export type ResourceModel = {
  /** Thousandths by thing. */
  readonly scalars: ReadonlyMap<string, number>;
  /** The numbers of ranges and the items of sets by thing. */
  readonly members: ReadonlyMap<string, ReadonlySet<number | string>>;
  /** How many there are of an indivisible thing of one size. */
  readonly copies: ReadonlyMap<string, number>;
};

/** A union for ranges and sets, a sum for the rest. */
export function modelOf(list: Iterable<Resource>): ResourceModel {
  const scalars = new Map<string, number>();
  const members = new Map<string, Set<number | string>>();
  const copies = new Map<string, number>();
  for (const one of list) {
    const text = thingText(one);
    if (one.value.kind !== 'scalar') {
      const all = members.get(text) ?? new Set();
      for (const member of membersOf(one)) all.add(member);
      if (all.size > 0) members.set(text, all);
    } else if (one.value.milli > 0) {
      const [sums, key, by] = isWhole(one)
        ? ([copies, `${text} of ${one.value.milli}`, 1] as const)
        : ([scalars, text, one.value.milli] as const);
      sums.set(key, (sums.get(key) ?? 0) + by);
    }
  }
  return { scalars, members, copies };
}

export function modelContains(left: ResourceModel, right: ResourceModel): boolean {
  return (
    hasSums(left.scalars, right.scalars) &&
    hasSums(left.copies, right.copies) &&
    [...right.members].every(([text, some]) => some.isSubsetOf(left.members.get(text) ?? new Set()))
  );
}

/** As much of `right` as is there is taken away. */
export function modelWithout(left: ResourceModel, right: ResourceModel): ResourceModel {
  const members = [...left.members].map(
    ([text, all]) => [text, all.difference(right.members.get(text) ?? new Set())] as const,
  );
  return {
    scalars: lessSums(left.scalars, right.scalars),
    members: new Map(members.filter(([, all]) => all.size > 0)),
    copies: lessSums(left.copies, right.copies),
  };
}

export function modelEquals(left: ResourceModel, right: ResourceModel): boolean {
  return modelContains(left, right) && modelContains(right, left);
}

type Sums = ReadonlyMap<string, number>;

const hasSums = (left: Sums, right: Sums): boolean =>
  [...right].every(([key, sum]) => (left.get(key) ?? 0) >= sum);

function lessSums(left: Sums, right: Sums): Sums {
  const rest = [...left].map(([key, sum]) => [key, sum - (right.get(key) ?? 0)] as const);
  return new Map(rest.filter(([, sum]) => sum > 0));
}

function membersOf({ value }: Resource): readonly (number | string)[] {
  if (value.kind === 'scalar') return [];
  if (value.kind === 'set') return value.items;
  return value.ranges.flatMap(({ begin, end }) =>
    Array.from({ length: end - begin + 1 }, (_, i) => begin + i),
  );
}

function isWhole({ disk, shared }: Resource): boolean {
  const source = disk?.source;
  if (shared || disk?.persistence !== undefined) return true;
  if (source === undefined || source.kind === 'path') return false;
  return source.kind !== 'raw' || source.id !== undefined;
}

/** All that tells one thing from another (contract 6.2), and nothing else. */
export function thingText(one: Resource): string {
  const { disk } = one;
  const source = disk?.source;
  return JSON.stringify([
    [one.name, one.value.kind, one.allocationRole ?? null, one.revocable, one.shared],
    one.providerId ?? null,
    one.reservations.map(({ kind, role, principal, labels }) => [
      kind,
      role,
      principal ?? null,
      labelsText(labels),
    ]),
    disk && [
      disk.persistence?.id ?? null,
      source && [
        [source.kind, source.root ?? null, source.id ?? null],
        [source.vendor ?? null, source.profile ?? null],
        labelsText(source.metadata),
      ],
    ],
  ]);
}

const labelsText = (labels: readonly Label[] | undefined): readonly string[] | null =>
  labels === undefined
    ? null
    : labels.map(({ key, value }) => JSON.stringify([key, value ?? null])).toSorted();
