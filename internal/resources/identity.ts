/** When two resources are the same thing, so that amounts of it add up (contract 6.2). */
import type { Disk, DiskSource, Reservation, Resource } from './resource.ts';

/** All but the value agrees. `disk.volume` and the principal of a volume do not count. */
export function isSameThing(left: Resource, right: Resource): boolean {
  return (
    left.name === right.name &&
    left.value.kind === right.value.kind &&
    left.allocationRole === right.allocationRole &&
    left.revocable === right.revocable &&
    left.shared === right.shared &&
    left.providerId === right.providerId &&
    left.reservations.length === right.reservations.length &&
    left.reservations.every((one, i) => isSameReservation(one, right.reservations[i])) &&
    isSameDisk(left.disk, right.disk)
  );
}

/**
 * Is never merged, and taken away as a whole or not at all: volumes, whole disks. Copies of a shared
 * volume stand side by side in a list, which counts them.
 */
export function isIndivisible({ disk, shared }: Resource): boolean {
  if (shared) return true;
  if (disk === undefined) return false;
  if (disk.persistence !== undefined) return true;
  const { source } = disk;
  if (source === undefined) return false;
  return (
    source.kind === 'mount' ||
    source.kind === 'block' ||
    (source.kind === 'raw' && source.id !== undefined)
  );
}

function isSameReservation(left: Reservation, right: Reservation | undefined): boolean {
  return (
    right !== undefined &&
    left.kind === right.kind &&
    left.role === right.role &&
    left.principal === right.principal &&
    isSameLabels(left.labels, right.labels)
  );
}

function isSameDisk(left: Disk | undefined, right: Disk | undefined): boolean {
  if (left === undefined || right === undefined) return left === right;
  return left.persistence?.id === right.persistence?.id && isSameSource(left.source, right.source);
}

function isSameSource(left: DiskSource | undefined, right: DiskSource | undefined): boolean {
  if (left === undefined || right === undefined) return left === right;
  return (
    left.kind === right.kind &&
    left.root === right.root &&
    left.id === right.id &&
    left.vendor === right.vendor &&
    left.profile === right.profile &&
    isSameLabels(left.metadata, right.metadata)
  );
}

/** Labels are a bag: their order does not count. */
export function isSameLabels(
  left: readonly LabelLike[] | undefined,
  right: readonly LabelLike[] | undefined,
): boolean {
  if (left === undefined || right === undefined) return left === right;
  const others = sortedTexts(right);
  return left.length === right.length && sortedTexts(left).every((label, i) => label === others[i]);
}

/** A label of the model or of the wire. */
type LabelLike = { readonly key: string; readonly value?: string | undefined };

const sortedTexts = (labels: readonly LabelLike[]): readonly string[] =>
  labels.map(({ key, value }) => JSON.stringify([key, value ?? null])).toSorted();
