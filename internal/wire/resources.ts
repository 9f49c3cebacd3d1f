/**
 * Resources of the public wire and of the model. Either wire form of reservations is read; which one
 * is written depends on the reader (contract 6.3).
 */
import { assert, unreachable } from '#internal/base/assert.ts';
import { accept, refuse, type Result } from '#internal/base/result.ts';
import { formatResource } from '#internal/resources/format.ts';
import { coalesced } from '#internal/resources/ranges.ts';
import { anyRole, isRefined } from '#internal/resources/reservation.ts';
import type {
  Disk,
  DiskSource,
  Label,
  Range,
  Reservation,
  Resource,
  Resources,
  Value,
} from '#internal/resources/resource.ts';
import { resources } from '#internal/resources/resources.ts';
import { set } from '#internal/resources/value.ts';
import type * as wire from '#proto/gen/mesos/v1.ts';
import { checkResource, tooLarge } from './resource-check.ts';

/** `old` for frameworks without RESERVATION_REFINEMENT, `endpoint` for operators. */
export type ReservationForm = 'old' | 'new' | 'endpoint';

/** Refuses with `Resource '…' is invalid: …`, naming the first bad one (contract 5.4). */
export function resourcesFromWire(
  list: readonly wire.Resource[] | undefined,
): Result<Resources, string> {
  const read: Resource[] = [];
  for (const one of list ?? []) {
    const error = checkResource(one);
    const resource = resourceFromWire(one);
    if (error !== undefined) {
      return refuse(`Resource '${formatResource(asSent(resource, one))}' is invalid: ${error}`);
    }
    read.push(resource);
  }
  const merged = resources(read);
  const excess = merged.find(
    ({ value }) => value.kind === 'scalar' && !Number.isSafeInteger(value.milli),
  );
  return excess === undefined
    ? accept(merged)
    : refuse(`Resource '${formatResource(excess)}' is invalid: ${tooLarge}`);
}

/** Overlaps and duplicates are shown to the one who sent them. */
function asSent(resource: Resource, { type, ranges, set: items }: wire.Resource): Resource {
  if (type === 'RANGES') {
    const list = ranges?.range ?? [];
    const sent = list.map(({ begin, end }) => ({ begin: Number(begin), end: Number(end) }));
    return { ...resource, value: { kind: 'ranges', ranges: sent } };
  }
  if (type !== 'SET') return resource;
  return { ...resource, value: { kind: 'set', items: items?.item ?? [] } };
}

/** Reads what we have written ourselves in the new form: nothing is checked or merged. */
export function resourcesAsWritten(list: readonly wire.Resource[] | undefined): Resources {
  return (list ?? []).map(resourceFromWire);
}

/** Wants resources whose form can say it: refined ones are not for the old form. */
export function resourcesToWire(list: Resources, form: ReservationForm): readonly wire.Resource[] {
  return list.map((one) => resourceToWire(one, form));
}

/** Reads what it can, also of an invalid resource: it is then shown to the one who sent it. */
function resourceFromWire(one: wire.Resource): Resource {
  return {
    name: one.name,
    value: valueFromWire(one),
    reservations: reservationsFromWire(one),
    allocationRole: one.allocation_info?.role,
    disk: one.disk === undefined ? undefined : diskFromWire(one.disk),
    providerId: one.provider_id?.value,
    revocable: one.revocable !== undefined,
    shared: one.shared !== undefined,
  };
}

function valueFromWire(one: wire.Resource): Value {
  switch (one.type) {
    case 'RANGES':
      return {
        kind: 'ranges',
        ranges: rangesFromWire(one.ranges?.range ?? []),
      };
    case 'SET':
      return set(one.set?.item ?? []);
    // A text is refused; until then it is shown as 0.
    case 'TEXT':
    case 'SCALAR':
      return { kind: 'scalar', milli: Math.round((one.scalar?.value ?? 0) * 1000) };
    default:
      return unreachable(one.type);
  }
}

/** Backward ranges are shown as they came: they are refused. */
function rangesFromWire(list: readonly wire.Value_Range[]): readonly Range[] {
  const read = list.map(({ begin, end }) => ({ begin: Number(begin), end: Number(end) }));
  return read.every(({ begin, end }) => begin <= end) ? coalesced(read) : read;
}

function reservationsFromWire(one: wire.Resource): readonly Reservation[] {
  if (one.reservations !== undefined && one.reservations.length > 0) {
    return one.reservations.map((reservation) => ({
      kind: reservation.type === 'DYNAMIC' ? 'dynamic' : 'static',
      role: reservation.role ?? anyRole,
      principal: reservation.principal,
      labels: labelsFromWire(reservation.labels),
    }));
  }
  const role = one.role ?? anyRole;
  if (role === anyRole) return [];
  const { reservation } = one;
  return [
    {
      kind: reservation === undefined ? 'static' : 'dynamic',
      role,
      principal: reservation?.principal,
      labels: labelsFromWire(reservation?.labels),
    },
  ];
}

