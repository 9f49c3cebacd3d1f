/** Files that count what is asked of the disk. */
import type { File, Files } from '#internal/runtime/files.ts';

export type DiskCounts = {
  syncs: number;
  /** In whole pages: less than one does not go to the disk. */
  writtenBytes: number;
};

const pageBytes = 4096;

/** Counts that several threads may see; without `shared` they are new. */
export function sharedDiskCounts(
  shared: SharedArrayBuffer = new SharedArrayBuffer(16),
): DiskCounts & { readonly shared: SharedArrayBuffer } {
  const [syncs, written] = [new Float64Array(shared, 0, 1), new Float64Array(shared, 8, 1)];
  return {
    shared,
    get syncs() {
      return syncs[0] ?? 0;
    },
    set syncs(count) {
      syncs[0] = count;
    },
    get writtenBytes() {
      return written[0] ?? 0;
    },
    set writtenBytes(count) {
      written[0] = count;
    },
  };
}

export function countingFiles(files: Files, counts: DiskCounts): Files {
  return {
    ...files,
    open: async (path, options) => {
      const isDurable = options?.durable === true;
      return counting(await files.open(path, options), counts, { isDurable });
    },
  };
}

const counting = (
  file: File,
  counts: DiskCounts,
  { isDurable }: { readonly isDurable: boolean },
): File => ({
  ...file,
  write: async (offset, parts) => {
    const end = offset + parts.reduce((sum, part) => sum + part.length, 0);
    const pages = Math.ceil(end / pageBytes) - Math.floor(offset / pageBytes);
    counts.writtenBytes += pages * pageBytes;
    if (isDurable) counts.syncs++;
    await file.write(offset, parts);
  },
  sync: async () => {
    counts.syncs++;
    await file.sync();
  },
});
