/** Who may use a resource (contract 6.3, 6.4): its stack of reservations, outermost first. */
import type { Resource } from './resource.ts';

export const anyRole = '*';

/** The role of the last reservation; `*` for what is unreserved. */
export function reservationRole(resource: Resource): string {
  return resource.reservations.at(-1)?.role ?? anyRole;
}

export const isReserved = (resource: Resource): boolean => resource.reservations.length > 0;

/** Has more than one reservation: not expressible in the old wire form. */
export const isRefined = (resource: Resource): boolean => resource.reservations.length > 1;

/** `ancestor` lies strictly above `role` in the tree of roles. */
export function isAncestor(ancestor: string, role: string): boolean {
  return role.startsWith(`${ancestor}/`);
}

/** A reservation for `a/b` serves `a/b` and what is below it; the unreserved serves everybody. */
export function isForRole(resource: Resource, role: string): boolean {
  const reservedTo = reservationRole(resource);
  return !isReserved(resource) || reservedTo === role || isAncestor(reservedTo, role);
}
