/**
 * All that the service framework knows while it leads: the records, and what it has heard of their
 * tasks since. `step` makes one world of another; inside a step they change a draft.
 */
import type { Random } from '#internal/base/random.ts';
import type { Call } from '#proto/gen/mesos/v1/scheduler.ts';
import {
  type InstanceRecord,
  instanceKey,
  instanceStoreKey,
  recordBytes,
  type ServiceRecord,
  serviceStoreKey,
} from './records.ts';
import type { ServiceSpec } from './service-spec.ts';

export type World = {
  readonly role: string;
  /** As which the masters know us; reservations and volumes carry it. */
  readonly principal: string | undefined;
  readonly services: ReadonlyMap<string, ServiceRecord>;
  /** By `instanceKey`: those that are wanted, and those that still hold something. */
  readonly instances: ReadonlyMap<string, Instance>;
  /** Whom offers were last asked for; undefined before the first subscription. */
  readonly wanting: ReadonlySet<string> | undefined;
  /** Rises with every change of what is wanted: a plan was made for one of these numbers. */
  readonly changes: number;
};

export type Instance = {
  readonly record: InstanceRecord;
  readonly seen: Seen;
  /** Ends in a row that nobody had asked for. */
  readonly failures: number;
  /** Not started again before. */
  readonly notBeforeMs: number;
  /** The last time that we asked about its task, or for its end. */
  readonly askedMs: number;
  /** How its last task ended. */
  readonly lastEnd: string | undefined;
  /** Why the last offers would not do, newest last; at most a few. */
  readonly refusals: readonly string[];
  /** The operation that destroys its volumes, while it is on its way. */
  readonly destroying: string | undefined;
  /** Tasks of it that were given up and have come back: until they are dead, no other starts. */
  readonly strays: readonly string[];
};

/** Of its task. */
export type Seen =
  /** There is none, or nobody has told us of it yet. */
  | { readonly kind: 'nothing' }
  | { readonly kind: 'starting'; readonly sinceMs: number }
  | {
      readonly kind: 'running';
      readonly sinceMs: number;
      readonly isHealthy: boolean | undefined;
      /** Since then without a break; undefined while it is not of use. */
      readonly servingSinceMs: number | undefined;
    }
  | { readonly kind: 'killing' }
  | { readonly kind: 'unreachable' };

export type Effect =
  /** The store is to hold these bytes, or nothing, before any later effect happens. */
  | { readonly kind: 'store'; readonly key: string; readonly value: Uint8Array | undefined }
  | { readonly kind: 'call'; readonly call: Call }
  | { readonly kind: 'tell'; readonly event: string; readonly fields: Fields };

type Fields = Readonly<Record<string, string | number>>;

export type Context = { readonly nowMs: number; readonly random: Random };

/** A world in the making. */
export type Draft = {
  readonly role: string;
  readonly principal: string | undefined;
  readonly services: Map<string, ServiceRecord>;
  readonly instances: Map<string, Instance>;
  wanting: ReadonlySet<string> | undefined;
  changes: number;
  readonly effects: Effect[];
  readonly context: Context;
};

export function newWorld(
  identity: Pick<World, 'role' | 'principal'>,
  services: readonly ServiceRecord[],
  instances: readonly InstanceRecord[],
): World {
  return {
    ...identity,
    services: new Map(services.map((record) => [record.spec.name, record])),
    instances: new Map(
      instances.map((record) => [
        instanceKey(record.service, record.index),
        { ...newInstance(record.service, record.index), record },
      ]),
    ),
    wanting: undefined,
    changes: 0,
  };
}

export const newInstance = (service: string, index: number): Instance => ({
  record: { service, index },
  seen: { kind: 'nothing' },
  failures: 0,
  notBeforeMs: 0,
  askedMs: 0,
  lastEnd: undefined,
  refusals: [],
  destroying: undefined,
  strays: [],
});

export const draftOf = (world: World, context: Context): Draft => ({
  ...world,
  services: new Map(world.services),
  instances: new Map(world.instances),
  effects: [],
  context,
});

export function worldOf(draft: Draft): World {
  const { role, principal, services, instances, wanting, changes } = draft;
  return { role, principal, services, instances, wanting, changes };
}

export function call(draft: Draft, asked: Call): void {
  draft.effects.push({ kind: 'call', call: asked });
}

export function tell(draft: Draft, event: string, fields: Fields): void {
  draft.effects.push({ kind: 'tell', event, fields });
}

/** Changes an instance, and what the store has of it when its record changed. */
export function setInstance(draft: Draft, key: string, next: Instance): void {
  const before = draft.instances.get(key)?.record;
  draft.instances.set(key, next);
  if (before === next.record) return;
  const isWorthKeeping = next.record.task !== undefined || next.record.binding !== undefined;
  const wasKept = before?.task !== undefined || before?.binding !== undefined;
  if (!isWorthKeeping && !wasKept) return;
  const value = isWorthKeeping ? recordBytes(next.record) : undefined;
  draft.effects.push({ kind: 'store', key: instanceStoreKey(key), value });
}

export function setService(draft: Draft, record: ServiceRecord): void {
  draft.services.set(record.spec.name, record);
  draft.effects.push({
    kind: 'store',
    key: serviceStoreKey(record.spec.name),
    value: recordBytes(record),
  });
}

export function removeService(draft: Draft, name: string): void {
  draft.services.delete(name);
  draft.effects.push({ kind: 'store', key: serviceStoreKey(name), value: undefined });
}

/** In the order of their numbers. */
export function instancesOf(
  { instances }: Pick<World, 'instances'>,
  service: string,
): readonly Instance[] {
  return [...instances.values()]
    .filter(({ record }) => record.service === service)
    .toSorted((one, other) => one.record.index - other.record.index);
}

/** Whether the service is to have this instance. */
export const isWanted = ({ spec, wish }: ServiceRecord, { record }: Instance): boolean =>
  wish === 'run' && record.index < spec.instances;

/** Whether it does its work, as far as we were told. */
export const isServing = ({ record, seen }: Instance): boolean =>
  seen.kind === 'running' && seen.servingSinceMs !== undefined && record.task?.isEnding === false;

/** Whether it has done so for long enough to be counted on. */
export const isReady = (
  instance: Instance,
  { update }: Pick<ServiceSpec, 'update'>,
  nowMs: number,
): boolean =>
  isServing(instance) &&
  instance.seen.kind === 'running' &&
  nowMs - (instance.seen.servingSinceMs ?? nowMs) >= update.readySeconds * 1000;

/** What an instance waits for an offer for, if it does. */
export function wantOf(
  { services }: Pick<World, 'services'>,
  instance: Instance,
  nowMs: number,
): 'start' | 'destroy' | undefined {
  const { record, seen } = instance;
  const service = services.get(record.service);
  if (service === undefined) return undefined;
  if (service.wish === 'destroy') {
    const isFree = record.task === undefined && record.binding !== undefined;
    return isFree && instance.destroying === undefined ? 'destroy' : undefined;
  }
  if (!isWanted(service, instance) || nowMs < instance.notBeforeMs) return undefined;
  if (instance.strays.length > 0) return undefined;
  if (record.task === undefined) return 'start';
  // Its agent is away, and may come back under another name: its volumes will be offered then.
  return seen.kind === 'unreachable' && record.binding !== undefined ? 'start' : undefined;
}
