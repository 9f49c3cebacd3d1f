/** Judges a file's imports by a table of rooms. The deepest room that holds a file is its home. */
import { dirname, join } from 'node:path';
import type { Import } from './imports.ts';

type Allowed = { readonly ours: readonly string[]; readonly theirs: readonly string[] };

/** Room (a folder) → rooms and packages that it may import. */
export type Layers = Readonly<Record<string, Allowed>>;

/** One sentence for each import that the table does not allow. */
export function violations(
  file: string,
  imports: readonly Import[],
  layers: Layers,
  forTests: Allowed,
): readonly string[] {
  const home = Object.keys(layers)
    .filter((room) => within(file, room))
    .toSorted((one, other) => other.length - one.length)[0];
  const allowed = home === undefined ? undefined : layers[home];
  if (home === undefined || allowed === undefined)
    return [`${file}: its folder is not in the table`];
  const extra = isTest(file) ? forTests : { ours: [], theirs: [] };
  const ours = [home, ...allowed.ours, ...extra.ours];
  const theirs = [...allowed.theirs, ...extra.theirs];
  return imports.flatMap((found) => {
    if (found.kind === 'computed') return [`${file} imports something that is not a plain text`];
    const path = ourPath(file, found.target);
    if (path === undefined) {
      return theirs.some((pattern) => matches(found.target, pattern))
        ? []
        : [`${file} must not import ${found.target}`];
    }
    if (path.startsWith('dist/')) return []; // What is compiled was checked as source.
    return ours.some((room) => within(path, room)) ? [] : [`${file} must not import ${path}`];
  });
}

/** The path in the repository, or undefined for a package. */
function ourPath(file: string, target: string): string | undefined {
  if (target.startsWith('.')) return join(dirname(file), target);
  return target.startsWith('#') ? target.slice(1) : undefined;
}

const isTest = (file: string): boolean => /\.(?:test|suite)\.ts$|\/testing\//.test(file);

const within = (path: string, room: string): boolean =>
  path === room || path.startsWith(`${room}/`);

const matches = (name: string, pattern: string): boolean =>
  pattern.endsWith('*') ? name.startsWith(pattern.slice(0, -1)) : name === pattern;