function diskFromWire({ source, persistence, volume }: wire.Resource_DiskInfo): Disk {
  return {
    source: source === undefined ? undefined : sourceFromWire(source),
    persistence:
      persistence === undefined
        ? undefined
        : { id: persistence.id, principal: persistence.principal },
    volume:
      volume === undefined
        ? undefined
        : {
            mode: volume.mode === 'RO' ? 'ro' : 'rw',
            containerPath: volume.container_path,
            hostPath: volume.host_path,
          },
  };
}

const sourceKinds = { PATH: 'path', MOUNT: 'mount', BLOCK: 'block', RAW: 'raw' } as const;

function sourceFromWire(source: wire.Resource_DiskInfo_Source): DiskSource {
  const { type } = source;
  return {
    kind: type === 'UNKNOWN' ? 'raw' : sourceKinds[type],
    root: source.path?.root ?? source.mount?.root,
    id: source.id,
    vendor: source.vendor,
    profile: source.profile,
    metadata: labelsFromWire(source.metadata),
  };
}

function labelsFromWire(labels: wire.Labels | undefined): readonly Label[] | undefined {
  if (labels === undefined) return undefined;
  return (labels.labels ?? []).map(({ key, value }) => ({ key, value }));
}

function resourceToWire(one: Resource, form: ReservationForm): wire.Resource {
  return {
    ...(one.providerId !== undefined && { provider_id: { value: one.providerId } }),
    name: one.name,
    ...valueToWire(one.value),
    ...(one.allocationRole !== undefined && { allocation_info: { role: one.allocationRole } }),
    ...reservationsToWire(one, form),
    ...(one.disk !== undefined && { disk: diskToWire(one.disk) }),
    ...(one.revocable && { revocable: {} }),
    ...(one.shared && { shared: {} }),
  };
}

function valueToWire(value: Value): Pick<wire.Resource, 'type' | 'scalar' | 'ranges' | 'set'> {
  switch (value.kind) {
    case 'ranges': {
      const range = value.ranges.map(({ begin, end }) => ({
        begin: BigInt(begin),
        end: BigInt(end),
      }));
      return { type: 'RANGES', ranges: { range } };
    }
    case 'set':
      return { type: 'SET', set: { item: value.items } };
    case 'scalar':
      return { type: 'SCALAR', scalar: { value: value.milli / 1000 } };
    default:
      return unreachable(value);
  }
}

function reservationsToWire(
  one: Resource,
  form: ReservationForm,
): Pick<wire.Resource, 'role' | 'reservation' | 'reservations'> {
  // Written for each resource of each task, so the words only when there is somebody to read them.
  if (form === 'old') assert(!isRefined(one), `not expressible: ${formatResource(one)}`);
  const stack = {
    ...(one.reservations.length > 0 && { reservations: one.reservations.map(reservationToWire) }),
  };
  if (form === 'new' || isRefined(one)) return stack;
  const last = one.reservations.at(-1);
  const old = {
    role: last?.role ?? anyRole,
    ...(last?.kind === 'dynamic' && { reservation: originToWire(last) }),
  };
  return form === 'old' ? old : { ...old, ...stack };
}

function reservationToWire(one: Reservation): wire.Resource_ReservationInfo {
  return {
    type: one.kind === 'dynamic' ? 'DYNAMIC' : 'STATIC',
    role: one.role,
    ...originToWire(one),
  };
}

function originToWire({ principal, labels }: Reservation): wire.Resource_ReservationInfo {
  return {
    ...(principal !== undefined && { principal }),
    ...(labels !== undefined && { labels: labelsToWire(labels) }),
  };
}

function diskToWire({ source, persistence, volume }: Disk): wire.Resource_DiskInfo {
  return {
    ...(persistence !== undefined && {
      persistence: {
        id: persistence.id,
        ...(persistence.principal !== undefined && { principal: persistence.principal }),
      },
    }),
    ...(volume !== undefined && {
      volume: {
        mode: volume.mode === 'ro' ? 'RO' : 'RW',
        container_path: volume.containerPath,
        ...(volume.hostPath !== undefined && { host_path: volume.hostPath }),
      },
    }),
    ...(source !== undefined && { source: sourceToWire(source) }),
  };
}

const sourceTypes = { path: 'PATH', mount: 'MOUNT', block: 'BLOCK', raw: 'RAW' } as const;

function sourceToWire(source: DiskSource): wire.Resource_DiskInfo_Source {
  const { kind, root, vendor, id, metadata, profile } = source;
  const place = root === undefined ? {} : { root };
  return {
    type: sourceTypes[kind],
    ...(kind === 'path' && { path: place }),
    ...(kind === 'mount' && { mount: place }),
    ...(vendor !== undefined && { vendor }),
    ...(id !== undefined && { id }),
    ...(metadata !== undefined && { metadata: labelsToWire(metadata) }),
    ...(profile !== undefined && { profile }),
  };
}

function labelsToWire(labels: readonly Label[]): wire.Labels {
  return {
    labels: labels.map(({ key, value }) => ({ key, ...(value !== undefined && { value }) })),
  };
}
