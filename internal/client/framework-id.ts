/**
 * Where a framework remembers the id that the cluster gave it, so that its next program comes back as the
 * same framework. It is the one thing that cannot stand in the framework's own store: without it nobody
 * finds that.
 */
import { type Files, FilesError } from '#internal/runtime/files.ts';

export type FrameworkIdKeeper = {
  /** Undefined when none was kept. */
  load(): Promise<string | undefined>;
  /** Resolves when it is durable. */
  save(id: string): Promise<void>;
};

/** A mesos id is at most as long as a file name; beyond it, it is no id that we wrote. */
const idBytesMax = 255;

/** In a file of its own, replaced as a whole. Throws `FilesError`. */
export function frameworkIdInFile(files: Files, path: string): FrameworkIdKeeper {
  const folder = folderOf(path);
  return {
    async load() {
      if ((await files.stat(path)) === undefined) return undefined;
      const file = await files.open(path);
      try {
        const bytes = await file.read(0, idBytesMax + 1);
        const text = new TextDecoder().decode(bytes).trim();
        if (text === '' || bytes.length > idBytesMax) {
          throw new FilesError('EINVAL', `${path} holds no framework id`);
        }
        return text;
      } finally {
        await file.close();
      }
    },
    async save(id) {
      await makeDurableFolder(files, folder);
      const next = `${path}.next`;
      await files.remove(next);
      const file = await files.open(next, { create: true });
      try {
        await file.write(0, [new TextEncoder().encode(`${id}\n`)]);
        await file.sync();
      } finally {
        await file.close();
      }
      await files.rename(next, path);
      await files.syncFolder(folder);
    },
  };
}

/** A folder is as durable as its name in the one above. */
async function makeDurableFolder(files: Files, folder: string): Promise<void> {
  if ((await files.stat(folder)) !== undefined) return;
  const above = folderOf(folder);
  if (above !== folder) await makeDurableFolder(files, above);
  await files.makeFolder(folder);
  await files.syncFolder(above);
}

function folderOf(path: string): string {
  const slash = path.lastIndexOf('/');
  if (slash < 0) return '.';
  return slash === 0 ? '/' : path.slice(0, slash);
}
