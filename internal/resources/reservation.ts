/**
 * Who may use a resource (contract 6.3, 6.4): its stack of reservations, outermost first. To reserve
 * pushes one, to unreserve pops one; each is for a role strictly below the one before.
 */
import { assert } from '#internal/base/assert.ts';
import { formatResource } from './format.ts';
import type { Reservation, Resource, Resources } from './resource.ts';
import { resources } from './resources.ts';

export const anyRole = '*';

/** The role of the last reservation; `*` for what is unreserved. */
export function reservationRole(resource: Resource): string {
  return resource.reservations.at(-1)?.role ?? anyRole;
}

export const isReserved = (resource: Resource): boolean => resource.reservations.length > 0;

/** Can be unreserved: static reservations are the agent's own and stay. */
export function isDynamicallyReserved(resource: Resource): boolean {
  return resource.reservations.at(-1)?.kind === 'dynamic';
}

/** Has more than one reservation: not expressible in the old wire form. */
export const isRefined = (resource: Resource): boolean => resource.reservations.length > 1;

/** `ancestor` lies strictly above `role` in the tree of roles. */
export function isAncestor(ancestor: string, role: string): boolean {
  return (
    role.length > ancestor.length && role[ancestor.length] === '/' && role.startsWith(ancestor)
  );
}

/** A reservation for `a/b` serves `a/b` and what is below it; the unreserved serves everybody. */
export function isForRole(resource: Resource, role: string): boolean {
  const owner = reservationRole(resource);
  return !isReserved(resource) || owner === role || isAncestor(owner, role);
}

/** Is set aside for `role` or for one below it: what the quota of `role` is charged with. */
export function isReservedToSubtree(resource: Resource, role: string): boolean {
  const owner = reservationRole(resource);
  return isReserved(resource) && (owner === role || isAncestor(role, owner));
}

/** The part whose last reservation is for just this role; `*` for what is unreserved. */
export function reservedTo(list: Resources, role: string): Resources {
  return list.filter((one) => reservationRole(one) === role);
}

/** The reserved part by reservation role. */
export function byReservationRole(list: Resources): ReadonlyMap<string, Resources> {
  return Map.groupBy(list.filter(isReserved), reservationRole);
}

/** As an agent's flags reserve; `*` leaves it to everybody. */
export function staticallyReserved(resource: Resource, role: string): Resource {
  return role === anyRole
    ? resource
    : pushReservation(resource, { kind: 'static', role, principal: undefined, labels: undefined });
}

/** Asks for what contract 5.4 asks of a stack: dynamic above another, and for a role below its. */
export function pushReservation(resource: Resource, reservation: Reservation): Resource {
  const outer = resource.reservations.at(-1);
  const isBelow =
    outer === undefined ||
    (reservation.kind === 'dynamic' && isAncestor(outer.role, reservation.role));
  assert(
    isBelow && reservation.role !== anyRole,
    `${formatResource(resource)} cannot be reserved to ${reservation.role}`,
  );
  return { ...resource, reservations: [...resource.reservations, reservation] };
}

/** Asks for something reserved. */
export function popReservation(resource: Resource): Resource {
  assert(isReserved(resource), `${formatResource(resource)} is not reserved`);
  return { ...resource, reservations: resource.reservations.slice(0, -1) };
}

/** The same things reserved to nobody. */
export function toUnreserved(list: Resources): Resources {
  if (!list.some(isReserved)) return list;
  return resources(list.map((one) => ({ ...one, reservations: [] })));
}

/** What the machine has, whoever it is set aside for or lent to. */
export function flattened(list: Resources): Resources {
  return resources(list.map((one) => ({ ...one, reservations: [], allocationRole: undefined })));
}
