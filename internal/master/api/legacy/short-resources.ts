/**
 * Resources as the older endpoints write them (contract 13.4): everything of one name added up,
 * whoever it is reserved for; `disk`, `mem`, `gpus` and `cpus` always, then whatever else there is.
 */
import { formatValue } from '#internal/resources/format.ts';
import { isReserved, reservationRole } from '#internal/resources/reservation.ts';
import type { Resource, Resources, Value } from '#internal/resources/resource.ts';
import { plus } from '#internal/resources/value.ts';
import { double, type Json } from './json-text.ts';

/** Written even when there is none of it, in this order. */
const always = ['disk', 'mem', 'gpus', 'cpus'];

/** `{disk: 0.0, mem: 32.0, gpus: 0.0, cpus: 0.1, ports: "[31000-32000]"}`. */
export function shortResources(resources: Resources): Json {
  const result: Record<string, Json> = {};
  for (const key of always) result[key] = double(0);
  for (const [key, value] of valuesByName(resources)) result[key] = shortValue(value);
  return result;
}

/** By role: what is reserved to each and to nobody below it. */
export function shortReserved(resources: Resources): Json {
  const byRole = [...reservedByRole(resources)];
  return Object.fromEntries(byRole.map(([role, parts]) => [role, shortResources(parts)]));
}

export const unreserved = (resources: Resources): Resources =>
  resources.filter((resource) => !isReserved(resource));

export const reservedByRole = (resources: Resources): ReadonlyMap<string, Resources> =>
  Map.groupBy(resources.filter(isReserved), reservationRole);

/** Revocable ones under a name of their own: `cpus_revocable`. */
export function valuesByName(resources: Resources): ReadonlyMap<string, Value> {
  const result = new Map<string, Value>();
  for (const resource of resources) {
    const key = shortName(resource);
    const known = result.get(key);
    result.set(key, known === undefined ? resource.value : plus(known, resource.value));
  }
  return result;
}

export const shortValue = (value: Value): Json =>
  value.kind === 'scalar' ? double(value.milli / 1000) : formatValue(value);

const shortName = ({ name, revocable }: Resource): string =>
  revocable ? `${name}_revocable` : name;
