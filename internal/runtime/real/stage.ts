/** Stages by `node:fs`. Modes are set as they are asked for, whatever our umask says. */
import * as fs from 'node:fs/promises';
import { constants } from 'node:fs';
import type { Stage, Stages } from '../stage.ts';
import { makeFolder } from './make-folder.ts';
import { faults } from './system-fault.ts';

export function systemStages(): Stages {
  return {
    open: (folder) =>
      faults(folder, async () => {
        await fs.rm(folder, { recursive: true, force: true });
        await makeFolder(folder);
        await fs.chmod(folder, 0o700);
        return stageIn(folder);
      }),
  };
}

function stageIn(folder: string): Stage {
  const at = (path: readonly string[]): string => [folder, ...path].join('/');
  const above = (path: readonly string[]): Promise<void> => makeFolder(at(path.slice(0, -1)));
  return {
    folder,
    makeFolder: (path, mode) =>
      faults(at(path), async () => {
        await above(path);
        await fs.mkdir(at(path)).then(
          () => fs.chmod(at(path), mode),
          async (error: unknown) => {
            if (!(await fs.lstat(at(path))).isDirectory()) throw error;
          },
        );
      }),
    writeFile: async (path, content, mode) => {
      await faults(at(path), () => above(path));
      const file = await faults(at(path), () => fs.open(at(path), 'wx', 0o600));
      try {
        // Faults of whoever makes the content are his.
        for await (const chunk of content) await faults(at(path), () => file.writeFile(chunk));
        await faults(at(path), () => file.chmod(mode));
      } finally {
        await file.close();
      }
    },
    copyFile: (path, from, mode) =>
      faults(at(path), async () => {
        await above(path);
        await fs.copyFile(from, at(path), constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE);
        await fs.chmod(at(path), mode);
      }),
    setMode: (path, mode) => faults(at(path), () => fs.chmod(at(path), mode)),
    link: (path, target) =>
      faults(at(path), async () => {
        await above(path);
        await fs.symlink(target, at(path));
      }),
    hardLink: (path, existing) =>
      faults(at(path), async () => {
        await above(path);
        await fs.link(at(existing), at(path));
      }),
    removeFile: (path) => faults(at(path), () => fs.rm(at(path), { force: true })),
  };
}
