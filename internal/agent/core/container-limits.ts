/**
 * What a container may use, from the resources of what runs in it and the limits asked for beside them
 * (contract 5.5). A request is at once the limit of memory and of disk, unless a limit is named; of cpus
 * it is a share, and a limit only where one is named.
 */
import { scalarQuantities, quantityOf } from '#internal/resources/quantities.ts';
import { resourcesAsWritten } from '#internal/wire/resources.ts';
import type { Resource, TaskInfo } from '#proto/gen/mesos/v1.ts';
import type { ContainerLimits } from '../containerizer.ts';

/** Also of an executor, with those of its tasks. `limits` of `Infinity` bound nothing. */
export function containerLimits({ resources = [], limits = {} }: Demand): ContainerLimits {
  const own = scalarQuantities(resourcesAsWritten(resources).filter(({ disk }) => !disk));
  const amount = (name: string): number | undefined => positive(quantityOf(own, name) / 1000);
  const limit = (name: string): number | undefined => finite(limits[name]?.value);
  const mem = limits['mem'] === undefined ? amount('mem') : limit('mem');
  const disk = amount('disk');
  return {
    cpus: amount('cpus'),
    // Told: an agent may have limits for those that ask for none.
    cpusMax: limits['cpus']?.value === Infinity ? Infinity : limit('cpus'),
    memBytes: mem && Math.round(mem * mebibyte),
    diskBytes: disk && Math.round(disk * mebibyte),
  };
}

export type Demand = {
  readonly resources?: readonly Resource[];
  readonly limits?: TaskInfo['limits'];
};

const mebibyte = 1024 * 1024;

const positive = (amount: number): number | undefined => (amount > 0 ? amount : undefined);

const finite = (amount: number | undefined): number | undefined =>
  amount !== undefined && Number.isFinite(amount) && amount > 0 ? amount : undefined;
