/**
 * Folders, one step after the other: Node's own recursion never ends where the system makes no
 * folders, as in `/proc`.
 */
import { mkdir, stat } from 'node:fs/promises';
import { dirname } from 'node:path';

/** Makes the folder and those above it; fine when it exists. Throws the system's error. */
export async function makeFolder(path: string, attempts: number = 3): Promise<void> {
  // Mostly it is new, and in a folder that is there: then this is all that it takes.
  await mkdir(path).catch(async (error: unknown) => {
    const isMissing = error instanceof Error && 'code' in error && error.code === 'ENOENT';
    if (!isMissing && (await isFolder(path))) return;
    if (!isMissing || attempts <= 1) throw error;
    // Or somebody cleared away what was empty above it.
    const above = dirname(path);
    if (above !== path) await makeFolder(above);
    await makeFolder(path, attempts - 1);
  });
}

const isFolder = async (path: string): Promise<boolean> =>
  (await stat(path).catch(() => undefined))?.isDirectory() === true;
