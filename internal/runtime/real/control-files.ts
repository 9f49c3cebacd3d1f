/** The kernel's control files, by `node:fs`. */
import { mkdir, open, readFile, readdir, rmdir } from 'node:fs/promises';
import type { ControlFiles } from '../control-files.ts';
import { codeOf, faults } from './system-fault.ts';

export function systemControlFiles(): ControlFiles {
  return {
    read: (path) => unlessMissing(path, () => readFile(path, 'latin1'), undefined),
    write: (path, text) =>
      faults(path, async () => {
        const file = await open(path, 'r+').catch((error: unknown) => {
          // Some can only be written, not read.
          if (codeOf(error) === 'EACCES') return open(path, 'a');
          throw error;
        });
        try {
          await file.write(text);
        } finally {
          await file.close();
        }
      }),
    makeFolder: (path) => faults(path, async () => void (await mkdir(path, { recursive: true }))),
    removeFolder: (path) => unlessMissing(path, () => rmdir(path), undefined),
    folders: (path) =>
      unlessMissing(path, async () => {
        const entries = await readdir(path, { withFileTypes: true });
        return entries
          .filter((entry) => entry.isDirectory())
          .map(({ name }) => name)
          .toSorted();
      }, []),
  };
}

async function unlessMissing<Value>(
  path: string,
  work: () => Promise<Value>,
  missing: Value,
): Promise<Value> {
  return await faults(path, async () => {
    try {
      return await work();
    } catch (error) {
      // A cgroup that is removed while it is read answers so.
      if (codeOf(error) === 'ENOENT' || codeOf(error) === 'ENODEV') return missing;
      throw error;
    }
  });
}
