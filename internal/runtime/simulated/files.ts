/** `Files` on a simulated disk, for one life: after its end no call settles any more. */
import { accept, refuse, type Result } from '#internal/base/result.ts';
import { type File, type Files, FilesError, type OpenOptions } from '../files.ts';
import { diskFull, type SimulatedDisk } from './disk.ts';
import { type FileEntry, type FolderEntry, namesOf, newFile, newFolder } from './disk-names.ts';
import type { Life } from './life.ts';

/** Mounts the disk, which no other living program may use. */
export function simulatedFiles({
  disk,
  life,
}: {
  readonly disk: SimulatedDisk;
  readonly life: Life;
}): Files {
  const { names } = disk;
  disk.mount(life);
  return {
    async open(path, options = {}) {
      await disk.access(life, `open ${path}`);
      const entry = openEntry(disk, path, options);
      return openHandle(disk, life, { path, entry, isDurable: options.durable === true });
    },
    async list(folder) {
      await disk.access(life, `list ${folder}`);
      return [...folderAt(disk, folder).live.keys()].toSorted();
    },
    async stat(path) {
      await disk.access(life, `stat ${path}`);
      const entry = names.find(path);
      if (entry === undefined) return undefined;
      if (entry.kind === 'folder') return { kind: 'folder', sizeBytes: 0 };
      return { kind: 'file', sizeBytes: entry.content.sizeBytes };
    },
    async makeFolder(path) {
      await disk.access(life, `make ${path}`);
      makeFolder(disk, path);
    },
    async rename(source, target) {
      await disk.access(life, `rename ${source}`);
      rename(disk, source, target);
    },
    async remove(path) {
      await disk.access(life, `remove ${path}`);
      const place = names.place(path);
      if (place?.folder.live.has(place.name) !== true) return;
      names.change([{ ...place, entry: undefined }]);
    },
    async syncFolder(path) {
      if (!(await disk.sync(life))) throw syncFailed(path);
      names.sync(folderAt(disk, path));
    },
    async freeBytes(path) {
      await disk.access(life, `free ${path}`);
      return disk.freeBytes;
    },
    async lock(path) {
      await disk.access(life, `lock ${path}`);
      openEntry(disk, path, { create: true });
      const key = namesOf(path).join('/');
      if (disk.locks.get(key)?.alive === true) {
        throw new FilesError('LOCKED', `${path} is locked by a running process`);
      }
      disk.locks.set(key, life);
      return {
        [Symbol.asyncDispose]: async () => {
          if (disk.locks.get(key) === life) disk.locks.delete(key);
        },
      };
    },
  };
}

function openEntry(disk: SimulatedDisk, path: string, options: OpenOptions): FileEntry {
  const found = disk.names.find(path);
  if (found !== undefined) {
    if (options.exclusive === true) throw new FilesError('EEXIST', `${path} exists already`);
    if (found.kind === 'folder') throw new FilesError('EISDIR', `${path} is a folder`);
    return found;
  }
  const place = disk.names.place(path);
  if (options.create !== true || place === undefined) throw missing(path);
  const entry = newFile();
  disk.names.change([{ ...place, entry }]);
  return entry;
}

function folderAt(disk: SimulatedDisk, path: string): FolderEntry {
  const entry = disk.names.find(path);
  if (entry === undefined) throw missing(path);
  if (entry.kind === 'file') throw new FilesError('ENOTDIR', `${path} is no folder`);
  return entry;
}

function makeFolder(disk: SimulatedDisk, path: string): void {
  let folder = disk.names.root;
  for (const name of namesOf(path)) {
    let next = folder.live.get(name);
    if (next?.kind === 'file') throw new FilesError('EEXIST', `${path}: ${name} is a file`);
    if (next === undefined) {
      next = newFolder();
      disk.names.change([{ folder, name, entry: next }]);
    }
    folder = next;
  }
}

function rename(disk: SimulatedDisk, source: string, target: string): void {
  const from = disk.names.place(source);
  const to = disk.names.place(target);
  const entry = from?.folder.live.get(from.name);
  if (from === undefined || to === undefined || entry === undefined) throw missing(source);
  const replaced = to.folder.live.get(to.name);
  if (replaced === entry) return;
  const fits = checkReplace(entry.kind, replaced);
  if (!fits.ok) throw new FilesError(fits.refusal, `cannot rename ${source} to ${target}`);
  disk.names.change([
    { ...from, entry: undefined },
    { ...to, entry },
  ]);
}

function checkReplace(
  kind: 'file' | 'folder',
  replaced: FileEntry | FolderEntry | undefined,
): Result<undefined, string> {
  if (replaced === undefined) return accept(undefined);
  if (kind === 'file') return replaced.kind === 'file' ? accept(undefined) : refuse('EISDIR');
  if (replaced.kind === 'file') return refuse('ENOTDIR');
  return replaced.live.size === 0 ? accept(undefined) : refuse('ENOTEMPTY');
}

type Opened = {
  readonly path: string;
  readonly entry: FileEntry;
  readonly isDurable: boolean;
};

function openHandle(disk: SimulatedDisk, life: Life, opened: Opened): File {
  const { path, entry, isDurable } = opened;
  const { content } = entry;
  let open = true;
  const access = async (what: string): Promise<void> => {
    if (!open) throw new FilesError('EBADF', `${path} is closed`);
    await disk.access(life, `${what} ${path}`);
  };
  const sync = async (): Promise<void> => {
    if (!open) throw new FilesError('EBADF', `${path} is closed`);
    const { sequence } = content;
    if (await disk.sync(life)) {
      content.sync(sequence);
      return;
    }
    content.failSync(sequence);
    throw syncFailed(path);
  };
  return {
    async read(offset, length) {
      await access('read');
      return content.read(offset, length);
    },
    async write(offset, parts) {
      // Changed at the call, so that a crash while it is under way finds it on its way to the disk.
      if (open) writeParts(disk, opened, { offset, parts });
      await access('write');
      if (isDurable) await sync();
    },
    async truncate(sizeBytes) {
      if (open) content.truncate(sizeBytes);
      await access('truncate');
    },
    sync,
    async size() {
      await access('size');
      return content.sizeBytes;
    },
    async close() {
      await access('close');
      open = false;
    },
  };
}

function writeParts(
  disk: SimulatedDisk,
  { path, entry: { content } }: Opened,
  { offset, parts }: { readonly offset: number; readonly parts: readonly Uint8Array[] },
): void {
  const bytes = Buffer.concat(parts);
  const growth = Math.max(0, offset + bytes.length - content.sizeBytes);
  const missingBytes = growth - disk.room(growth);
  // What fits is written, as a real disk does.
  content.write(offset, bytes.subarray(0, Math.max(0, bytes.length - missingBytes)));
  if (missingBytes > 0) throw diskFull(path);
}

const missing = (path: string): FilesError => new FilesError('ENOENT', `${path} does not exist`);

const syncFailed = (path: string): FilesError =>
  new FilesError('EIO', `cannot make ${path} durable`);
