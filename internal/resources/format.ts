/** The text form of resources in messages to people (contract 5.4). */
import { unreachable } from '#internal/base/assert.ts';
import type { Disk, DiskSource, Resource, Resources, Value } from './resource.ts';

/** `cpus(allocated: a):0.5; ports:[31000-32000]`; `{}` for nothing. */
export function format(list: Resources): string {
  return list.length === 0 ? '{}' : list.map(formatResource).join('; ');
}

export function formatResource(resource: Resource): string {
  const { name, allocationRole, reservations, disk, revocable, shared, value } = resource;
  const parts = [name];
  if (allocationRole !== undefined) parts.push(`(allocated: ${allocationRole})`);
  if (reservations.length > 0) {
    const stack = reservations.map(({ kind, role, principal }) =>
      [kind.toUpperCase(), role, ...(principal === undefined ? [] : [principal])].join(','),
    );
    parts.push(`(reservations: [${stack.map((one) => `(${one})`).join(',')}])`);
  }
  if (disk !== undefined) parts.push(`[${formatDisk(disk)}]`);
  if (revocable) parts.push('{REV}');
  if (shared) parts.push('<SHARED>');
  return `${parts.join('')}:${formatValue(value)}`;
}

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
