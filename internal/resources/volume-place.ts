/** Where volumes lie, and what is there without them. */
import { assert } from '#internal/base/assert.ts';
import { isDynamicallyReserved, popReservation, reservationRole } from './reservation.ts';
import type { Resource } from './resource.ts';
import { diskUnder, isVolume } from './volume.ts';

/** What the machine has where operations made this of it: no volume, and its static reservation. */
export function foundUnder(one: Resource): Resource {
  let found = isVolume(one) ? diskUnder(one) : one;
  while (isDynamicallyReserved(found)) found = popReservation(found);
  assert(!isVolume(found), 'a volume is left of what was found');
  return found;
}

/** Where it lies on its agent: the folder of a disk, a role and an id are one volume. */
export const volumeName = (one: Resource): string =>
  JSON.stringify([
    one.disk?.source?.root ?? '',
    reservationRole(one),
    one.disk?.persistence?.id ?? '',
  ]);

/** A volume that is all of a disk. */
export const isWholeDisk = ({ disk }: Resource): boolean => disk?.source?.kind === 'mount';
