/** `/roles` (contract 13.2): quantities are plain numbers here, those of ranges how many they hold. */
import { unreachable } from '#internal/base/assert.ts';
import { isReserved } from '#internal/resources/reservation.ts';
import { add } from '#internal/resources/resources.ts';
import type { Resources, Value } from '#internal/resources/resource.ts';
import type { RoleEntry } from '../roles.ts';
import { double, type Json } from './json-text.ts';
import { valuesByName } from './short-resources.ts';

export function roleJson(role: RoleEntry): Json {
  const { name, frameworkIds, allocated, offered, reserved, quota } = role;
  const unreservedUse = allocated.filter((resource) => !isReserved(resource));
  const consumed = quantities(add(reserved, unreservedUse));
  return {
    name,
    weight: double(role.weight),
    quota: {
      role: name,
      guarantee: amounts(quota.guarantees.milliOf),
      limit: amounts(quota.limits.milliMaxOf),
      consumed,
    },
    resources: quantities(add(allocated, offered)),
    allocated: quantities(allocated),
    offered: quantities(offered),
    reserved: quantities(reserved),
    frameworks: frameworkIds,
  };
}

function quantities(resources: Resources): Json {
  const values = [...valuesByName(resources)];
  return Object.fromEntries(values.map(([name, value]) => [name, double(quantity(value))]));
}

const amounts = (milliOf: ReadonlyMap<string, number>): Json =>
  Object.fromEntries(
    [...milliOf].toSorted(byName).map(([name, milli]) => [name, double(milli / 1000)]),
  );

const byName = ([one]: [string, number], [other]: [string, number]): number =>
  one < other ? -1 : 1;

function quantity(value: Value): number {
  switch (value.kind) {
    case 'scalar':
      return value.milli / 1000;
    case 'ranges':
      return value.ranges.reduce((sum, { begin, end }) => sum + end - begin + 1, 0);
    case 'set':
      return value.items.length;
    default:
      return unreachable(value);
  }
}
