/** Persistent volumes, and the disk that they are made of (contract 6.5). */
import { assert } from '#internal/base/assert.ts';
import { formatResource } from './format.ts';
import { isSameThing } from './identity.ts';
import type { Resource, Resources } from './resource.ts';

/** Data in it outlives tasks, executors and frameworks. */
export function isVolume({ disk }: Resource): boolean {
  return disk?.persistence !== undefined;
}

/** The plain disk under a volume. It keeps its source, if any, and its reservations. */
export function diskUnder(volume: Resource): Resource {
  const source = volume.disk?.source;
  const disk =
    source === undefined ? undefined : { source, persistence: undefined, volume: undefined };
  return { ...volume, disk, shared: false };
}

/** The same disk or volume with as much more, or less. Something must be left. */
export function resized(resource: Resource, byMilli: number): Resource {
  const { value } = resource;
  assert(value.kind === 'scalar', `${formatResource(resource)} has no size`);
  const milli = value.milli + byMilli;
  assert(milli > 0, `nothing would be left of ${formatResource(resource)}`);
  return { ...resource, value: { kind: 'scalar', milli } };
}

/** How many copies of a shared volume the list holds. */
export function copiesOf(list: Resources, volume: Resource): number {
  return list.filter((one) => isSameThing(one, volume)).length;
}

/** The copies of a shared volume are one volume: they take its place on the disk once. */
export function eachOnce(list: Resources): Resources {
  if (!list.some(({ shared }) => shared)) return list;
  return list.filter(
    (one, i) => !one.shared || !list.slice(0, i).some((before) => isSameThing(before, one)),
  );
}
