/** A saved snapshot as a file: written whole or not at all, and read piece by piece. */
import { dirname } from 'node:path';
import type { File, Files } from '#internal/runtime/files.ts';
import { type PortableHead, readPortable } from '#storage/snapshot/portable-snapshot.ts';
import { SnapshotError } from '#storage/snapshot/snapshot-error.ts';

export type FileContent = PortableHead & { readonly stateBytes: number };

const pieceBytes = 1 << 20;

/**
 * Puts the bytes at `path`, once they are durable and read back as a whole snapshot. Throws
 * `SnapshotError` `CLOSED` when something is there already, and `CORRUPT`.
 */
export async function writeFile(
  files: Files,
  path: string,
  bytes: AsyncIterable<Uint8Array>,
): Promise<FileContent> {
  if ((await files.stat(path)) !== undefined) {
    throw new SnapshotError('CLOSED', `${path} is there already; nothing was changed`);
  }
  const draft = `${path}.part`;
  await files.remove(draft);
  try {
    await fill(files, draft, bytes);
    const content = await verifyFile(files, draft);
    await files.rename(draft, path);
    await files.syncFolder(dirname(path));
    return content;
  } catch (fault) {
    await files.remove(draft);
    throw fault;
  }
}

/** Reads it to its end. Throws `SnapshotError` `CORRUPT`. */
export async function verifyFile(files: Files, path: string): Promise<FileContent> {
  return await readFile(files, path, async (snapshot) => {
    const { chunks, ...head } = snapshot;
    let stateBytes = 0;
    for await (const { length } of chunks) stateBytes += length;
    return { ...head, stateBytes };
  });
}

/** Gives the snapshot to `use`, as long as that takes. */
export async function readFile<T>(
  files: Files,
  path: string,
  use: (snapshot: Awaited<ReturnType<typeof readPortable>>) => Promise<T>,
): Promise<T> {
  const file = await files.open(path);
  try {
    return await use(await readPortable(piecesOf(file)));
  } finally {
    await file.close();
  }
}

async function fill(files: Files, path: string, bytes: AsyncIterable<Uint8Array>): Promise<void> {
  const file = await files.open(path, { create: true });
  try {
    let offset = 0;
    for await (const piece of bytes) {
      await file.write(offset, [piece]);
      offset += piece.length;
    }
    await file.sync();
  } finally {
    await file.close();
  }
}

async function* piecesOf(file: File): AsyncGenerator<Uint8Array, void> {
  for (let offset = 0; ;) {
    const piece = await file.read(offset, pieceBytes);
    if (piece.length === 0) return;
    yield piece;
    offset += piece.length;
  }
}
