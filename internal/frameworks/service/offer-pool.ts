/**
 * What of an offer is left while its parts are given to instances. Parts keep their reservations: those
 * that are labelled with an instance are for that one alone.
 */
import type { Random } from '#internal/base/random.ts';
import type { Offer, Resource } from '#proto/gen/mesos/v1.ts';

/** The label of what we reserve: its value is an instance's key. */
export const ownerLabel = 'altiplano.service';

export type Pool = {
  readonly offer: Offer;
  readonly role: string;
  readonly principal: string | undefined;
  /** Scalars without a volume, in thousandths, and how much is left of each. */
  readonly scalars: Part[];
  readonly volumes: readonly Resource[];
  readonly ports: PortPart[];
};

type Part = { readonly resource: Resource; milli: number };
type PortPart = { readonly resource: Resource; ranges: readonly Range[] };
type Range = { readonly begin: number; readonly end: number };

export function newPool(offer: Offer, { role, principal }: Pick<Pool, 'role' | 'principal'>): Pool {
  const usable = (offer.resources ?? []).filter(
    ({ revocable, shared, provider_id }) =>
      revocable === undefined && shared === undefined && provider_id === undefined,
  );
  return {
    offer,
    role,
    principal,
    scalars: usable
      .filter((one) => one.scalar !== undefined && isPlain(one))
      .map((resource) => ({ resource, milli: milliOf(resource.scalar?.value ?? 0) })),
    volumes: usable.filter(({ disk }) => disk?.persistence !== undefined),
    ports: usable
      .filter(({ name, ranges }) => name === 'ports' && ranges !== undefined)
      .map((resource) => ({ resource, ranges: rangesOf(resource) })),
  };
}

const isPlain = ({ disk }: Resource): boolean => disk === undefined;

/** The instance that this is reserved for by us; undefined for anything else. */
export const ownerOf = ({ reservations = [] }: Resource): string | undefined =>
  reservations.at(-1)?.labels?.labels?.find(({ key }) => key === ownerLabel)?.value;

/** An amount of one kind, and what is to be reserved before it is there in this form. */
export type Taken = { readonly parts: readonly Resource[]; readonly reserve: readonly Resource[] };

/**
 * Takes `milli` thousandths for `owner`: first what is its own, then what is reserved for the role, then
 * what is free. `reserving` makes the free part its own. Undefined, and nothing is taken, when there is
 * not enough.
 */
export function takeScalar(
  pool: Pool,
  name: string,
  wanted: { readonly milli: number; readonly owner: string; readonly isReserving: boolean },
): Taken | undefined {
  const parts = ranked(pool, name, wanted.owner);
  if (parts.reduce((sum, { milli }) => sum + milli, 0) < wanted.milli) return undefined;
  let missing = wanted.milli;
  const taken: Resource[] = [];
  const reserve: Resource[] = [];
  for (const part of parts) {
    const milli = Math.min(missing, part.milli);
    if (milli <= 0) continue;
    part.milli -= milli;
    missing -= milli;
    const resource = { ...part.resource, scalar: { value: milli / 1000 } };
    const isFree = (resource.reservations ?? []).length === 0;
    if (!wanted.isReserving || !isFree) taken.push(resource);
    else {
      const own = reservedFor(pool, resource, wanted.owner);
      taken.push(own);
      reserve.push(own);
    }
  }
  return { parts: taken, reserve };
}

/** Disk in one piece for a volume of `owner`, which has to be its own or free. */
export function takeDisk(pool: Pool, milli: number, owner: string): Taken | undefined {
  const part = ranked(pool, 'disk', owner).find(
    ({ resource, milli: left }) =>
      left >= milli && (ownerOf(resource) === owner || (resource.reservations ?? []).length === 0),
  );
  if (part === undefined) return undefined;
  part.milli -= milli;
  const resource = { ...part.resource, scalar: { value: milli / 1000 } };
  if (ownerOf(resource) === owner) return { parts: [resource], reserve: [] };
  const own = reservedFor(pool, resource, owner);
  return { parts: [own], reserve: [own] };
}

