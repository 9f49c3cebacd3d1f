/**
 * What must hold of resources that are used together, by a task, an executor or a group (contract
 * 5.5). Each rule gives its text without saying whose resources they are.
 */
import { isSameThing } from '#internal/resources/identity.ts';
import { reservationRole } from '#internal/resources/reservation.ts';
import type { Resources, Value } from '#internal/resources/resource.ts';

/** Two volumes of one name in one role would share a folder; a shared one is meant to. */
export function persistenceFault(resources: Resources): string | undefined {
  const seen = new Set<string>();
  for (const resource of resources) {
    const id = resource.disk?.persistence?.id;
    if (id === undefined || resource.shared) continue;
    const key = JSON.stringify([reservationRole(resource), id]);
    if (seen.has(key)) return `Persistence ID '${id}' is not unique`;
    seen.add(key);
  }
  return undefined;
}

/** Of what is nothing, nobody asks for whom it is. */
export function allocationFault(resources: Resources): string | undefined {
  const [first, second] = new Set(resources.map(({ allocationRole }) => allocationRole));
  if (second !== undefined) {
    return (
      'The resources have multiple allocation roles ' +
      `('${first}' and '${second}') but only one allocation role is allowed`
    );
  }
  return first === undefined && resources.length > 0
    ? 'The resources are not allocated to a role'
    : undefined;
}

export function revocableFault(resources: Resources): string | undefined {
  const kept = new Set(resources.filter(({ revocable }) => !revocable).map(({ name }) => name));
  const mixed = resources.find(({ name, revocable }) => revocable && kept.has(name));
  return mixed === undefined
    ? undefined
    : `Cannot use both revocable and non-revocable '${mixed.name}' at the same time`;
}

/** Whether some port, or some item of a set, is in both. */
export function overlap(one: Resources, other: Resources): boolean {
  return one.some((left) =>
    other.some((right) => isSameThing(left, right) && meet(left.value, right.value)),
  );
}

function meet(left: Value, right: Value): boolean {
  if (left.kind === 'ranges' && right.kind === 'ranges') {
    return left.ranges.some(({ begin, end }) =>
      right.ranges.some((range) => begin <= range.end && range.begin <= end),
    );
  }
  if (left.kind === 'set' && right.kind === 'set') {
    return left.items.some((item) => right.items.includes(item));
  }
  return false;
}
