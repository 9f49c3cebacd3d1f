/**
 * A planted bug: an exact piece of a source file, and what stands there instead. It exists only here
 * and in the memory of the process that tries it; `plant.ts` puts it there.
 */
import { assert } from '#internal/base/assert.ts';

export type Mutant = {
  readonly name: string;
  /** What goes wrong, and who shipped it. */
  readonly about: string;
  /** From the root of the project. */
  readonly file: string;
  /** Occurs exactly once in the file. */
  readonly find: string;
  readonly replace: string;
};

/** The source with the bug in it. A mutant that does not fit any more is a bug of the mutant. */
export function mutated(source: string, { name, file, find, replace }: Mutant): string {
  const pieces = source.split(find);
  assert(pieces.length === 2, `mutant ${name} fits ${file} ${pieces.length - 1} times, not once`);
  return pieces.join(replace);
}
