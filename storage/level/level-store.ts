/**
 * `KeyValueStore` in LevelDB. Its log keeps batches in order, so that an unsynced one is lost only
 * with all that came after it, and a synced one takes all before it to the disk.
 */
import { Level } from 'level';
import {
  type KeyValueStore,
  type RangeOptions,
  StoreError,
  type Write,
} from '../key-value-store.ts';

type Database = Level<string, Uint8Array>;

export type LevelStoreOptions = {
  /** A folder of its own; made when missing, with the folders above it. */
  readonly path: string;
  /** What is in its log and nowhere else is at most about this; LevelDB's own choice is 4 MiB. */
  readonly logBytesMax?: number;
};

/** Rejects with `LOCKED` while another process has it open, `CORRUPT` when it cannot be read. */
export async function openLevelStore({
  path,
  logBytesMax: writeBufferSize,
}: LevelStoreOptions): Promise<KeyValueStore> {
  const database: Database = new Level(path, {
    keyEncoding: 'utf8',
    valueEncoding: 'view',
    ...(writeBufferSize !== undefined && { writeBufferSize }),
  });
  await asFault(path, () => database.open());
  // Batches run on a pool of threads, which keeps no order between two that are under way.
  let last: Promise<unknown> = Promise.resolve();
  return {
    get: (key) => asFault(path, () => database.get(key)),
    range: (options) => range(database, path, options),
    write(batch, { sync }) {
      const write = (): Promise<void> =>
        asFault(path, () => database.batch(batch.map(toLevel), { sync }));
      const written = last.then(write, write);
      last = written;
      return written;
    },
    [Symbol.asyncDispose]: () => asFault(path, () => database.close()),
  };
}

async function* range(
  database: Database,
  path: string,
  { from, to, limit = -1 }: RangeOptions,
): AsyncGenerator<readonly [string, Uint8Array]> {
  const bounds = to === undefined ? { gte: from } : { gte: from, lt: to };
  const pairs = await asFault(path, async () => database.iterator({ ...bounds, limit }));
  try {
    for (;;) {
      const pair = await asFault(path, () => pairs.next());
      if (pair === undefined) return;
      yield pair;
    }
  } finally {
    await pairs.close();
  }
}

type LevelWrite =
  | { readonly type: 'put'; readonly key: string; readonly value: Uint8Array }
  | { readonly type: 'del'; readonly key: string };

const toLevel = (write: Write): LevelWrite =>
  write.kind === 'put'
    ? { type: 'put', key: write.key, value: write.value }
    : { type: 'del', key: write.key };

async function asFault<T>(path: string, act: () => Promise<T>): Promise<T> {
  try {
    return await act();
  } catch (cause) {
    throw new StoreError(codeOf(cause), `LevelDB at ${path}: ${reasonOf(cause)}`, { cause });
  }
}

function codeOf(error: unknown): StoreError['code'] {
  for (let at = error; at instanceof Error; at = at.cause) {
    switch ('code' in at ? at.code : undefined) {
      case 'LEVEL_LOCKED':
        return 'LOCKED';
      case 'LEVEL_CORRUPTION':
        return 'CORRUPT';
      case 'LEVEL_DATABASE_NOT_OPEN':
      case 'LEVEL_ITERATOR_NOT_OPEN':
        // The same code tells of a failed opening, which says more in its cause.
        if (at.cause === undefined) return 'CLOSED';
        break;
      default:
    }
  }
  return 'IO';
}

/** The innermost message: the outer one only says that it is not open. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause === undefined ? error.message : reasonOf(error.cause);
}
