/** Lists that say the same share their memory: the tasks of one scheduler mostly want the same. */
import type { Resource, Resources } from './resource.ts';

/** `known` where it says the very same as `list`, in the same order, and `list` otherwise. */
export function alike(known: Resources | undefined, list: Resources): Resources {
  if (known?.length !== list.length) return list;
  return known.every((one, at) => isPlainTwin(one, list[at])) ? known : list;
}

/** Only of plain amounts: what is reserved or a volume is rare, and longer to compare. */
function isPlainTwin(one: Resource, other: Resource | undefined): boolean {
  if (other === undefined || one.value.kind !== 'scalar' || other.value.kind !== 'scalar') {
    return false;
  }
  return (
    one.name === other.name &&
    one.value.milli === other.value.milli &&
    one.allocationRole === other.allocationRole &&
    one.revocable === other.revocable &&
    one.shared === other.shared &&
    isPlain(one) &&
    isPlain(other)
  );
}

const isPlain = ({ reservations, disk, providerId }: Resource): boolean =>
  reservations.length === 0 && disk === undefined && providerId === undefined;
