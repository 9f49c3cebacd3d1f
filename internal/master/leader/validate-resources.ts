/** What a master asks of valid resources besides (contract 5.4, at its end); the first that fails. */
import { parseId } from '#internal/model/ids.ts';
import { formatResource } from '#internal/resources/format.ts';
import { isDynamicallyReserved, isReserved } from '#internal/resources/reservation.ts';
import type { Resource, Resources } from '#internal/resources/resource.ts';
import { isVolume } from '#internal/resources/volume.ts';

/** Undefined for resources that a master may have to do with. */
export function masterResourcesFault(list: Resources): string | undefined {
  for (const one of list) {
    if (one.name === 'gpus' && one.value.kind === 'scalar' && one.value.milli % 1000 !== 0) {
      return "Invalid 'gpus' resource: The 'gpus' resource must be an unsigned integer";
    }
  }
  for (const one of list) {
    const fault = diskFault(one);
    if (fault !== undefined) return `Invalid DiskInfo: ${fault}`;
  }
  const lent = list.find((one) => one.revocable && isDynamicallyReserved(one));
  if (lent === undefined) return undefined;
  return (
    `Invalid ReservationInfo: Dynamically reserved resource ${formatResource(lent)} ` +
    'cannot be created from revocable resources'
  );
}

function diskFault(resource: Resource): string | undefined {
  const { disk, revocable } = resource;
  if (disk === undefined) return undefined;
  const { persistence, volume, source } = disk;
  if (persistence === undefined) {
    if (volume !== undefined) return 'Non-persistent volume not supported';
    return source === undefined ? 'DiskInfo is set but empty' : undefined;
  }
  if (revocable) return 'Persistent volumes cannot be created from revocable resources';
  if (!isReserved(resource)) {
    return 'Persistent volumes cannot be created from unreserved resources';
  }
  if (volume === undefined) return "Expecting 'volume' to be set for persistent volume";
  if (volume.hostPath !== undefined) {
    return "Expecting 'host_path' to be unset for persistent volume";
  }
  const id = parseId(persistence.id);
  return id.ok ? undefined : `Invalid persistence ID for persistent volume: ${id.refusal}`;
}

/** Of a list that is to be nothing but volumes. */
export function volumesFault(list: Resources): string | undefined {
  for (const one of list) {
    if (one.disk === undefined) return `Resource ${formatResource(one)} does not have DiskInfo`;
    if (!isVolume(one)) return "'persistence' is not set in DiskInfo";
    if (one.disk.volume === undefined) return "Expecting 'volume' to be set for persistent volume";
    if (one.disk.volume.mode === 'ro') return 'Read-only persistent volume not supported';
  }
  return undefined;
}

/** All of one provider, or all the agent's own. */
export function providersFault(list: Resources): string | undefined {
  const ids = new Set(list.map(({ providerId }) => providerId));
  if (ids.size < 2) return undefined;
  return ids.has(undefined)
    ? 'Some resources have a resource provider and some do not'
    : `The resources have multiple resource providers: ${[...ids].join(', ')}`;
}
