/**
 * What an agent has: what is found on its machine, with what operations have made of it. Only the
 * latter is written down (dynamic reservations and volumes), so that a machine may grow under it.
 */
import { format } from '#internal/resources/format.ts';
import { isDynamicallyReserved } from '#internal/resources/reservation.ts';
import type { Resource, Resources } from '#internal/resources/resource.ts';
import { add, contains, resources, subtract, unallocated } from '#internal/resources/resources.ts';
import { isVolume } from '#internal/resources/volume.ts';
import { foundUnder } from '#internal/resources/volume-place.ts';
import { resourcesAsWritten } from '#internal/wire/resources.ts';
import type { TaskInfo } from '#proto/gen/mesos/v1.ts';
import type { VolumeMount } from '../containerizer.ts';
import type { AgentSettings, AgentState } from './state.ts';

/** The machine has less than what is reserved or laid out on it. The message says what is missing. */
export class ResourcesError extends Error {
  override readonly name: string = 'ResourcesError';
}

export function recoveredTotal({ description }: AgentSettings, changed: Resources): Resources {
  const own = unallocated(resourcesAsWritten(description.agent_info.resources));
  const base = resources(changed.map(foundUnder));
  if (!contains(own, base)) {
    throw new ResourcesError(
      `What was reserved or laid out on this machine is not there: ` +
        `${format(own)} does not contain ${format(base)}`,
    );
  }
  return add(subtract(own, base), changed);
}

/** The part of a total that operations have made. */
export const changedPart = (total: Resources): Resources => total.filter(isChanged);

/** The agent has what of a task's resources was made by operations. */
export function knowsResources({ total }: AgentState, { resources: held }: TaskInfo): boolean {
  const changed = changedPart(unallocated(resourcesAsWritten(held)));
  const own = changed.filter(({ shared }) => !shared);
  return contains(total, own) && changed.every((one) => contains(total, [one]));
}

/** The persistent volumes of a task that lie on the agent's own disks, and where it sees them. */
export function mountsOf({ resources: held }: Pick<TaskInfo, 'resources'>): readonly VolumeMount[] {
  return resourcesAsWritten(held).flatMap((volume) => {
    const containerPath = volume.disk?.volume?.containerPath;
    return isVolume(volume) && containerPath !== undefined ? [{ volume, containerPath }] : [];
  });
}

const isChanged = (one: Resource): boolean => isDynamicallyReserved(one) || isVolume(one);
