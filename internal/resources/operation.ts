/**
 * What operations make of resources (contract 4.2, 6.5). Amounts stay: what changes is who they are
 * reserved to and whether there is a volume on them. Refusals are the texts of contract 5.6 without
 * the agent that they are about; who may ask for what is not judged here.
 */
import { unreachable } from '#internal/base/assert.ts';
import { accept, refuse, type Result } from '#internal/base/result.ts';
import { convert, type Conversion } from './conversion.ts';
import { formatResource } from './format.ts';
import { isDynamicallyReserved, popReservation } from './reservation.ts';
import { reserveAnew } from './reserve-anew.ts';
import { growVolume, shrinkVolume } from './resize.ts';
import type { Resource, Resources } from './resource.ts';
import { diskUnder, isVolume } from './volume.ts';

export type ResourceOperation =
  /** `resources` as they shall be; their last reservation is the new one. */
  | { readonly kind: 'reserve'; readonly resources: Resources }
  /** Other reservations on the same things in one step: an operator's RESERVE with a source. */
  | { readonly kind: 'reserve-anew'; readonly source: Resources; readonly resources: Resources }
  | { readonly kind: 'unreserve'; readonly resources: Resources }
  | { readonly kind: 'create'; readonly volumes: Resources }
  | { readonly kind: 'destroy'; readonly volumes: Resources }
  | { readonly kind: 'grow-volume'; readonly volume: Resource; readonly addition: Resource }
  | {
      readonly kind: 'shrink-volume';
      readonly volume: Resource;
      readonly subtractMilli: number;
    };

/** The list after the operation; all of it or nothing is done. */
export function applyOperation(
  list: Resources,
  operation: ResourceOperation,
): Result<Resources, string> {
  const steps = conversionsOf(operation);
  return steps.ok ? convert(list, steps.value) : steps;
}

/** In the order in which they are to be made. Refuses what the operation cannot mean. */
export function conversionsOf(operation: ResourceOperation): Result<readonly Conversion[], string> {
  switch (operation.kind) {
    case 'reserve':
      return ofEach(operation.resources, reserve);
    case 'reserve-anew':
      return single(reserveAnew(operation.source, operation.resources));
    case 'unreserve':
      return ofEach(operation.resources, unreserve);
    case 'create':
      return ofEach(operation.volumes, create);
    case 'destroy':
      return ofEach(operation.volumes, destroy);
    case 'grow-volume':
      return single(growVolume(operation.volume, operation.addition));
    case 'shrink-volume':
      return single(shrinkVolume(operation.volume, operation.subtractMilli));
    default:
      return unreachable(operation);
  }
}

type Step = Result<Conversion, string>;

function reserve(reserved: Resource): Step {
  return isDynamicallyReserved(reserved)
    ? step(popReservation(reserved), reserved)
    : refuse(`Resource ${formatResource(reserved)} is not dynamically reserved`);
}

function unreserve(reserved: Resource): Step {
  const text = formatResource(reserved);
  if (!isDynamicallyReserved(reserved))
    return refuse(`Resource ${text} is not dynamically reserved`);
  return isVolume(reserved)
    ? refuse(
        `A dynamically reserved persistent volume ${text} cannot be unreserved directly. ` +
          'Please destroy the persistent volume first then unreserve the resource',
      )
    : step(reserved, popReservation(reserved));
}

function create(volume: Resource): Step {
  return isVolume(volume) ? step(diskUnder(volume), volume) : refuse(notAVolume(volume));
}

function destroy(volume: Resource): Step {
  return isVolume(volume)
    ? accept({ consumed: [volume], converted: [diskUnder(volume)], destroyed: volume })
    : refuse(notAVolume(volume));
}

function notAVolume(resource: Resource): string {
  const text = formatResource(resource);
  return resource.disk === undefined
    ? `Not a persistent volume: Resource ${text} does not have DiskInfo`
    : "Not a persistent volume: 'persistence' is not set in DiskInfo";
}

const step = (consumed: Resource, converted: Resource): Step =>
  accept({ consumed: [consumed], converted: [converted], destroyed: undefined });

function ofEach(list: Resources, stepOf: (one: Resource) => Step): Result<Conversion[], string> {
  const conversions: Conversion[] = [];
  for (const one of list) {
    const made = stepOf(one);
    if (!made.ok) return made;
    conversions.push(made.value);
  }
  return accept(conversions);
}

const single = (made: Step): Result<Conversion[], string> =>
  made.ok ? accept([made.value]) : made;
