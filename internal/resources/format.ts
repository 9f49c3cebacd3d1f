/** The text form of resources in messages to people (contract 5.4). */
import { unreachable } from '#internal/base/assert.ts';
import type {
  Disk,
  DiskSource,
  Label,
  Reservation,
  Resource,
  Resources,
  Value,
} from './resource.ts';

/** `cpus(allocated: a):0.5; ports:[31000-32000]`; `{}` for nothing. */
export function format(list: Resources): string {
  return list.length === 0 ? '{}' : list.map(formatResource).join('; ');
}

export function formatResource(resource: Resource): string {
  const { name, allocationRole, reservations, disk, revocable, shared, value } = resource;
  const parts = [name];
  if (allocationRole !== undefined) parts.push(`(allocated: ${allocationRole})`);
  if (reservations.length > 0) {
    parts.push(`(reservations: [${reservations.map(formatReservation).join(',')}])`);
  }
  if (disk !== undefined) parts.push(`[${formatDisk(disk)}]`);
  if (revocable) parts.push('{REV}');
  if (shared) parts.push('<SHARED>');
  return `${parts.join('')}:${formatValue(value)}`;
}

function formatReservation({ kind, role, principal, labels }: Reservation): string {
  const parts = [kind.toUpperCase(), role];
  if (principal !== undefined) parts.push(principal);
  if (labels !== undefined) parts.push(`{${labels.map(formatLabel).join(', ')}}`);
  return `(${parts.join(',')})`;
}

const formatLabel = ({ key, value }: Label): string =>
  value === undefined ? key : `${key}: ${value}`;

export function formatValue(value: Value): string {
  switch (value.kind) {
    case 'scalar':
      return String(value.milli / 1000);
    case 'ranges':
      return `[${value.ranges.map(({ begin, end }) => `${begin}-${end}`).join(', ')}]`;
    case 'set':
      return `{${value.items.join(', ')}}`;
    default:
      return unreachable(value);
  }
}

function formatDisk({ source, persistence, volume }: Disk): string {
  const parts = source === undefined ? [] : [formatSource(source)];
  if (persistence !== undefined) {
    const hostPath = volume?.hostPath === undefined ? '' : `${volume.hostPath}:`;
    const path = volume === undefined ? '' : `:${hostPath}${volume.containerPath}`;
    parts.push(`${persistence.id}${path}`);
  }
  return parts.join(',');
}

function formatSource({ kind, vendor, id, profile, root }: DiskSource): string {
  const origin = [vendor, id, profile];
  const where = origin.some((part) => part !== undefined) ? `(${origin.join(',')})` : '';
  return `${kind.toUpperCase()}${where}${root === undefined ? '' : `:${root}`}`;
}
