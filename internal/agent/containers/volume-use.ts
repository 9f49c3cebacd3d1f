/** How full the persistent volumes of a container are, and may be. */
import { assert } from '#internal/base/assert.ts';
import type { Resource } from '#internal/resources/resource.ts';
import { isWholeDisk } from '#internal/resources/volume-place.ts';
import { resourcesToWire } from '#internal/wire/resources.ts';
import type { DiskStatistics } from '#proto/gen/mesos/v1.ts';
import type { ContainerSpec } from '../containerizer.ts';
import { volumeFolder } from '../volumes.ts';

export type VolumeUse = {
  readonly volume: Resource;
  readonly folder: string;
  readonly quotaBytes: number;
  readonly isWholeDisk: boolean;
  /** By all who use it; undefined as long as nobody has counted. */
  readonly usedBytes?: number;
};

const bytesPerMilli = (1024 * 1024) / 1000;

/** One of each, however often a container sees it. */
export function volumeUses(workFolder: string, { volumes }: ContainerSpec): readonly VolumeUse[] {
  const uses = new Map<string, VolumeUse>();
  for (const { volume } of volumes) {
    assert(volume.value.kind === 'scalar', 'a volume has a size');
    const folder = volumeFolder(workFolder, volume);
    const quotaBytes = Math.round(volume.value.milli * bytesPerMilli);
    uses.set(folder, { volume, folder, quotaBytes, isWholeDisk: isWholeDisk(volume) });
  }
  return [...uses.values()];
}

export function diskStatistics({ volume, quotaBytes, usedBytes }: VolumeUse): DiskStatistics {
  const { source, persistence } = resourcesToWire([volume], 'new')[0]?.disk ?? {};
  return {
    ...(source !== undefined && { source }),
    ...(persistence !== undefined && { persistence }),
    limit_bytes: BigInt(quotaBytes),
    ...(usedBytes !== undefined && { used_bytes: BigInt(usedBytes) }),
  };
}
