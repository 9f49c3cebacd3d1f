/**
 * One value in a framework's store, kept as JSON, for a framework's intent: what it has promised, how far a
 * plan has come. It is read and written by whoever acts for the framework, several programs at a time.
 *
 * Promised: a change is made to the newest value, once, and no other change is lost by it; also when the
 * answer to a write never came, for the last writes have their names in the store.
 */
import { backoffMs } from '#internal/base/backoff.ts';
import type { Random } from '#internal/base/random.ts';
import { newUuid } from '#internal/base/uuid.ts';
import type { Clock } from '#internal/runtime/clock.ts';
import type { FrameworkStore, StoreOutcome } from './framework-store.ts';

export type StoreCellDependencies = {
  readonly clock: Clock;
  readonly random: Random;
  readonly store: Pick<FrameworkStore, 'get' | 'put'>;
};

/** A value, and the version under which it stands: it rises with each change. Absent: 0n. */
export type Standing<Value> = { readonly value: Value | undefined; readonly version: bigint };

export type CellOutcome<Value> =
  | ({ readonly kind: 'done' } & Standing<Value>)
  /** The change was not wanted any more when the newest value was seen. */
  | ({ readonly kind: 'unchanged' } & Standing<Value>)
  /** As a store refuses, for good. */
  | { readonly kind: 'refused'; readonly status: number; readonly text: string }
  /** Nobody answered for too long; what was asked for may have been done. */
  | { readonly kind: 'unknown' }
  /** What stands there is nothing that a cell has written. */
  | { readonly kind: 'foreign' };

export type StoreCell<Value> = {
  read(): Promise<CellOutcome<Value>>;
  /** `next` may be asked several times; undefined leaves things as they are. */
  change(next: (now: Value | undefined) => Value | undefined): Promise<CellOutcome<Value>>;
};

/** `writes` counts all that there ever were; `by` names the last of them, the newest at the end. */
type Written<Value> = {
  readonly value: Value;
  readonly writes: number;
  readonly by: readonly string[];
};
type Found<Value> = Standing<Value> & Pick<Written<Value>, 'writes' | 'by'>;

/** So many writes of others may come between one of ours and our look at what became of it. */
const namesMax = 16;

/** Times that a store is asked in vain before it is given up: about half a minute. */
const attemptsMax = 12;
const pauses = { firstMs: 50, mostMs: 5000 };

/** `Value` is what JSON can say. */
export function storeCell<Value>(
  dependencies: StoreCellDependencies,
  key: string,
): StoreCell<Value> {
  return {
    read: async () => {
      const found = await insist(dependencies, () => look<Value>(dependencies, key));
      return 'kind' in found ? found : { kind: 'done', ...standing(found) };
    },
    change: async (next) => await change(dependencies, key, next),
  };
}

async function change<Value>(
  dependencies: StoreCellDependencies,
  key: string,
  next: (now: Value | undefined) => Value | undefined,
): Promise<CellOutcome<Value>> {
  const { store, random } = dependencies;
  /** Writes of ours of which nobody knows, and how many there were before the first of them. */
  const names = new Set<string>();
  let before = 0;
  return await insist(dependencies, async () => {
    const found = await look<Value>(dependencies, key);
    if (found === again || 'kind' in found) return found;
    if (found.by.some((name) => names.has(name))) return { kind: 'done', ...standing(found) };
    const isBeyond = found.writes < before || found.writes - before > namesMax;
    if (names.size > 0 && isBeyond) return { kind: 'unknown' };
    const value = next(found.value);
    if (value === undefined) return { kind: 'unchanged', ...standing(found) };
    const name = newUuid(random);
    const outcome = await store.put(key, bytesOf(found, name, value), found.version);
    if (outcome.kind === 'done') return { kind: 'done', value, version: outcome.value };
    if (outcome.kind === 'unknown') {
      if (names.size === 0) before = found.writes;
      names.add(name);
    }
    return outcome.kind === 'refused' ? outcome : again;
  });
}

function bytesOf<Value>({ writes, by }: Found<Value>, name: string, value: Value): Uint8Array {
  const written: Written<Value> = {
    value,
    writes: writes + 1,
    by: [...by, name].slice(-namesMax),
  };
  return new TextEncoder().encode(JSON.stringify(written));
}

/** What an attempt gives that is to be made again. */
const again = undefined;
type Again = typeof again;

const standing = <Value>({ value, version }: Found<Value>): Standing<Value> => ({ value, version });

async function look<Value>(
  { store }: StoreCellDependencies,
  key: string,
): Promise<Found<Value> | Extract<CellOutcome<Value>, { kind: 'refused' | 'foreign' }> | Again> {
  const outcome: StoreOutcome<{ readonly value?: Uint8Array; readonly version: bigint }> =
    await store.get(key);
  if (outcome.kind === 'absent') {
    return { by: [], writes: 0, value: undefined, version: 0n };
  }
  if (outcome.kind === 'refused') return outcome;
  if (outcome.kind !== 'done') return again;
  const { value, version } = outcome.value;
  const written = parse<Value>(value ?? new Uint8Array());
  return written === undefined ? { kind: 'foreign' } : { ...written, version };
}

function parse<Value>(bytes: Uint8Array): Written<Value> | undefined {
  try {
    const said: unknown = JSON.parse(new TextDecoder().decode(bytes));
    return isWritten<Value>(said) ? said : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

function isWritten<Value>(said: unknown): said is Written<Value> {
  if (typeof said !== 'object' || said === null || !('value' in said)) return false;
  return (
    'by' in said && Array.isArray(said.by) && 'writes' in said && typeof said.writes === 'number'
  );
}

/** Asks again, after longer and longer pauses, what nobody answered or somebody else was faster in. */
async function insist<Outcome extends object>(
  { clock, random }: StoreCellDependencies,
  attempt: () => Promise<Outcome | Again>,
): Promise<Outcome | { readonly kind: 'unknown' }> {
  for (let failures = 1; failures <= attemptsMax; failures++) {
    const outcome = await attempt();
    if (outcome !== again) return outcome;
    await clock.sleep(backoffMs(failures, pauses, random));
  }
  return { kind: 'unknown' };
}
