/** Files that count what is asked of the disk. */
import type { File, Files } from '#internal/runtime/files.ts';

export type DiskCounts = { syncs: number; writtenBytes: number };

export function countingFiles(files: Files, counts: DiskCounts): Files {
  return {
    ...files,
    open: async (path, options) => counting(await files.open(path, options), counts),
  };
}

const counting = (file: File, counts: DiskCounts): File => ({
  ...file,
  write: async (offset, parts) => {
    for (const part of parts) counts.writtenBytes += part.length;
    await file.write(offset, parts);
  },
  sync: async () => {
    counts.syncs++;
    await file.sync();
  },
});
