/** What frameworks keep for themselves, as the masters write it down: commands and records. */
import { frameworkId } from '#internal/model/ids.ts';
import type { StateRecord } from '#internal/state/records.ts';
import type { StoreCommand } from '#internal/state/store-command.ts';
import type * as written from '#proto/gen/altiplano/state/v1.ts';

export function storeToWritten(command: StoreCommand): Omit<written.Command, 'at_ms'> {
  const { frameworkId: framework_id, key, expected } = command;
  const about = { framework_id, key, ...(expected !== undefined && { expected }) };
  if (command.kind === 'delete-value') return { delete_value: about };
  const { value, keysMax: keys_max, bytesMax: bytes_max } = command;
  return { put_value: { ...about, value, keys_max, bytes_max } };
}

/** Undefined for a command of another sort. */
export function storeFromWritten({
  put_value: put,
  delete_value: deleted,
}: written.Command): StoreCommand | undefined {
  if (deleted !== undefined) {
    const { framework_id: id, key, expected } = deleted;
    return { kind: 'delete-value', frameworkId: frameworkId(id), key, expected };
  }
  if (put === undefined) return undefined;
  const { framework_id: id, key, value, expected } = put;
  const limits = { keysMax: put.keys_max, bytesMax: put.bytes_max };
  return { kind: 'put-value', frameworkId: frameworkId(id), key, value, expected, ...limits };
}

type StoreRecord = Extract<StateRecord, { kind: 'store' | 'stored-value' }>;

export function storeRecordToWritten(record: StoreRecord): written.Record {
  const { frameworkId: framework_id, version } = record;
  if (record.kind === 'store') return { store: { framework_id, version } };
  return { stored_value: { framework_id, key: record.key, value: record.value, version } };
}

/** Undefined for a record of another sort. */
export function storeRecordFromWritten({
  store,
  stored_value: stored,
}: written.Record): StoreRecord | undefined {
  if (store !== undefined) {
    const { framework_id: id, version } = store;
    return { kind: 'store', frameworkId: frameworkId(id), version };
  }
  if (stored === undefined) return undefined;
  const { framework_id: id, key, value, version } = stored;
  return { kind: 'stored-value', frameworkId: frameworkId(id), key, value, version };
}
