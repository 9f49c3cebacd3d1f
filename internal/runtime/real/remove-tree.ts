/**
 * Removes whatever is at a path. Node's own way asks of each entry what it is before it removes it; that
 * is told by the attempt as well, and each question is a trip to a thread and back.
 *
 * Links are removed, not followed. Names are bytes: not all that a task makes of them is text.
 */
import { readdir, rmdir, unlink } from 'node:fs/promises';
import { codeOf } from './system-fault.ts';

/** Removals under way at a time in one folder. */
const atOnce = 32;

/** Fine when nothing is there. Throws the system's error. */
export async function removeTree(path: Buffer): Promise<void> {
  const refusal = await unlessMissing(unlink(path)).catch((error: unknown) => error);
  if (refusal === undefined) return;
  // A folder: Linux and other systems say so in two ways, of which one has other meanings too.
  if (!['EISDIR', 'EPERM'].includes(codeOf(refusal))) throw refusal;
  const reading = readdir(path, 'buffer');
  const names = await unlessMissing(reading).catch((error: unknown) => {
    throw codeOf(error) === 'ENOTDIR' ? refusal : error;
  });
  if (names === undefined) return;
  for (let at = 0; at < names.length; at += atOnce) {
    const some = names.slice(at, at + atOnce);
    await Promise.all(some.map((name) => removeTree(Buffer.concat([path, slash, name]))));
  }
  await unlessMissing(rmdir(path));
}

const slash = Buffer.from('/');

async function unlessMissing<T>(work: Promise<T>): Promise<T | undefined> {
  try {
    return await work;
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}
