/**
 * Files by `node:fs`. `sync` is `fdatasync`, which also makes the size durable; `durable` is `O_DSYNC`, by
 * which the kernel does the same within the write: one trip to a thread and back instead of two.
 *
 * A lock is an abstract Unix socket named after the lock file's device and inode: the kernel drops it
 * with the process, however that ends, and leaves nothing behind. It holds against processes of the
 * same network namespace on the same Linux machine; a folder shared between containers or machines
 * has to be guarded by its owner's own lock (LevelDB takes one). Other systems get `ENOTSUP`.
 */
import { constants } from 'node:fs';
import { type FileHandle, open, readdir, rename, stat, statfs } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { makeFolder } from './make-folder.ts';
import { removeTree } from './remove-tree.ts';
import { type File, type Files, FilesError, type FileStat, type OpenOptions } from '../files.ts';

export function systemFiles(): Files {
  return {
    open: (path, options = {}) => asFault(() => openFile(path, options)),
    list: (folder) => asFault(async () => (await readdir(folder)).toSorted()),
    stat: (path) => asFault(() => statPath(path)),
    makeFolder: (path) => asFault(() => makeFolder(path)),
    rename: (source, target) => asFault(() => rename(source, target)),
    remove: (path) => asFault(() => removeTree(Buffer.from(path))),
    syncFolder: (path) => asFault(() => syncFolder(path)),
    freeBytes: (path) =>
      asFault(async () => {
        const { bavail, bsize } = await statfs(path);
        return bavail * bsize;
      }),
    lock: (path) => asFault(() => lock(path)),
  };
}

async function openFile(path: string, options: OpenOptions): Promise<File> {
  const { O_RDWR, O_CREAT, O_EXCL, O_DSYNC } = constants;
  const { create = false, exclusive = false, durable = false } = options;
  const flags = (create ? O_CREAT : 0) | (exclusive ? O_EXCL : 0) | (durable ? O_DSYNC : 0);
  return wrap(await open(path, O_RDWR | flags, 0o600));
}

function wrap(handle: FileHandle): File {
  return {
    read: (offset, length) => asFault(() => read(handle, offset, length)),
    write: (offset, parts) => asFault(() => write(handle, offset, parts)),
    truncate: (sizeBytes) => asFault(() => handle.truncate(sizeBytes)),
    sync: () => asFault(() => handle.datasync()),
    size: () => asFault(async () => (await handle.stat()).size),
    close: () => asFault(() => handle.close()),
  };
}

async function read(handle: FileHandle, offset: number, length: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(length);
  let filled = 0;
  while (filled < length) {
    const { bytesRead } = await handle.read(bytes, filled, length - filled, offset + filled);
    if (bytesRead === 0) break;
    filled += bytesRead;
  }
  return bytes.subarray(0, filled);
}

async function write(
  handle: FileHandle,
  offset: number,
  parts: readonly Uint8Array[],
): Promise<void> {
  let at = offset;
  let rest = parts.filter((part) => part.length > 0);
  while (rest.length > 0) {
    const { bytesWritten } = await handle.writev(rest, at);
    at += bytesWritten;
    rest = without(rest, bytesWritten);
  }
}

/** What is left of `parts` after their first `count` bytes: a write may be short. */
function without(parts: Uint8Array[], count: number): Uint8Array[] {
  let skip = count;
  const rest: Uint8Array[] = [];
  for (const part of parts) {
    if (skip >= part.length) {
      skip -= part.length;
      continue;
    }
    rest.push(part.subarray(skip));
    skip = 0;
  }
  return rest;
}

async function statPath(path: string): Promise<FileStat | undefined> {
  try {
    const found = await stat(path);
    if (found.isDirectory()) return { kind: 'folder', sizeBytes: 0 };
    return { kind: found.isFile() ? 'file' : 'other', sizeBytes: found.size };
  } catch (error) {
    const code = codeOf(error);
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw error;
  }
}

async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, constants.O_RDONLY | constants.O_DIRECTORY);
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

async function lock(path: string): Promise<AsyncDisposable> {
  if (process.platform !== 'linux') throw new FilesError('ENOTSUP', 'locks need Linux');
  const file = await open(path, constants.O_RDWR | constants.O_CREAT, 0o600);
  try {
    const { dev, ino } = await file.stat({ bigint: true });
    const server = await listen(`\0altiplano-lock-${dev}-${ino}`, path);
    return {
      async [Symbol.asyncDispose]() {
        await new Promise((resolve) => {
          server.close(resolve);
        });
      },
    };
  } finally {
    await file.close();
  }
}

function listen(address: string, path: string): Promise<Server> {
  return new Promise((resolve, reject) => {
    const server = createServer((socket) => socket.destroy());
    server.once('error', (cause) => {
      const taken = codeOf(cause) === 'EADDRINUSE';
      const fault = new FilesError('LOCKED', `${path} is locked by a running process`, { cause });
      reject(taken ? fault : cause);
    });
    server.listen(address, () => {
      // A lock alone keeps no program running.
      server.unref();
      resolve(server);
    });
  });
}

async function asFault<T>(act: () => Promise<T>): Promise<T> {
  try {
    return await act();
  } catch (error) {
    if (error instanceof FilesError) throw error;
    const code = codeOf(error);
    if (code === undefined || !(error instanceof Error)) throw error;
    throw new FilesError(code, error.message, { cause: error });
  }
}

function codeOf(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('code' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}
