/**
 * An operator's RESERVE with a source (contract 5.6): the same things get other reservations in one
 * step, so that nobody else is offered them in between.
 */
import { accept, refuse, type Result } from '#internal/base/result.ts';
import type { Conversion } from './conversion.ts';
import { format, formatResource } from './format.ts';
import { isSameReservation, isSameStack } from './identity.ts';
import { toUnreserved } from './reservation.ts';
import type { Resource, Resources } from './resource.ts';
import { equals } from './resources.ts';
import { isVolume } from './volume.ts';

/** Reservations that both have stay; others are popped and pushed, which static ones cannot be. */
export function reserveAnew(source: Resources, target: Resources): Result<Conversion, string> {
  const [from, to] = [source[0], target[0]];
  if (from === undefined || to === undefined) return invalid('Resource cannot be empty');
  if (isMixed(source, from) || isMixed(target, to)) {
    return invalid('Mixed reservations are not supported');
  }
  const [before, after] = [toUnreserved(source), toUnreserved(target)];
  if (!equals(before, after)) {
    const both = `${format(before)} vs. ${format(after)}`;
    return invalid(
      `Source and target resources should refer to identical resource quantities: ${both}`,
    );
  }
  const fault = changeFault(source, from, to) ?? changeFault([], to, from);
  if (fault !== undefined) return refuse(fault);
  return accept({ consumed: source, converted: target, destroyed: undefined });
}

const invalid = (text: string): Result<never, string> => refuse(`Invalid source: ${text}`);

const isMixed = (list: Resources, first: Resource): boolean =>
  !list.every((one) => isSameStack(one.reservations, first.reservations));

/** Why what `one` has and `other` has not cannot be taken away, or given. */
function changeFault(list: Resources, one: Resource, other: Resource): string | undefined {
  const changed = one.reservations.filter(
    (reservation, i) => !isSameReservation(reservation, other.reservations[i]),
  );
  if (changed.some(({ kind }) => kind === 'static')) {
    return `Resource ${formatResource(one)} is not dynamically reserved`;
  }
  const volume = changed.length > 0 ? list.find(isVolume) : undefined;
  if (volume === undefined) return undefined;
  return (
    `A dynamically reserved persistent volume ${formatResource(volume)} cannot be unreserved ` +
    'directly. Please destroy the persistent volume first then unreserve the resource'
  );
}
