/**
 * Guarded folders by Linux's `/proc/self/fd`: a path that begins with the descriptor of a folder leads
 * to that folder and no other, which is all that `openat` and `renameat` do.
 */
import { constants, fstatSync, ftruncateSync, readSync, writeSync } from 'node:fs';
import { type FileHandle, lchown, open, readdir, rename, rm } from 'node:fs/promises';
import type { GuardedFolder, GuardedFolders, Rotation } from '../guarded-folder.ts';
import type { User } from '../processes.ts';
import { codeOf, faults } from './system-fault.ts';

const folderFlags = constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW;
/** Not blocking: it may be a pipe on which nobody ever writes. */
const fileFlags = constants.O_NOFOLLOW | constants.O_NONBLOCK;
const pieceBytes = 1024 * 1024;

export function systemGuardedFolders(): GuardedFolders {
  return { open: (root, path) => faults(root, () => hold(root, path)) };
}

async function hold(root: string, path: readonly string[]): Promise<GuardedFolder> {
  let handle = await open(root, constants.O_RDONLY | constants.O_DIRECTORY);
  for (const part of path) {
    if (part === '' || part === '..' || part.includes('/')) {
      await handle.close();
      throw Object.assign(new Error(`'${part}' is no name in a folder`), { code: 'EINVAL' });
    }
    const above = handle;
    try {
      handle = await open(`/proc/self/fd/${above.fd}/${part}`, folderFlags);
    } finally {
      await above.close();
    }
  }
  return inHeld(handle);
}

function inHeld(folder: FileHandle): GuardedFolder {
  const at = (name: string): string => `/proc/self/fd/${folder.fd}/${name}`;
  return {
    takeAll: (from, owner) =>
      faults(from, async () => {
        if (owner !== undefined) await giveAll(from, owner);
        for (const name of await readdir(from)) await rename(`${from}/${name}`, at(name));
      }),
    append: (name, bytes, owner) =>
      faults(name, async () => {
        const flags = constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT | fileFlags;
        const file = await open(at(name), flags, 0o644).catch(unlessOdd);
        if (file === undefined) return;
        try {
          const { uid } = await file.stat();
          if (!(await isPlain(file))) return;
          if (owner !== undefined && uid !== owner.uid) await file.chown(owner.uid, owner.gid);
          await file.appendFile(bytes);
        } finally {
          await file.close();
        }
      }),
    sizeOf: (name) =>
      faults(name, async () => {
        const file = await open(at(name), constants.O_RDONLY | fileFlags).catch(unlessOdd);
        if (file === undefined) return 0;
        try {
          return (await isPlain(file)) ? (await file.stat()).size : 0;
        } finally {
          await file.close();
        }
      }),
    rotate: (name, rotation) => faults(name, () => rotate(at, name, rotation)),
    [Symbol.asyncDispose]: () => folder.close(),
  };
}

async function rotate(
  at: (name: string) => string,
  name: string,
  { bytesMax, keep }: Rotation,
): Promise<void> {
  const file = await open(at(name), constants.O_RDWR | fileFlags).catch(unlessOdd);
  if (file === undefined) return;
  try {
    if (!(await isPlain(file))) return;
    const { uid, gid } = await file.stat();
    await rm(at(`${name}.${keep}`), { recursive: true, force: true });
    for (let number = keep - 1; number >= 1; number--) {
      await rename(at(`${name}.${number}`), at(`${name}.${number + 1}`)).catch(unlessOdd);
    }
    const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | fileFlags;
    const copy = await open(at(`${name}.1`), flags, 0o644);
    try {
      await copy.chown(uid, gid);
      moveContent(file.fd, copy.fd, bytesMax);
    } finally {
      await copy.close();
    }
  } finally {
    await file.close();
  }
}

/** In one go, without a turn of the loop: nothing shall come between the last look and the cut. */
function moveContent(from: number, to: number, bytesMax: number): void {
  const buffer = new Uint8Array(pieceBytes);
  let at = Math.max(0, fstatSync(from).size - bytesMax);
  // A writer that is faster than we are is not waited for.
  for (const end = at + 2 * bytesMax; at < end;) {
    const count = readSync(from, buffer, 0, buffer.length, at);
    if (count === 0) break;
    writeSync(to, buffer, 0, count);
    at += count;
  }
  ftruncateSync(from, 0);
}

/** Another name of a file elsewhere would be a way out as well. */
async function isPlain(file: FileHandle): Promise<boolean> {
  const stats = await file.stat();
  return stats.isFile() && stats.nlink === 1;
}

async function giveAll(folder: string, owner: User): Promise<void> {
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const path = `${folder}/${entry.name}`;
    await lchown(path, owner.uid, owner.gid);
    if (entry.isDirectory()) await giveAll(path, owner);
  }
}

/** A link, a folder, a pipe without a reader, or nothing at all. */
function unlessOdd(error: unknown): undefined {
  const code = codeOf(error);
  if (['ELOOP', 'EISDIR', 'ENXIO', 'ENOENT', 'ENOTDIR', 'EMLINK'].includes(code)) return undefined;
  throw error;
}
