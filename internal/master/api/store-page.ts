/** One page of a store: pure, so that paging can be tested apart from who may read. */
import { bytesOfValue, type FrameworkStore } from '#internal/model/framework-store.ts';
import type { Entry, List, Page } from '#proto/gen/altiplano/store/v1.ts';

export type PageLimits = {
  readonly entriesMax: number;
  /** Of keys and values; the first entry is given whatever its size. */
  readonly bytesMax: number;
};

/** The keys in the order of their UTF-16, as JavaScript compares strings. */
export function pageOf({ values }: FrameworkStore, asked: List, limits: PageLimits): Page {
  const { prefix = '', after, limit = limits.entriesMax, keys_only: isBare = false } = asked;
  const keys = [...values.keys()]
    .filter((key) => key.startsWith(prefix) && (after === undefined || key > after))
    .toSorted();
  const entries: Entry[] = [];
  let bytes = 0;
  for (const key of keys.slice(0, Math.min(limit, limits.entriesMax))) {
    const stored = values.get(key);
    if (stored === undefined) continue;
    bytes += bytesOfValue(key, isBare ? { value: nothing } : stored);
    if (bytes > limits.bytesMax && entries.length > 0) break;
    const version = BigInt(stored.version);
    entries.push({ key, version, ...(!isBare && { value: stored.value }) });
  }
  return { entries, more: entries.length < keys.length };
}

const nothing = new Uint8Array(0);
