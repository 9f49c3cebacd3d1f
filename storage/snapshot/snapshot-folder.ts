/**
 * Where snapshots lie: a folder each, with the manifest and the data.
 *
 *     <term>-<index>        a whole one; the numbers in 16 hexadecimal digits
 *     <term>-<index>.tmp    being written: nothing after a restart
 *     <term>-<index>.gone   being removed
 *     <term>-<index>.part   being received: goes on after a restart
 *
 * A name without a suffix comes by a rename after all beneath it is durable, and goes by a rename
 * too: so it never stands for half a snapshot (raft.md, bug 35).
 */
import type { File, Files } from '#internal/runtime/files.ts';
import type { SnapshotManifest } from '#raft/core/snapshot-store.ts';
import type { Index, Term } from '#raft/core/types.ts';
import { crc32c } from '#storage/wal/crc32c.ts';
import { encodeManifest } from './manifest.ts';
import { SnapshotError } from './snapshot-error.ts';

export type Place = { readonly index: Index; readonly term: Term };

/** The doors and the place that all parts of a store share. */
export type Ground = {
  readonly files: Files;
  readonly folder: string;
  readonly clusterId: string;
};

export const manifestName = 'manifest';
export const dataName = 'data';

export const snapshotName = ({ term, index }: Place): string => `${hex(term)}-${hex(index)}`;

const hex = (value: number): string => value.toString(16).padStart(16, '0');

export type Named = Place & {
  readonly name: string;
  readonly suffix: '' | '.tmp' | '.gone' | '.part';
};

/** Undefined for what is not ours. */
export function parseSnapshotName(name: string): Named | undefined {
  const found = /^([0-9a-f]{16})-([0-9a-f]{16})(\..+)?$/.exec(name);
  if (found === null) return undefined;
  const [, term = '', index = ''] = found;
  const suffix = (['', '.tmp', '.gone', '.part'] as const).find((one) => one === (found[3] ?? ''));
  if (suffix === undefined) return undefined;
  return { name, suffix, term: Number.parseInt(term, 16), index: Number.parseInt(index, 16) };
}

/**
 * Gives the folder `name`, whose data is written and not yet synced, its lasting name. What is read
 * back before is compared with the manifest: what a receiver tells the core is on disk.
 */
export async function publish(ground: Ground, { name, data, manifest }: Draft): Promise<void> {
  const { files, folder, clusterId } = ground;
  const path = `${folder}/${name}`;
  await data.truncate(manifest.sizeBytes);
  await data.sync();
  const written = await soundChunks(data, manifest);
  if (written !== manifest.checksums.length) {
    throw new SnapshotError('CORRUPT', `${path} does not read as it was written: chunk ${written}`);
  }
  await writeWhole(files, `${path}/${manifestName}`, encodeManifest(manifest, clusterId));
  await files.syncFolder(path);
  const target = `${folder}/${snapshotName(manifest.mark)}`;
  // Only one that was found damaged can be there.
  await discard(ground, manifest.mark);
  await files.rename(path, target);
  await files.syncFolder(folder);
}

export type Draft = {
  readonly name: string;
  readonly data: File;
  readonly manifest: SnapshotManifest;
};

/** How many chunks from the first on are what the manifest says. */
export async function soundChunks(data: File, manifest: SnapshotManifest): Promise<number> {
  const { chunkBytes, sizeBytes, checksums } = manifest;
  for (const [position, checksum] of checksums.entries()) {
    const offset = position * chunkBytes;
    const length = Math.min(chunkBytes, sizeBytes - offset);
    const bytes = await data.read(offset, length);
    if (bytes.length !== length || crc32c(bytes) !== checksum) return position;
  }
  return checksums.length;
}

/** Removes a whole snapshot, if there is one; a crash leaves nothing that looks whole. */
export async function discard({ files, folder }: Ground, place: Place): Promise<void> {
  const path = `${folder}/${snapshotName(place)}`;
  if ((await files.stat(path)) === undefined) return;
  await files.remove(`${path}.gone`);
  await files.rename(path, `${path}.gone`);
  await files.syncFolder(folder);
  await files.remove(`${path}.gone`);
}

export async function writeWhole(files: Files, path: string, bytes: Uint8Array): Promise<void> {
  const file = await files.open(path, { create: true });
  try {
    await file.truncate(0);
    await file.write(0, [bytes]);
    await file.sync();
  } finally {
    await file.close();
  }
}

/** Undefined when there is no such file. */
export async function readWhole(files: Files, path: string): Promise<Uint8Array | undefined> {
  if ((await files.stat(path)) === undefined) return undefined;
  const file = await files.open(path);
  try {
    return await file.read(0, await file.size());
  } finally {
    await file.close();
  }
}
