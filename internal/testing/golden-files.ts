/** Files of the repository that tests compare with; paths are from its root. */
import { globSync, readFileSync, writeFileSync } from 'node:fs';

/** The lines of a text file, without the end of the last one. */
export const linesOf = (path: string): readonly string[] =>
  readFileSync(path, 'utf8').trimEnd().split('\n');

/** The texts of the files that match, in order of their paths. */
export const textsOf = (pattern: string): readonly string[] =>
  globSync(pattern)
    .toSorted()
    .map((path) => readFileSync(path, 'utf8'));

/** The text of a file that is made: with `UPDATE` in the environment it is `made` from now on. */
export function madeFile(path: string, made: string): string {
  if (process.env['UPDATE'] !== undefined) writeFileSync(path, made);
  return readFileSync(path, 'utf8');
}
