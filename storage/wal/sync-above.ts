/** A folder that nobody can lose by cutting the power. */
import { type Files, FilesError } from '#internal/runtime/files.ts';

/**
 * Makes the names of the folder and of all above it durable, before what is in it counts: with one
 * that nobody synced a whole log would vanish, and the node would start anew and vote a second time.
 * Whether we made them cannot be told: an earlier try may have died in between.
 */
export async function syncAbove(files: Files, folder: string): Promise<void> {
  for (let path = folder; path !== '/'; path = parentOf(path)) {
    try {
      await files.syncFolder(parentOf(path));
    } catch (fault) {
      // One that we may not even read is none that we made.
      if (!(fault instanceof FilesError) || fault.code !== 'EACCES') throw fault;
    }
  }
}

const parentOf = (path: string): string => path.slice(0, Math.max(1, path.lastIndexOf('/')));
