/**
 * What a sandbox takes of the disk, as `du` counts it: blocks, each file once however many names it has,
 * no link followed. Persistent volumes are links in it, so they do not count. It is read a folder at a
 * time and costs no process.
 */
import type { FileTree } from '#internal/runtime/file-tree.ts';

export type DiskUseOptions = {
  /** A walk ends after so many; what it has seen until then is told. */
  readonly entriesMax: number;
};

/** In bytes. Rejects with `FilesError`. */
export async function diskUse(
  fileTree: Pick<FileTree, 'measure'>,
  folder: string,
  { entriesMax }: DiskUseOptions,
): Promise<number> {
  const seen = new Set<string>();
  const folders = [folder];
  let bytes = 0;
  for (let next = folders.pop(); next !== undefined; next = folders.pop()) {
    const entries = (await fileTree.measure(next, entriesMax - seen.size)) ?? [];
    for (const { path, isFolder, diskBytes, identity } of entries) {
      if (seen.has(identity)) continue;
      seen.add(identity);
      bytes += diskBytes;
      if (isFolder) folders.push(path);
    }
    if (seen.size >= entriesMax) break;
  }
  return bytes;
}
