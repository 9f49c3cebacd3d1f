/** What a framework remembers in the masters' log: values by key, each with a version. */
import { Map } from 'immutable';

export type StoredValue = {
  readonly value: Uint8Array;
  /** Of all puts of the framework, this was the so-many-eth. */
  readonly version: number;
};

export type FrameworkStore = {
  /** The last version that was given: it never falls, whatever is deleted. */
  readonly version: number;
  readonly values: Map<string, StoredValue>;
  /** Of all keys and values together; derived. */
  readonly bytes: number;
};

export const noStore: FrameworkStore = { version: 0, values: Map(), bytes: 0 };

/** In UTF-8. */
export const keyBytesMax = 512;

const text = new TextEncoder();

export const bytesOfText = (words: string): number => text.encode(words).length;

/** What a key and its value count for. */
export const bytesOfValue = (key: string, { value }: Pick<StoredValue, 'value'>): number =>
  bytesOfText(key) + value.length;

/** With `version` as the last that was given. Versions are whole and rise. */
export function withValue(store: FrameworkStore, key: string, stored: StoredValue): FrameworkStore {
  const before = store.values.get(key);
  const freed = before === undefined ? 0 : bytesOfValue(key, before);
  return {
    version: Math.max(store.version, stored.version),
    values: store.values.set(key, stored),
    bytes: store.bytes - freed + bytesOfValue(key, stored),
  };
}

export function withoutValue(store: FrameworkStore, key: string): FrameworkStore {
  const before = store.values.get(key);
  if (before === undefined) return store;
  const bytes = store.bytes - bytesOfValue(key, before);
  return { ...store, values: store.values.remove(key), bytes };
}
