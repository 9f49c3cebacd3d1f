/** Folders, owners and links of this machine, by `node:fs`. */
import * as fs from 'node:fs/promises';
import type { Stats } from 'node:fs';
import { join } from 'node:path';
import type { FileTree, TreeEntry } from '../file-tree.ts';
import { FilesError } from '../files.ts';

export function systemFileTree(): FileTree {
  return {
    makeFolder: (path, owner) =>
      faults(path, async () => {
        await fs.mkdir(path, { recursive: true });
        if (owner !== undefined) await fs.chown(path, owner.uid, owner.gid);
      }),
    link: (path, target) =>
      faults(path, async () => {
        // A link cannot be changed, but another one can take its place at once.
        const draft = `${path}.new`;
        await fs.rm(draft, { force: true });
        await fs.symlink(target, draft);
        await fs.rename(draft, path);
      }),
    resolve: (path) => faults(path, () => unlessMissing(() => fs.realpath(path))),
    look: (path) =>
      faults(path, () => unlessMissing(async () => await entryOf(path, await fs.stat(path)))),
    browse: (path) => faults(path, () => unlessMissing(() => browse(path))),
    read: (path, offset, length) => faults(path, () => read(path, offset, length)),
  };
}

async function browse(path: string): Promise<readonly TreeEntry[]> {
  const names = (await fs.readdir(path)).toSorted();
  const entries = await Promise.all(
    names.map((name) => {
      const full = join(path, name);
      // What vanishes meanwhile was not there.
      return unlessMissing(async () => await entryOf(full, await fs.lstat(full)));
    }),
  );
  return entries.filter((entry) => entry !== undefined);
}

async function read(path: string, offset: number, length: number): Promise<Uint8Array> {
  const file = await fs.open(path, 'r');
  try {
    const buffer = new Uint8Array(length);
    let filled = 0;
    while (filled < length) {
      const { bytesRead } = await file.read(buffer, filled, length - filled, offset + filled);
      if (bytesRead === 0) break;
      filled += bytesRead;
    }
    return buffer.subarray(0, filled);
  } finally {
    await file.close();
  }
}

async function entryOf(path: string, stats: Stats): Promise<TreeEntry> {
  return {
    path,
    kind: kindOf(stats),
    mode: stats.mode,
    links: stats.nlink,
    sizeBytes: stats.size,
    modifiedMs: stats.mtimeMs,
    uid: stats.uid,
    gid: stats.gid,
    user: await nameOf('/etc/passwd', stats.uid),
    group: await nameOf('/etc/group', stats.gid),
  };
}

function kindOf(stats: Stats): TreeEntry['kind'] {
  if (stats.isFile()) return 'file';
  if (stats.isDirectory()) return 'folder';
  return stats.isSymbolicLink() ? 'link' : 'other';
}

async function nameOf(register: '/etc/passwd' | '/etc/group', id: number): Promise<string> {
  const text = await fs.readFile(register, 'utf8').catch(() => '');
  const line = text.split('\n').find((entry) => entry.split(':')[2] === String(id));
  return line?.split(':')[0] ?? String(id);
}

async function unlessMissing<Value>(look: () => Promise<Value>): Promise<Value | undefined> {
  try {
    return await look();
  } catch (error) {
    const code = codeOf(error);
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw error;
  }
}

async function faults<Value>(path: string, work: () => Promise<Value>): Promise<Value> {
  try {
    return await work();
  } catch (cause) {
    throw new FilesError(codeOf(cause), `${path}: ${String(cause)}`, { cause });
  }
}

function codeOf(error: unknown): string {
  const isCoded = error instanceof Error && 'code' in error && typeof error.code === 'string';
  return isCoded ? String(error.code) : 'EIO';
}
