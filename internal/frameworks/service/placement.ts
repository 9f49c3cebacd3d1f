/**
 * Whether an instance can start on an offer, and by which operations. An instance with volumes has
 * them reserved and made at its first start, with its CPUs and memory, so that nobody is in its way
 * when it comes back; from then on it starts only where they are.
 */
import type { Random } from '#internal/base/random.ts';
import { accept, refuse, type Result } from '#internal/base/result.ts';
import type { Attribute, Offer, Offer_Operation, Resource } from '#proto/gen/mesos/v1.ts';
import {
  milliOf,
  type Pool,
  takeDisk,
  takePort,
  takeRest,
  takeScalar,
  type Taken,
  volumeIn,
  volumesOwnedBy,
} from './offer-pool.ts';
import {
  type Binding,
  type BoundVolume,
  instanceKey,
  operationIdOf,
  persistenceIdOf,
  taskIdOf,
  volumeNameIn,
} from './records.ts';
import type { Constraint, ServiceSpec, Template, VolumeSpec } from './service-spec.ts';
import { taskOf } from './task-of.ts';
import type { Instance } from './world.ts';

export type Placement = {
  readonly operations: readonly Offer_Operation[];
  readonly taskId: string;
  readonly ports: Readonly<Record<string, number>>;
  readonly binding: Binding | undefined;
};

export type PlacementOptions = {
  readonly spec: ServiceSpec;
  readonly instance: Instance;
  /** Of the same service, by whatever they hold. */
  readonly siblings: readonly Instance[];
  /** Of the task, and of new volumes. */
  readonly unique: string;
  /** Of ports. */
  readonly random: Random;
};

/** Takes from the pool. The refusal says why not, for people; then the pool is not to be used again. */
export function place(pool: Pool, options: PlacementOptions): Result<Placement, string> {
  const { spec, instance, unique } = options;
  const { service, index } = instance.record;
  const { offer } = pool;
  const hindrance = spec.constraints
    .map((constraint) => hindranceOf(constraint, offer, options))
    .find((one) => one !== undefined);
  if (hindrance !== undefined) return refuse(hindrance);
  const owner = instanceKey(service, index);
  const volumes = volumesFor(pool, options, owner);
  if (!volumes.ok) return volumes;
  const isReserving = spec.template.volumes.length > 0;
  const amounts = amountsFor(pool, spec.template, { owner, isReserving });
  if (!amounts.ok) return amounts;
  const ports = portsFor(pool, spec.template, options.random);
  if (!ports.ok) return ports;
  const taskId = taskIdOf(service, index, unique);
  const task = taskOf(spec.template, {
    taskId,
    service,
    index,
    agentId: offer.agent_id.value,
    host: offer.hostname,
    resources: [
      ...amounts.value.parts,
      ...ports.value.map(({ resource }) => resource),
      ...volumes.value.parts,
    ],
    ports: ports.value.map(({ number }) => number),
  });
  const reserve = [...volumes.value.reserve, ...amounts.value.reserve];
  const surplus = takeRest(pool, owner);
  const creating = volumes.value.binding?.creating;
  return accept({
    taskId,
    ports: Object.fromEntries(
      spec.template.ports.map(({ name }, n) => [name, ports.value[n]?.number ?? 0]),
    ),
    binding: volumes.value.binding,
    operations: [
      ...operation(reserve, (resources) => ({ type: 'RESERVE', reserve: { resources } })),
      ...operation(volumes.value.create, (made) => ({
        type: 'CREATE',
        create: { volumes: made },
        ...(creating !== undefined && { id: { value: creating } }),
      })),
      { type: 'LAUNCH', launch: { task_infos: [task] } },
      ...operation(surplus, (resources) => ({ type: 'UNRESERVE', unreserve: { resources } })),
    ],
  });
}

/** No operation for nothing. */
export const operation = (
  resources: readonly Resource[],
  of: (resources: readonly Resource[]) => Offer_Operation,
): readonly Offer_Operation[] => (resources.length === 0 ? [] : [of(resources)]);

function hindranceOf(
  constraint: Constraint,
  offer: Offer,
  { instance, siblings }: PlacementOptions,
): string | undefined {
  if (constraint.kind === 'unique-host') {
    const rival = siblings.find(
      ({ record }) =>
        record.index !== instance.record.index &&
        (record.task?.host ?? record.binding?.host) === offer.hostname,
    );
    return (
      rival && `instance ${rival.record.index} is on this host, and hosts have to be different`
    );
  }
  const { attribute, values } = constraint;
  const found =
    attribute === 'host'
      ? [offer.hostname]
      : (offer.attributes ?? []).filter(({ name }) => name === attribute).map(attributeText);
  if (found.some((value) => values.includes(value))) return undefined;
  const has = found.length === 0 ? 'not set' : found.join(', ');
  return `${attribute} is ${has}, and has to be ${values.join(' or ')}`;
}

const attributeText = ({ text, scalar, ranges }: Attribute): string => {
  if (text !== undefined) return text.value;
  if (scalar !== undefined) return String(scalar.value);
  return (ranges?.range ?? []).map(({ begin, end }) => `${begin}-${end}`).join(',');
};

