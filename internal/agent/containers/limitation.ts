/**
 * That a container used more than it may, in Mesos's words (`isolators/cgroups2/controllers/memory.cpp`,
 * `isolators/posix/disk.cpp` of its sources), and as the file by which the next agent knows of it.
 */
import type { Resource } from '#internal/resources/resource.ts';
import { scalar } from '#internal/resources/value.ts';
import type { Limitation } from '../containerizer.ts';
import type { MemoryExceeded } from './cgroup-use.ts';
import type { VolumeUse } from './volume-use.ts';

const mebibyte = 1024 * 1024;

export function memoryLimitation({
  limitBytes,
  peakBytes,
  statistics,
}: MemoryExceeded): Limitation {
  const head = `Requested: ${bytesText(limitBytes)} Maximum Used: ${bytesText(peakBytes)}`;
  return {
    reason: 'REASON_CONTAINER_LIMITATION_MEMORY',
    message: `Memory limit exceeded: ${head}\n\nMEMORY STATISTICS: \n${statistics}\n`,
    resources: [resource('mem', peakBytes / mebibyte)],
  };
}

export function diskLimitation(usedBytes: number, quotaBytes: number): Limitation {
  return diskExceeded({ usedBytes, quotaBytes }, resource('disk', quotaBytes / mebibyte));
}

/** Names the volume, since a task may have several. */
export function volumeLimitation({ volume, usedBytes = 0, quotaBytes }: VolumeUse): Limitation {
  return diskExceeded({ usedBytes, quotaBytes }, volume);
}

function diskExceeded(
  { usedBytes, quotaBytes }: Required<Pick<VolumeUse, 'usedBytes' | 'quotaBytes'>>,
  exceeded: Resource,
): Limitation {
  return {
    reason: 'REASON_CONTAINER_LIMITATION_DISK',
    message: `Disk usage (${bytesText(usedBytes)}) exceeds quota (${bytesText(quotaBytes)})`,
    resources: [exceeded],
  };
}

/** In the largest unit that divides it, as Mesos writes sizes. */
export function bytesText(bytes: number): string {
  const units = ['TB', 'GB', 'MB', 'KB'];
  const at = units.findIndex((_, index) => bytes > 0 && bytes % 1024 ** (4 - index) === 0);
  return at === -1 ? `${bytes}B` : `${bytes / 1024 ** (4 - at)}${units[at]}`;
}

export const limitationText = (limitation: Limitation): string =>
  `${JSON.stringify(limitation satisfies Limitation)}\n`;

/** Written by us where no task can write; what is odd is damage, and nothing. */
export function parseLimitation(text: string): Limitation | undefined {
  try {
    const found: unknown = JSON.parse(text);
    if (found === null || typeof found !== 'object') return undefined;
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- our own word.
    const limitation = found as Limitation;
    // JSON leaves out what is undefined.
    const resources = limitation.resources.map((one) => ({ ...resource(one.name, 0), ...one }));
    return { ...limitation, resources };
  } catch {
    return undefined;
  }
}

const resource = (name: string, megabytes: number): Resource => ({
  name,
  value: scalar(megabytes),
  reservations: [],
  allocationRole: undefined,
  disk: undefined,
  providerId: undefined,
  revocable: false,
  shared: false,
});
