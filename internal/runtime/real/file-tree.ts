/** Folders, owners and links of this machine, by `node:fs`. */
import * as fs from 'node:fs/promises';
import { type Stats, constants } from 'node:fs';
import { join } from 'node:path';
import type { FileTree, MeasuredEntry, ReadRange, TreeEntry } from '../file-tree.ts';
import { makeFolder } from './make-folder.ts';
import { codeOf, faults } from './system-fault.ts';

export function systemFileTree(): FileTree {
  let drafts = 0;
  return {
    makeFolder: (path, owner) =>
      faults(path, async () => {
        await makeFolder(path);
        if (owner !== undefined) await fs.chown(path, owner.uid, owner.gid);
      }),
    makePath: (path, owner) =>
      faults(path, async () => {
        await fs.mkdir(path, { recursive: true });
        if (owner !== undefined) await fs.chown(path, owner.uid, owner.gid);
      }),
    link: (path, target) =>
      faults(path, async () => {
        if (await isLinked(path, target)) return;
        // A link cannot be changed, but another one can take its place at once.
        // Others may be about to do the same.
        const draft = `${path}.${process.pid}-${drafts++}.new`;
        await fs.symlink(target, draft).catch(async (error: unknown) => {
          if (codeOf(error) !== 'EEXIST') throw error;
          // Of a process before us, by the same number, that came no further.
          await fs.rm(draft, { force: true });
          await fs.symlink(target, draft);
        });
        await fs.rename(draft, path);
      }),
    resolve: (path) => faults(path, () => unlessMissing(() => fs.realpath(path))),
    look: (path) =>
      faults(path, () => unlessMissing(async () => await entryOf(path, await fs.stat(path)))),
    browse: (path, within) => faults(path, () => unlessMissing(() => browse(path, within))),
    measure: (path, entriesMax) =>
      faults(path, () => unlessMissing(() => measure(path, entriesMax))),
    read: (path, range) => faults(path, () => read(path, range)),
    touch: (path, modifiedMs) =>
      faults(path, () => fs.lutimes(path, modifiedMs / 1000, modifiedMs / 1000)),
    usedShare: (path) =>
      faults(path, async () => {
        const { blocks, bfree } = await fs.statfs(path);
        return blocks === 0 ? 0 : (blocks - bfree) / blocks;
      }),
  };
}

/** Mostly there is none yet, and then this is all that it takes. */
async function isLinked(path: string, target: string): Promise<boolean> {
  try {
    await fs.symlink(target, path);
    return true;
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false;
    throw error;
  }
}

async function browse(path: string, within: string | undefined): Promise<readonly TreeEntry[]> {
  const folder = await fs.open(path, constants.O_RDONLY | constants.O_DIRECTORY);
  try {
    // What is held is looked at, wherever its name leads by now.
    const held = `/proc/self/fd/${folder.fd}`;
    if (within !== undefined) {
      const real = await fs.readlink(held);
      if (real !== within && !real.startsWith(`${within}/`)) {
        throw denied(`it leads out of ${within}`);
      }
    }
    const names = (await fs.readdir(held)).toSorted();
    const entries = await Promise.all(
      names.map((name) =>
        // What vanishes meanwhile was not there.
        unlessMissing(
          async () => await entryOf(join(path, name), await fs.lstat(join(held, name))),
        ),
      ),
    );
    return entries.filter((entry) => entry !== undefined);
  } finally {
    await folder.close();
  }
}

/** As `stat` counts them, whatever the disk's own blocks are. */
const blockBytes = 512;

async function measure(path: string, entriesMax: number): Promise<readonly MeasuredEntry[]> {
  const entries: MeasuredEntry[] = [];
  for await (const { name } of await fs.opendir(path)) {
    if (entries.length === entriesMax) break;
    const full = join(path, name);
    const stats = await unlessMissing(() => fs.lstat(full));
    if (stats === undefined) continue;
    entries.push({
      path: full,
      isFolder: stats.isDirectory(),
      diskBytes: stats.blocks * blockBytes,
      identity: `${stats.dev}:${stats.ino}`,
    });
  }
  return entries;
}

async function read(path: string, { offset, length, within }: ReadRange): Promise<Uint8Array> {
  // Not blocking: a task may have put a pipe there, on which nobody ever writes.
  const file = await fs.open(path, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    if (within !== undefined) {
      const real = await fs.readlink(`/proc/self/fd/${file.fd}`);
      if (!real.startsWith(`${within}/`)) throw denied(`it leads out of ${within}`);
    }
    if (!(await file.stat()).isFile()) throw denied('it is no regular file');
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

const denied = (why: string): Error => Object.assign(new Error(why), { code: 'EACCES' });

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
