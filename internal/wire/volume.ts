/** What is known of volumes, between agents and masters, in manifests and in the log. */
import type { Adoption, FoundVolume, VolumeRecord } from '#internal/model/volume.ts';
import { agentId } from '#internal/model/ids.ts';
import { accept, refuse, type Result } from '#internal/base/result.ts';
import type { Resource } from '#internal/resources/resource.ts';
import { unallocated } from '#internal/resources/resources.ts';
import { isVolume } from '#internal/resources/volume.ts';
import type * as said from '#proto/gen/altiplano/agent/v1.ts';
import type * as written from '#proto/gen/altiplano/state/v1.ts';
import type * as wire from '#proto/gen/mesos/v1.ts';
import { resourcesAsWritten, resourcesFromWire, resourcesToWire } from './resources.ts';

/** Refuses what cannot be a volume. Of what an agent found, so not to be believed. */
export function foundVolumeFromWire(from: said.VolumeManifest): Result<FoundVolume, string> {
  const read = resourcesFromWire([from.volume]);
  if (!read.ok) return read;
  const [volume, ...others] = unallocated(read.value);
  if (volume === undefined || others.length > 0 || !isVolume(volume)) {
    return refuse('A manifest is of one volume');
  }
  const epoch = Number(from.epoch);
  if (!Number.isSafeInteger(epoch) || from.origin === '') return refuse('A manifest without sense');
  return accept({
    volume,
    origin: from.origin,
    epoch,
    clusterId: from.cluster_id,
    frameworkId: from.framework_id,
    madeMs: from.made_ms,
    usedMs: from.used_ms,
  });
}

export const foundVolumeToWire = (found: FoundVolume): said.VolumeManifest => ({
  ...parts(found),
  epoch: BigInt(found.epoch),
});

export function foundVolumeFromWritten(from: written.FoundVolume): FoundVolume {
  return {
    volume: only(from.volume),
    origin: from.origin,
    epoch: from.epoch,
    clusterId: from.cluster_id,
    frameworkId: from.framework_id,
    madeMs: from.made_ms,
    usedMs: from.used_ms,
  };
}

export const foundVolumeToWritten = (found: FoundVolume): written.FoundVolume => ({
  ...parts(found),
  epoch: found.epoch,
});

export function volumeRecordToWritten(record: VolumeRecord): written.Volume {
  return {
    agent_id: record.agentId,
    hostname: record.hostname,
    found: foundVolumeToWritten(record.found),
    stale: record.isStale,
    ...(record.leftMs !== undefined && { left_ms: record.leftMs }),
  };
}

export function volumeRecordFromWritten(from: written.Volume): VolumeRecord {
  return {
    agentId: agentId(from.agent_id),
    hostname: from.hostname,
    found: foundVolumeFromWritten(from.found),
    isStale: from.stale,
    leftMs: from.left_ms,
  };
}

export const adoptionToWritten = (adoption: Adoption): written.Adoption => ({
  origin: adoption.origin,
  found_epoch: adoption.foundEpoch,
  epoch: adoption.epoch,
});

export const adoptionFromWritten = (from: written.Adoption): Adoption => ({
  origin: from.origin,
  foundEpoch: from.found_epoch,
  epoch: from.epoch,
});

export const adoptionToWire = (adoption: Adoption): said.Adoption => ({
  origin: adoption.origin,
  found_epoch: BigInt(adoption.foundEpoch),
  epoch: BigInt(adoption.epoch),
});

export const adoptionFromWire = (from: said.Adoption): Adoption => ({
  origin: from.origin,
  foundEpoch: Number(from.found_epoch),
  epoch: Number(from.epoch),
});

/** What is the same in all forms. */
function parts(found: FoundVolume): Omit<written.FoundVolume, 'epoch'> {
  const [volume] = resourcesToWire([found.volume], 'new');
  if (volume === undefined) throw new Error('A volume without a form');
  return {
    volume,
    origin: found.origin,
    ...(found.clusterId !== undefined && { cluster_id: found.clusterId }),
    ...(found.frameworkId !== undefined && { framework_id: found.frameworkId }),
    made_ms: found.madeMs,
    ...(found.usedMs !== undefined && { used_ms: found.usedMs }),
  };
}

function only(from: wire.Resource): Resource {
  const [volume] = resourcesAsWritten([from]);
  if (volume === undefined) throw new Error('A volume without a form');
  return volume;
}
