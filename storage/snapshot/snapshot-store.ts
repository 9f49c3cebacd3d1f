/**
 * The snapshots of a node on disk. It promises what `#raft/core/snapshot-store.ts` says; it is owed one
 * process at a time, which the lock of the node's log sees to, and a folder of its own.
 *
 * A snapshot that is found damaged is neither served nor removed: a later one takes its place. The
 * caller compares what is left with where the log begins.
 */
import { assert } from '#internal/base/assert.ts';
import { accept, refuse, type Result } from '#internal/base/result.ts';
import { type File, type Files, FilesError } from '#internal/runtime/files.ts';
import type { Logger } from '#internal/runtime/logger.ts';
import type {
  SnapshotManifest,
  SnapshotReader,
  SnapshotReceiver,
  SnapshotRefusal,
  SnapshotStore,
  SnapshotWriter,
} from '#raft/core/snapshot-store.ts';
import type { SnapshotMark } from '#raft/core/types.ts';
import { syncAbove } from '#storage/wal/sync-above.ts';
import { chunkBytesMax, clusterIdBytesMax, encodeManifest, parseManifest } from './manifest.ts';
import { SnapshotError } from './snapshot-error.ts';
import { dataName, discard, type Draft, type Ground, manifestName } from './snapshot-folder.ts';
import { parseSnapshotName, type Place, publish, readWhole } from './snapshot-folder.ts';
import { snapshotName, soundChunks } from './snapshot-folder.ts';
import { newReader } from './snapshot-reader.ts';
import { newReceiver } from './snapshot-receiver.ts';
import { newWriter } from './snapshot-writer.ts';

export type SnapshotStoreDependencies = { readonly files: Files; readonly logger: Logger };

export type SnapshotStoreOptions = {
  /** Of this store alone; made when missing. Absolute. */
  readonly folder: string;
  /** At most 64 bytes. */
  readonly clusterId: string;
  /** Of the snapshots made here; at most 1 MiB. */
  readonly chunkBytes: number;
};

/** The newest, and the one before it: who is sent that one may finish. */
const keptCount = 2;

export async function openSnapshotStore(
  { files, logger }: SnapshotStoreDependencies,
  options: SnapshotStoreOptions,
): Promise<SnapshotStore> {
  const { folder, clusterId, chunkBytes } = options;
  const idBytes = new TextEncoder().encode(clusterId).length;
  assert(idBytes <= clusterIdBytesMax, `the cluster id "${clusterId}" is too long`);
  assert(chunkBytes > 0 && chunkBytes <= chunkBytesMax, `chunks of ${chunkBytes} bytes`);
  const ground = { files, folder, clusterId };
  return await guarded(folder, async () => {
    await files.makeFolder(folder);
    await syncAbove(files, folder);
    const whole = await tidy(ground, logger);
    return new Store({ ground, whole }, { chunkBytes });
  });
}

/** Removes what a crash left behind; returns what is whole, newest first. */
async function tidy(ground: Ground, logger: Logger): Promise<SnapshotManifest[]> {
  const { files, folder } = ground;
  const named = (await files.list(folder))
    .map(parseSnapshotName)
    .filter((found) => found !== undefined);
  const whole: SnapshotManifest[] = [];
  for (const place of named.filter(({ suffix }) => suffix === '')) {
    const manifest = await readSound(ground, place);
    if (manifest === undefined) {
      // mark: a snapshot that was not finished was swept away
      logger.error('A snapshot is damaged and will not be used', {
        path: `${folder}/${place.name}`,
      });
    } else whole.push(manifest);
  }
  whole.sort(newestFirst);
  const newest = whole[0]?.mark.index ?? 0;
  for (const { name, suffix, index } of named) {
    const isOfUse = suffix === '' || (suffix === '.part' && index > newest);
    if (!isOfUse) await files.remove(`${folder}/${name}`);
  }
  // A process that died before it had synced a name left it to us as if it had: what we say is there
  // must stay, also after a power cut.
  await files.syncFolder(folder);
  return whole;
}

/** Undefined when the snapshot is not what was once written there. */
async function readSound(ground: Ground, place: Place): Promise<SnapshotManifest | undefined> {
  const { files, folder, clusterId } = ground;
  const path = `${folder}/${snapshotName(place)}`;
  const encoded = await readWhole(files, `${path}/${manifestName}`);
  const parsed = encoded === undefined ? undefined : parseManifest(encoded, clusterId);
  if (parsed?.ok !== true || (await files.stat(`${path}/${dataName}`)) === undefined) {
    return undefined;
  }
  const manifest = parsed.value;
  const { index, term } = manifest.mark;
  if (index !== place.index || term !== place.term) return undefined;
  const data = await files.open(`${path}/${dataName}`);
  try {
    const isSound = (await soundChunks(data, manifest)) === manifest.checksums.length;
    return isSound ? manifest : undefined;
  } finally {
    await data.close();
  }
}

