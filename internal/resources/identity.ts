/**
 * When two resources are the same thing, so that amounts of it add up (contract 6.2). This is asked
 * of every pair of two lists, so what was never rebuilt (stacks, disks) is known by its reference.
 */
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
    isSameStack(left.reservations, right.reservations) &&
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

type Stack = readonly Reservation[];

/** Element by element, with principals and labels. */
export function isSameStack(left: Stack, right: Stack): boolean {
  if (left === right) return true;
  return left.length === right.length && left.every((one, i) => isSameReservation(one, right[i]));
}

export function isSameReservation(left: Reservation, right: Reservation | undefined): boolean {
  return (
    right !== undefined &&
    left.kind === right.kind &&
    left.role === right.role &&
    left.principal === right.principal &&
    isSameLabels(left.labels, right.labels)
  );
}

function isSameDisk(left: Disk | undefined, right: Disk | undefined): boolean {
  if (left === right) return true;
  if (left === undefined || right === undefined) return false;
  return left.persistence?.id === right.persistence?.id && isSameSource(left.source, right.source);
}

function isSameSource(left: DiskSource | undefined, right: DiskSource | undefined): boolean {
  if (left === right) return true;
  if (left === undefined || right === undefined) return false;
  return (
    left.kind === right.kind &&
    left.root === right.root &&
    left.id === right.id &&
    left.vendor === right.vendor &&
    left.profile === right.profile &&
    isSameLabels(left.metadata, right.metadata)
  );
}

/** A label of the model or of the wire. */
type LabelLike = { readonly key: string; readonly value?: string | undefined };
type Labels = readonly LabelLike[] | undefined;

/** Labels are a bag: their order does not count. No labels and an empty bag are two things. */
export function isSameLabels(left: Labels, right: Labels): boolean {
  if (left === right) return true;
  if (left === undefined || right === undefined || left.length !== right.length) return false;
  if (left.every((label, i) => isSameLabel(label, right[i]))) return true;
  return left.every((label) => countIn(left, label) === countIn(right, label));
}

function countIn(labels: readonly LabelLike[], label: LabelLike): number {
  return labels.filter((other) => isSameLabel(label, other)).length;
}

const isSameLabel = (left: LabelLike, right: LabelLike | undefined): boolean =>
  right !== undefined && left.key === right.key && left.value === right.value;
