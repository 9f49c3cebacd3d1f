/**
 * How the records lie in the store, and how they lay in older versions.
 *
 *     version      2
 *     batch        number of the newest batch and digest of all records after it, sealed
 *     …            the records (`changes.ts`), sealed
 *
 * Layout 1 had the records bare and no `batch`: nothing could be proved of it.
 */
import { putUint64, takeUint64, viewOf } from '../wal/bytes.ts';
import type { KeyValueStore, Write } from '../key-value-store.ts';
import { Digest, open, seal, sumOf } from './sealed.ts';

/** A batch, and what is there after it. */
export type Base = { readonly number: number; readonly digest: Digest };

export type Claim = { readonly number: number; readonly digest: bigint };

/** All of a store as it would be in this layout. */
export type Contents = {
  /** 0 when the store is empty, or has lost it. */
  readonly version: number;
  /** Sealed values by key, without `version` and `batch`. */
  readonly values: ReadonlyMap<string, Uint8Array>;
  /** What its newest batch says; undefined when it does not, or is damaged. */
  readonly claim: Claim | undefined;
};

export const layout = 2;
/** The batch that all records of layout 1 become. */
const adopted = 1;
const versionKey = 'version';
const batchKey = 'batch';

export const versionWrite: Write = {
  kind: 'put',
  key: versionKey,
  value: new TextEncoder().encode(String(layout)),
};

/** Written with each batch. */
export function claimOf({ number, digest }: Base): Write {
  const content = new Uint8Array(16);
  const view = viewOf(content);
  putUint64(view, 0, number);
  view.setBigUint64(8, digest.total, true);
  return { kind: 'put', key: batchKey, value: seal(batchKey, number, content) };
}

export async function readStore(store: KeyValueStore): Promise<Contents> {
  const all = new Map<string, Uint8Array>();
  for await (const [key, value] of store.range({ from: '' })) all.set(key, value);
  const version = versionOf(all.get(versionKey));
  const claim = claimIn(all.get(batchKey));
  all.delete(versionKey);
  all.delete(batchKey);
  return version === 1 ? adopt(all) : { version, values: all, claim };
}

/** One that cannot be read counts as lost: the seals say whether the rest is of this layout. */
function versionOf(value: Uint8Array | undefined): number {
  const text = new TextDecoder().decode(value);
  return /^[1-9][0-9]{0,8}$/u.test(text) ? Number(text) : 0;
}

function claimIn(value: Uint8Array | undefined): Claim | undefined {
  const content = value && open(batchKey, value)?.content;
  if (content === undefined || content.length !== 16) return undefined;
  const view = viewOf(content);
  return { number: takeUint64(view, 0), digest: view.getBigUint64(8, true) };
}

function adopt(bare: ReadonlyMap<string, Uint8Array>): Contents {
  const values = new Map([...bare].map(([key, value]) => [key, seal(key, adopted, value)]));
  const digest = new Digest([...values].map(([key, value]) => [key, sumOf(value)]));
  return { version: 1, values, claim: { number: adopted, digest: digest.total } };
}
