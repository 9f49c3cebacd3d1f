/**
 * A planted bug: exact pieces of source files, and what stands there instead. It exists only here and
 * in the memory of the process that tries it; `plant.ts` puts it there.
 */
import { assert } from '#internal/base/assert.ts';

export type Mutant = {
  readonly name: string;
  /** What goes wrong, and who shipped it. */
  readonly about: string;
  /** The seed to begin with, when the first ones are known to be too kind to it; 0 when not given. */
  readonly from?: number;
  /** At least one; made in order. */
  readonly edits: readonly Edit[];
};

export type Edit = {
  /** From the root of the project. */
  readonly file: string;
  /** Occurs exactly once in the file. */
  readonly find: string;
  readonly replace: string;
};

/** The files that a mutant changes. */
export const filesOf = ({ edits }: Mutant): readonly string[] => [
  ...new Set(edits.map(({ file }) => file)),
];

/** The source of `file` with the bug in it. A mutant that does not fit any more is a bug of the mutant. */
export function mutated(source: string, { name, edits }: Mutant, file: string): string {
  let text = source;
  for (const edit of edits.filter((each) => each.file === file)) {
    const pieces = text.split(edit.find);
    assert(pieces.length === 2, `mutant ${name} fits ${file} ${pieces.length - 1} times, not once`);
    text = pieces.join(edit.replace);
  }
  return text;
}

/** Whether a fault, or what caused it, is of code that could not run at all: that catches no bug. */
export function isBrokenCode(fault: unknown): boolean {
  if (!(fault instanceof Error)) return false;
  const isBroken = brokenNames.some((name) => fault.name === name);
  return isBroken || isBrokenCode(fault.cause);
}

export const brokenNames: readonly string[] = ['ReferenceError', 'SyntaxError', 'TypeError'];