/**
 * The port of this number, or any: drawn, because what was used a moment ago may still be taken, and
 * agents of one machine may offer the same. Undefined when it is not offered.
 */
export function takePort(
  pool: Pool,
  number: number | undefined,
  random: Random,
): { readonly number: number; readonly resource: Resource } | undefined {
  for (const part of pool.ports) {
    const range = part.ranges.find(
      ({ begin, end }) => number === undefined || (begin <= number && number <= end),
    );
    if (range === undefined) continue;
    const chosen = number ?? range.begin + random.below(range.end - range.begin + 1);
    part.ranges = part.ranges.flatMap((one) => (one === range ? without(one, chosen) : [one]));
    const port = BigInt(chosen);
    return {
      number: chosen,
      resource: { ...part.resource, ranges: { range: [{ begin: port, end: port }] } },
    };
  }
  return undefined;
}

export const volumeIn = (pool: Pool, id: string): Resource | undefined =>
  pool.volumes.find(({ disk }) => disk?.persistence?.id === id);

export const volumesOwnedBy = (pool: Pool, owner: string): readonly Resource[] =>
  pool.volumes.filter((volume) => ownerOf(volume) === owner);

/** Takes all that is left of what we reserved for `owner` and is no volume. */
export function takeRest(pool: Pool, owner: string): readonly Resource[] {
  return pool.scalars
    .filter(({ resource, milli }) => milli > 0 && ownerOf(resource) === owner)
    .map((part) => {
      const resource = { ...part.resource, scalar: { value: part.milli / 1000 } };
      part.milli = 0;
      return resource;
    });
}

/** Whom we reserved something for that is in the offer. */
export const ownersIn = (pool: Pool): ReadonlySet<string> =>
  new Set(
    [
      ...pool.scalars.filter(({ milli }) => milli > 0).map((part) => part.resource),
      ...pool.volumes,
    ].flatMap((resource) => ownerOf(resource) ?? []),
  );

/** A volume as the disk that it was made of: of the root disk, which has no source. */
export const withoutVolume = ({
  name,
  type,
  scalar,
  allocation_info,
  reservations = [],
}: Resource): Resource => ({
  name,
  type,
  reservations,
  ...(scalar !== undefined && { scalar }),
  ...(allocation_info !== undefined && { allocation_info }),
});

/** What a try took can be given back: a copy to go back to. */
export const poolCopy = (pool: Pool): Pool => ({
  ...pool,
  scalars: pool.scalars.map((part) => ({ ...part })),
  ports: pool.ports.map((part) => ({ ...part })),
});

export const milliOf = (value: number): number => Math.round(value * 1000);

/** Own first, then reserved for the role, then free; of others nothing. */
function ranked(pool: Pool, name: string, owner: string): readonly Part[] {
  const rankOf = ({ resource }: Part): number => {
    const holder = ownerOf(resource);
    if (holder !== undefined) return holder === owner ? 0 : 3;
    return (resource.reservations ?? []).length > 0 ? 1 : 2;
  };
  return pool.scalars
    .filter((part) => part.resource.name === name && rankOf(part) < 3)
    .toSorted((one, other) => rankOf(one) - rankOf(other));
}

function reservedFor({ role, principal }: Pool, resource: Resource, owner: string): Resource {
  const reservation = {
    type: 'DYNAMIC' as const,
    role,
    ...(principal !== undefined && { principal }),
    labels: { labels: [{ key: ownerLabel, value: owner }] },
  };
  return { ...resource, reservations: [...(resource.reservations ?? []), reservation] };
}

const rangesOf = ({ ranges }: Resource): readonly Range[] =>
  (ranges?.range ?? [])
    .map(({ begin, end }) => ({ begin: Number(begin), end: Number(end) }))
    .toSorted((one, other) => one.begin - other.begin);

const without = ({ begin, end }: Range, port: number): readonly Range[] =>
  [
    { begin, end: port - 1 },
    { begin: port + 1, end },
  ].filter((range) => range.begin <= range.end);
