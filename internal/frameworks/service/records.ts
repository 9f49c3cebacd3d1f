/**
 * What must not be forgotten, as the framework store keeps it: what is wanted of each service, and for
 * each instance its volumes and its task. Written before anything is asked of the cluster, so that
 * whoever leads next knows at least as much as was done.
 */
import { isSameTemplate, type ServiceSpec } from './service-spec.ts';

export type ServiceRecord = {
  readonly spec: ServiceSpec;
  /** Rises when the template changes. */
  readonly revision: number;
  readonly wish: 'run' | 'stop' | 'destroy';
};

export type InstanceRecord = {
  readonly service: string;
  readonly index: number;
  /** Once there, it goes only when the volumes were destroyed, or are known not to have come to be. */
  readonly binding?: Binding;
  readonly task?: TaskRecord;
};

/** An instance's volumes, all on one agent. */
export type Binding = {
  readonly agentId: string;
  readonly host: string;
  readonly volumes: readonly BoundVolume[];
  /** The operation that makes them, while it is not known whether they came to be. */
  readonly creating?: string;
};

export type BoundVolume = {
  readonly name: string;
  /** The persistence id. */
  readonly id: string;
  readonly sizeMb: number;
};

export type TaskRecord = {
  readonly id: string;
  readonly agentId: string;
  readonly host: string;
  readonly revision: number;
  /** By the port's name. */
  readonly ports: Readonly<Record<string, number>>;
  /** We have asked, or are about to ask, for its end. */
  readonly isEnding: boolean;
};

/** `db/0`: how an instance is called, and what its reservations are labelled with. */
export const instanceKey = (service: string, index: number): string => `${service}/${index}`;

/** No name of a service has a dot. */
export const taskIdOf = (service: string, index: number, unique: string): string =>
  `${service}.${index}.${unique}`;

/** Undefined when the id is none of ours. */
export function keyOfTask(taskId: string): string | undefined {
  const [, service, index] = /^([a-z0-9-]+)\.(\d+)\.[^.]+$/u.exec(taskId) ?? [];
  return service === undefined ? undefined : instanceKey(service, Number(index));
}

export const operationIdOf = (
  verb: OperationVerb,
  { service, index }: Pick<InstanceRecord, 'service' | 'index'>,
  unique: string,
): string => `${verb}.${service}.${index}.${unique}`;

/** `db.0.data.unique`: unique on every agent, and told apart by people. */
export const persistenceIdOf = (owner: string, volume: string, unique: string): string =>
  `${owner.replace('/', '.')}.${volume}.${unique}`;

/** What the service calls it. */
export const volumeNameIn = (id: string): string | undefined => id.split('.')[2];

type OperationVerb = 'create' | 'destroy';

/** What is done to which instance's volumes. Undefined when the operation is none of ours. */
export function readOperationId(
  id: string,
): { readonly verb: OperationVerb; readonly key: string } | undefined {
  const [, verb, service, index] = /^(create|destroy)\.([a-z0-9-]+)\.(\d+)\./u.exec(id) ?? [];
  if (service === undefined) return undefined;
  return {
    verb: verb === 'create' ? 'create' : 'destroy',
    key: instanceKey(service, Number(index)),
  };
}

export const serviceStoreKey = (name: string): string => `service/${name}`;
export const instanceStoreKey = (key: string): string => `instance/${key}`;

const utf8 = new TextEncoder();
const text = new TextDecoder('utf-8', { fatal: true });

/** With what reads it back later: a number that rises when a reader of before would misread it. */
const format = 1;

export const recordBytes = (record: ServiceRecord | InstanceRecord): Uint8Array =>
  utf8.encode(JSON.stringify({ format, record }));

export type StoredRecord =
  | { readonly kind: 'service'; readonly record: ServiceRecord }
  | { readonly kind: 'instance'; readonly record: InstanceRecord };

/** What is in the store was not written by us, or by a program that is newer. */
export class RecordError extends Error {
  override readonly name: string = 'RecordError';
  readonly code = 'BAD_RECORD';
}

/** Undefined for a key that holds no record. Throws `RecordError`. */
export function readRecord(key: string, value: Uint8Array): StoredRecord | undefined {
  const isService = key.startsWith('service/');
  if (!isService && !key.startsWith('instance/')) return undefined;
  const record = parsed(key, value);
  if (isService && isServiceRecord(record) && key === serviceStoreKey(record.spec.name)) {
    return { kind: 'service', record };
  }
  if (!isService && isInstanceRecord(record) && key === keyOfRecord(record)) {
    return { kind: 'instance', record };
  }
  throw new RecordError(`the record under '${key}' is of something else`);
}

// Nobody but this program writes them, so their parts are what they were when they were written.
const isServiceRecord = (value: object): value is ServiceRecord =>
  'spec' in value && 'revision' in value && 'wish' in value;
const isInstanceRecord = (value: object): value is InstanceRecord =>
  'service' in value && 'index' in value;

const keyOfRecord = ({ service, index }: InstanceRecord): string =>
  instanceStoreKey(instanceKey(service, index));

function parsed(key: string, value: Uint8Array): object {
  let whole: { readonly format?: unknown; readonly record?: unknown };
  try {
    whole = JSON.parse(text.decode(value));
  } catch (cause) {
    throw new RecordError(`the record under '${key}' is no JSON`, { cause });
  }
  if (whole.format !== format || typeof whole.record !== 'object' || whole.record === null) {
    throw new RecordError(`the record under '${key}' has format ${String(whole.format)}`);
  }
  return whole.record;
}

/** The record of a service that is wanted otherwise now. */
export function changedService(before: ServiceRecord, spec: ServiceSpec): ServiceRecord {
  const isSame = isSameTemplate(before.spec.template, spec.template);
  return { spec, wish: 'run', revision: isSame ? before.revision : before.revision + 1 };
}
