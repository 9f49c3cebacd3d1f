/** Laws of reservations (contract 6.3, 6.4): stacks, and the tree of roles. */
import fc from 'fast-check';
import { assert } from '#internal/base/assert.ts';
import { scalarQuantities, equalQuantities } from '#internal/resources/quantities.ts';
import {
  anyRole,
  byReservationRole,
  flattened,
  isAncestor,
  isForRole,
  isRefined,
  isReserved,
  isReservedToSubtree,
  popReservation,
  pushReservation,
  reservationRole,
  reservedTo,
  toUnreserved,
} from '#internal/resources/reservation.ts';
import { sum, unallocated } from '#internal/resources/resources.ts';
import { isNothing } from '#internal/resources/value.ts';
import { anyDynamicReservation, anyResource, anyResources, anyRoleName } from '../any-resources.ts';
import { assertEqual, law, type Law } from './law.ts';

export const reservationLaws: readonly Law[] = [
  law(
    'what was reserved and unreserved again is as it was',
    fc.tuple(anyResource, anyDynamicReservation('below')),
    ([one, reservation]) => {
      fc.pre(!isNothing(one.value));
      const owner = reservationRole(one);
      const role = owner === anyRole ? 'below' : `${owner}/below`;
      const reserved = pushReservation(one, { ...reservation, role });
      assert(reservationRole(reserved) === role, 'the last reservation is the new one');
      assert(isReserved(reserved), 'it is not reserved');
      assert(isRefined(reserved) === isReserved(one), 'it is refined when it was reserved');
      assertEqual([popReservation(reserved)], [one], 'reserved and unreserved');
    },
  ),
  law(
    'a reservation serves its role and the roles below, and is charged to it and those above',
    fc.tuple(anyResource, anyRoleName),
    ([one, role]) => {
      const [owner, asked] = [reservationRole(one).split('/'), role.split('/')];
      const isAbove = owner.every((name, i) => name === asked[i]);
      const isBelow = asked.every((name, i) => name === owner[i]);
      assert(isForRole(one, role) === (!isReserved(one) || isAbove), 'for the role or not');
      assert(isReservedToSubtree(one, role) === (isReserved(one) && isBelow), 'charged or not');
    },
  ),
  law(
    'a role is above another when it is the beginning of its path',
    fc.tuple(anyRoleName, anyRoleName),
    (two) => {
      const [above, below] = [two[0].split('/'), two[1].split('/')];
      const isBeginning =
        above.length < below.length && above.every((name, i) => name === below[i]);
      return isAncestor(...two) === isBeginning;
    },
  ),
  law('everything is reserved to one role or to nobody', anyResources, (list) => {
    const parts = byReservationRole(list);
    assertEqual(sum([...parts.values(), reservedTo(list, anyRole)]), list, 'the sum of the parts');
    for (const [role, part] of parts) assertEqual(part, reservedTo(list, role), `part of ${role}`);
    assert(!parts.has(anyRole), 'reserved to nobody');
  }),
  law('without its reservations a list has the same amounts', anyResources, (list) => {
    const bare = toUnreserved(list);
    assert(!bare.some(isReserved), 'something is reserved');
    const [before, after] = [list, bare].map(scalarQuantities);
    assert(before !== undefined && after !== undefined, 'two');
    fc.pre(!list.some(({ shared }) => shared));
    assert(equalQuantities(before, after), 'an amount has changed');
    assertEqual(flattened(list), unallocated(bare), 'flattened');
  }),
];