type Volumes = {
  /** For the task. */
  readonly parts: readonly Resource[];
  readonly reserve: readonly Resource[];
  readonly create: readonly Resource[];
  readonly binding: Binding | undefined;
};

function volumesFor(
  pool: Pool,
  { spec, instance, unique }: PlacementOptions,
  owner: string,
): Result<Volumes, string> {
  const { offer } = pool;
  const here = { agentId: offer.agent_id.value, host: offer.hostname };
  const wanted = spec.template.volumes;
  if (wanted.length === 0) {
    return accept({ parts: [], reserve: [], create: [], binding: undefined });
  }
  const bound = instance.record.binding?.volumes ?? foundVolumes(pool, wanted, owner);
  if (bound !== undefined) {
    const parts = bound.flatMap(({ id }) => volumeIn(pool, id) ?? []);
    if (parts.length < bound.length) return refuse('its volumes are not offered here');
    const binding = { ...here, volumes: bound };
    return accept({ parts, reserve: [], create: [], binding });
  }
  const made = wanted.map((volume) => newVolume(pool, volume, { owner, unique }));
  const missing = wanted.find((_, n) => made[n] === undefined);
  if (missing !== undefined) {
    return refuse(`there are no ${missing.sizeMb} MB of disk for volume ${missing.name}`);
  }
  const all = made.flatMap((one) => one ?? []);
  const create = all.map(({ volume }) => volume);
  return accept({
    parts: create,
    reserve: all.flatMap(({ reserve }) => reserve),
    create,
    binding: {
      ...here,
      volumes: all.map((one) => one.bound),
      creating: operationIdOf('create', instance.record, unique),
    },
  });
}

/** What an attempt left behind whose end nobody heard of: it is this instance's, by its label. */
function foundVolumes(
  pool: Pool,
  wanted: readonly VolumeSpec[],
  owner: string,
): readonly BoundVolume[] | undefined {
  const found = volumesOwnedBy(pool, owner);
  const bound = wanted.flatMap(({ name, sizeMb }) => {
    const volume = found.find(
      ({ disk, scalar }) =>
        volumeNameIn(disk?.persistence?.id ?? '') === name &&
        milliOf(scalar?.value ?? 0) === milliOf(sizeMb),
    );
    const id = volume?.disk?.persistence?.id;
    return id === undefined ? [] : [{ name, id, sizeMb }];
  });
  return bound.length === wanted.length ? bound : undefined;
}

function newVolume(
  pool: Pool,
  { name, path, sizeMb }: VolumeSpec,
  { owner, unique }: { readonly owner: string; readonly unique: string },
):
  | {
      readonly volume: Resource;
      readonly reserve: readonly Resource[];
      readonly bound: BoundVolume;
    }
  | undefined {
  const taken = takeDisk(pool, milliOf(sizeMb), owner);
  const [disk] = taken?.parts ?? [];
  if (taken === undefined || disk === undefined) return undefined;
  const id = persistenceIdOf(owner, name, unique);
  const principal = pool.principal === undefined ? {} : { principal: pool.principal };
  const volume: Resource = {
    ...disk,
    disk: { persistence: { id, ...principal }, volume: { mode: 'RW', container_path: path } },
  };
  return { volume, reserve: taken.reserve, bound: { name, id, sizeMb } };
}

function amountsFor(
  pool: Pool,
  { cpus, memMb, diskMb }: Template,
  how: { readonly owner: string; readonly isReserving: boolean },
): Result<Taken, string> {
  const wanted = [
    ['cpus', cpus],
    ['mem', memMb],
    ['disk', diskMb],
  ] as const;
  const takings = wanted
    .filter(([, value]) => value > 0)
    .map(([name, value]) => ({
      name,
      value,
      taken: takeScalar(pool, name, { ...how, milli: milliOf(value) }),
    }));
  const short = takings.find(({ taken }) => taken === undefined);
  if (short !== undefined) return refuse(`there is less than ${short.name}:${short.value}`);
  return accept({
    parts: takings.flatMap(({ taken }) => taken?.parts ?? []),
    reserve: takings.flatMap(({ taken }) => taken?.reserve ?? []),
  });
}

function portsFor(
  pool: Pool,
  { ports }: Template,
  random: Random,
): Result<readonly { readonly number: number; readonly resource: Resource }[], string> {
  // Those with a number first, so that no other one takes it.
  const order = ports.map((_, n) => n).toSorted((a, b) => numberedFirst(ports[a], ports[b]));
  const taken = new Map(order.map((n) => [n, takePort(pool, ports[n]?.number, random)]));
  const missing = ports.find((_, n) => taken.get(n) === undefined);
  if (missing !== undefined) {
    return refuse(
      missing.number === undefined
        ? `there is no port for ${missing.name}`
        : `port ${missing.number} is not offered`,
    );
  }
  return accept(ports.flatMap((_, n) => taken.get(n) ?? []));
}

const numberedFirst = (
  one: { readonly number?: number } | undefined,
  other: { readonly number?: number } | undefined,
): number => Number(one?.number === undefined) - Number(other?.number === undefined);
