/** What makes one resource of the wire invalid, in the words of contract 5.4; the first that fails. */
import { parseRole } from '#internal/resources/role.ts';
import { isSameLabels } from '#internal/resources/identity.ts';
import { anyRole, isAncestor } from '#internal/resources/reservation.ts';
import type * as wire from '#proto/gen/mesos/v1.ts';

type Check = (one: wire.Resource) => string | undefined;

/** Undefined for a valid resource. */
export function checkResource(one: wire.Resource): string | undefined {
  for (const check of [checkValue, checkDisk, checkReservations, checkShared]) {
    const error = check(one);
    if (error !== undefined) return error;
  }
  return undefined;
}

const checkValue: Check = (one) => {
  if (one.name === '') return 'Empty resource name';
  switch (one.type) {
    case 'SCALAR':
      if (one.scalar === undefined || one.ranges !== undefined || one.set !== undefined) {
        return 'Invalid scalar resource';
      }
      return checkScalar(one.scalar.value);
    case 'RANGES':
      if (one.ranges === undefined || one.scalar !== undefined || one.set !== undefined) {
        return 'Invalid ranges resource';
      }
      return checkRanges(one.ranges.range ?? []);
    case 'SET': {
      if (one.set === undefined || one.scalar !== undefined || one.ranges !== undefined) {
        return 'Invalid set resource';
      }
      const items = one.set.item ?? [];
      const isDistinct = new Set(items).size === items.length;
      return isDistinct ? undefined : 'Invalid set resource: duplicated elements';
    }
    case 'TEXT':
      return 'Unsupported resource type';
    default:
      return 'Invalid resource type';
  }
};

/** Exactly 0 is tolerated, what rounds to it is not. */
function checkScalar(value: number): string | undefined {
  if (value === 0) return undefined;
  const milli = Math.round(value * 1000);
  if (Number.isNaN(milli) || milli <= 0) return 'Invalid scalar resource: value <= 0';
  return Number.isSafeInteger(milli) ? undefined : tooLarge;
}

/** Ours alone: beyond it thousandths are not exact. Of one resource, or of those that merge. */
export const tooLarge = 'Invalid scalar resource: value is too large';

function checkRanges(list: readonly wire.Value_Range[]): string | undefined {
  if (list.some(({ begin, end }) => begin > end)) return 'Invalid ranges resource: begin > end';
  const sorted = list.toSorted((left, right) => (left.begin < right.begin ? -1 : 1));
  for (const [i, { begin }] of sorted.entries()) {
    const previous = sorted[i - 1];
    if (previous !== undefined && begin <= previous.end) {
      return 'Invalid ranges resource: overlapping ranges';
    }
  }
  const last = sorted.at(-1);
  return last !== undefined && last.end > BigInt(Number.MAX_SAFE_INTEGER)
    ? 'Invalid ranges resource: end is too large'
    : undefined;
}

const checkDisk: Check = ({ name, disk }) => {
  if (disk === undefined) return undefined;
  if (name !== 'disk') return `DiskInfo should not be set for ${name} resource`;
  const { source } = disk;
  if (source === undefined) return undefined;
  if (source.type === 'UNKNOWN') return `Unsupported 'DiskInfo.Source.Type' in '${source.type}'`;
  if (source.type === 'BLOCK' || source.type === 'RAW') {
    if (source.mount !== undefined) return `Mount should not be set for ${source.type} disk source`;
    if (source.path !== undefined) return `Path should not be set for ${source.type} disk source`;
  }
  return undefined;
};

const checkReservations: Check = (one) => {
  const stack = one.reservations ?? [];
  return stack.length === 0 ? checkOldForm(one) : (checkStack(stack) ?? checkBothForms(one, stack));
};

const checkOldForm: Check = ({ role = anyRole, reservation }) => {
  const valid = parseRole(role);
  if (!valid.ok) return valid.refusal;
  if (reservation === undefined) return undefined;
  for (const field of ['type', 'role'] as const) {
    if (reservation[field] !== undefined) {
      const path = `'Resource.ReservationInfo.${field}'`;
      return `${path} must not be set for the 'Resource.reservation' field`;
    }
  }
  return role === anyRole
    ? 'Invalid reservation: role "*" cannot be dynamically reserved'
    : undefined;
};

function checkStack(stack: readonly wire.Resource_ReservationInfo[]): string | undefined {
  for (const [i, { type, role }] of stack.entries()) {
    if (type === undefined) {
      return "Invalid reservation: 'Resource.ReservationInfo.type' field must be set.";
    }
    if (role === undefined) {
      return "Invalid reservation: 'Resource.ReservationInfo.role' field must be set.";
    }
    if (type === 'UNKNOWN') return "Unsupported 'Resource.ReservationInfo.Type'";
    const valid = parseRole(role);
    if (!valid.ok) return valid.refusal;
    if (role === anyRole) return 'Invalid reservation: role "*" cannot be reserved';
    const outer = stack[i - 1]?.role;
    if (outer === undefined) continue;
    if (type === 'STATIC') {
      return 'Invalid refined reservation: A refined reservation cannot be STATIC';
    }
    if (!isAncestor(outer, role)) {
      return `Invalid refined reservation: role '${role}' is not a refinement of '${outer}'`;
    }
  }
  return undefined;
}

const wrong = "Invalid resource format: 'Resource";

function checkBothForms(
  { role, reservation }: wire.Resource,
  stack: readonly wire.Resource_ReservationInfo[],
): string | undefined {
  const [only, second] = stack;
  if (second !== undefined) {
    const rule = "must not be set if there is more than one reservation in 'Resource.reservations'";
    if (role !== undefined) return `${wrong}.role' ${rule}`;
    return reservation === undefined ? undefined : `${wrong}.reservation' ${rule}`;
  }
  if (only === undefined) return undefined;
  const of = "in 'Resource.reservations'";
  if (role !== undefined && role !== only.role) {
    return `${wrong}.role' field with '${role}' does not match the role '${only.role}' ${of}`;
  }
  if (only.type === 'STATIC') {
    return reservation === undefined
      ? undefined
      : `${wrong}.reservation' must not be set if the single reservation ${of} is STATIC`;
  }
  if ((role === undefined) !== (reservation === undefined)) {
    return `${wrong}.role' and 'Resource.reservation' must either be both set or both not set if the single reservation ${of} is DYNAMIC`;
  }
  return reservation === undefined ? undefined : checkSameOrigin(reservation, only);
}

function checkSameOrigin(
  old: wire.Resource_ReservationInfo,
  only: wire.Resource_ReservationInfo,
): string | undefined {
  const of = "in 'Resource.reservations'";
  if (old.principal !== only.principal) {
    return `${wrong}.reservation.principal' with '${old.principal ?? ''}' does not match the principal '${only.principal ?? ''}' ${of}`;
  }
  return isSameLabels(old.labels?.labels, only.labels?.labels)
    ? undefined
    : `${wrong}.reservation.labels' does not match the labels ${of}`;
}

const checkShared: Check = ({ name, disk, shared }) => {
  if (shared === undefined) return undefined;
  if (name !== 'disk') return `Resource ${name} cannot be shared`;
  return disk?.persistence === undefined ? 'Only persistent volumes can be shared' : undefined;
};