/** Indexes are decided once, so the term follows; names would sort by term first. */
const newestFirst = (one: SnapshotManifest, other: SnapshotManifest): number =>
  other.mark.index - one.mark.index;

type StoreParts = { readonly ground: Ground; readonly whole: SnapshotManifest[] };

class Store implements SnapshotStore {
  readonly #ground: Ground;
  readonly #chunkBytes: number;
  /** Newest first. */
  #whole: SnapshotManifest[];
  #isWriting = false;
  #receiver: SnapshotReceiver | undefined;

  constructor({ ground, whole }: StoreParts, { chunkBytes }: { readonly chunkBytes: number }) {
    this.#ground = ground;
    this.#whole = whole;
    this.#chunkBytes = chunkBytes;
  }

  newest(): SnapshotManifest | undefined {
    return this.#whole[0];
  }

  async create(mark: SnapshotMark): Promise<SnapshotWriter> {
    const newest = this.#newestIndex();
    assert(!this.#isWriting, 'two snapshots of our own at a time');
    assert(mark.index > newest, `a snapshot at ${mark.index} after one at ${newest}`);
    this.#isWriting = true;
    const onEnd = (): void => void (this.#isWriting = false);
    try {
      return await newWriter(
        { ground: this.#ground, guard: this.#guard, commit: this.#commit, onEnd },
        { mark, chunkBytes: this.#chunkBytes },
      );
    } catch (fault) {
      onEnd();
      throw fault;
    }
  }

  async open(place: Place): Promise<SnapshotReader | undefined> {
    const manifest = this.#whole.find(
      ({ mark }) => mark.index === place.index && mark.term === place.term,
    );
    if (manifest === undefined) return undefined;
    const { files, folder, clusterId } = this.#ground;
    const path = `${folder}/${snapshotName(place)}/${dataName}`;
    const data = await this.#guard(() => openIfThere(files, path));
    if (data === undefined) return undefined;
    const encoded = encodeManifest(manifest, clusterId);
    return newReader({ data, guard: this.#guard }, { manifest, encoded });
  }

  async receive(encoded: Uint8Array): Promise<Result<SnapshotReceiver, SnapshotRefusal>> {
    const parsed = parseManifest(encoded, this.#ground.clusterId);
    if (!parsed.ok) return parsed;
    const manifest = parsed.value;
    const newest = this.#newestIndex();
    if (manifest.mark.index <= newest) return refuse({ kind: 'old', newest });
    await this.#receiver?.close();
    this.#receiver = undefined;
    await this.#removeParts(`${snapshotName(manifest.mark)}.part`);
    this.#receiver = await newReceiver(
      { ground: this.#ground, guard: this.#guard, commit: this.#commit },
      { manifest, encoded: encoded.slice() },
    );
    return accept(this.#receiver);
  }

  async close(): Promise<void> {
    await this.#receiver?.close();
  }

  /** One session at a time keeps something, so that its files have a bound. */
  async #removeParts(kept: string): Promise<void> {
    const { files, folder } = this.#ground;
    await this.#guard(async () => {
      for (const name of await files.list(folder)) {
        const isOther = parseSnapshotName(name)?.suffix === '.part' && name !== kept;
        if (isOther) await files.remove(`${folder}/${name}`);
      }
    });
  }

  readonly #commit = async (draft: Draft): Promise<void> => {
    const { index } = draft.manifest.mark;
    const newest = this.#newestIndex();
    if (index <= newest) {
      throw new SnapshotError('CLOSED', `A snapshot at ${newest} came before that at ${index}`);
    }
    await publish(this.#ground, draft);
    this.#whole = [draft.manifest, ...this.#whole].toSorted(newestFirst);
    for (const { mark } of this.#whole.splice(keptCount)) await discard(this.#ground, mark);
  };

  readonly #guard = <T>(work: () => Promise<T>): Promise<T> => guarded(this.#ground.folder, work);

  #newestIndex(): number {
    return this.newest()?.mark.index ?? 0;
  }
}

/** A later snapshot may remove this one while it is opened. */
async function openIfThere(files: Files, path: string): Promise<File | undefined> {
  try {
    return await files.open(path);
  } catch (fault) {
    if (fault instanceof FilesError && fault.code === 'ENOENT') return undefined;
    throw fault;
  }
}

/** Tells a failing disk as a `SnapshotError`, with words for the operator. */
async function guarded<T>(folder: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (fault) {
    if (!(fault instanceof FilesError)) throw fault;
    const code = fault.code === 'ENOSPC' || fault.code === 'EDQUOT' ? 'FULL' : 'IO';
    const message = `Cannot keep a snapshot in ${folder}: ${fault.message}`;
    throw new SnapshotError(code, message, { cause: fault });
  }
}
