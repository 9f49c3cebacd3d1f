/** Operations of the public wire as the algebra of resources understands them (contract 4.2). */
import { accept, refuse, type Result } from '#internal/base/result.ts';
import type { ResourceOperation } from '#internal/resources/operation.ts';
import type * as wire from '#proto/gen/mesos/v1.ts';
import { resourcesAsWritten, resourcesFromWire } from './resources.ts';
import { injectRole } from './task.ts';

/**
 * Asks for an operation with its message. Refuses resources that are not valid, in the words of
 * contract 5.4 and 5.6, and what is no operation on an agent's own resources.
 */
export function resourceOperationFromWire(
  info: wire.Offer_Operation,
): Result<ResourceOperation, string> {
  const { reserve, unreserve, create, destroy, grow_volume: grow, shrink_volume: shrink } = info;
  if (reserve !== undefined) return reserveFromWire(reserve);
  if (unreserve !== undefined) {
    return mapped(unreserve.resources, (resources) => ({ kind: 'unreserve', resources }));
  }
  if (create !== undefined) {
    return mapped(create.volumes, (volumes) => ({ kind: 'create', volumes }));
  }
  if (destroy !== undefined) {
    return mapped(destroy.volumes, (volumes) => ({ kind: 'destroy', volumes }));
  }
  if (grow !== undefined) {
    const volume = single(grow.volume, 'GrowVolume.volume');
    if (!volume.ok) return volume;
    const addition = single(grow.addition, 'GrowVolume.addition');
    if (!addition.ok) return addition;
    return accept({ kind: 'grow-volume', volume: volume.value, addition: addition.value });
  }
  if (shrink === undefined) return refuse('Not an operation on resources of an agent');
  const volume = single(shrink.volume, 'ShrinkVolume.volume');
  if (!volume.ok) return volume;
  const subtractMilli = Math.round(shrink.subtract.value * 1000);
  return accept({ kind: 'shrink-volume', volume: volume.value, subtractMilli });
}

/** Fills in for whom all of its resources are held, where the scheduler left it out (contract 6.4). */
export function withRole(info: wire.Offer_Operation, role: string): wire.Offer_Operation {
  const list = (resources: readonly wire.Resource[] | undefined): readonly wire.Resource[] =>
    injectRole(resources ?? [], role);
  const one = (resource: wire.Resource): wire.Resource => list([resource])[0] ?? resource;
  const { reserve, unreserve, create, destroy, grow_volume: grow, shrink_volume: shrink } = info;
  return {
    ...info,
    ...(reserve && { reserve: { ...reserve, resources: list(reserve.resources) } }),
    ...(unreserve && { unreserve: { resources: list(unreserve.resources) } }),
    ...(create && { create: { volumes: list(create.volumes) } }),
    ...(destroy && { destroy: { volumes: list(destroy.volumes) } }),
    ...(grow && { grow_volume: { volume: one(grow.volume), addition: one(grow.addition) } }),
    ...(shrink && { shrink_volume: { ...shrink, volume: one(shrink.volume) } }),
  };
}

function reserveFromWire(reserve: wire.Offer_Operation_Reserve): Result<ResourceOperation, string> {
  const { source = [] } = reserve;
  const resources = resourcesFromWire(reserve.resources);
  if (!resources.ok) return resources;
  if (source.length === 0) return accept({ kind: 'reserve', resources: resources.value });
  return mapped(source, (from) => ({
    kind: 'reserve-anew',
    source: from,
    resources: resources.value,
  }));
}

function mapped(
  list: readonly wire.Resource[] | undefined,
  made: (resources: readonly Read[]) => ResourceOperation,
): Result<ResourceOperation, string> {
  const read = resourcesFromWire(list);
  return read.ok ? accept(made(read.value)) : read;
}

type Read = ReturnType<typeof resourcesAsWritten>[number];

/** An amount of 0 is valid, and no list holds it. */
function single(one: wire.Resource, field: string): Result<Read, string> {
  const checked = resourcesFromWire([one]);
  if (!checked.ok) return refuse(`Invalid resource in the '${field}' field: ${checked.refusal}`);
  const [read] = resourcesAsWritten([one]);
  return read === undefined ? refuse(`Invalid resource in the '${field}' field`) : accept(read);
}
