/** `/roles` (contract 13.2): quantities are plain numbers here, those of ranges how many they hold. */
import { unreachable } from '#internal/base/assert.ts';
import { isReserved } from '#internal/resources/reservation.ts';
import { add } from '#internal/resources/resources.ts';
import type { Resources, Value } from '#internal/resources/resource.ts';
import type { RoleEntry } from '../roles.ts';
import { double, type Json } from './json-text.ts';
import { valuesByName } from './short-resources.ts';

/** Weights and quota cannot be set, so every role has the weight and the quota of one without. */
export function roleJson(role: RoleEntry): Json {
  const { name, frameworkIds, allocated, offered, reserved } = role;
  const unreservedUse = allocated.filter((resource) => !isReserved(resource));
  const consumed = quantities(add(reserved, unreservedUse));
  return {
    name,
    weight: double(1),
    quota: { role: name, guarantee: {}, limit: {}, consumed },
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
