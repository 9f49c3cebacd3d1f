/**
 * A bug that somebody shipped in a Raft, as a mutant of ours, with what must notice it. Where ours has
 * no such code, the nearest code that has the bug is built, and `about` says so.
 */
import type { Edit, Mutant } from './mutant.ts';

export type Bug = Mutant & {
  /** In the catalogue of such bugs, 1 to 48; some have several variants. */
  readonly number: number;
  /** What breaks: something wrong is decided, lost or answered; or nothing is, for ever. */
  readonly kind: 'safety' | 'liveness';
  readonly killers: Killers;
};

/** At least one. The simulation is asked first. */
export type Killers = {
  /** How many seeds the simulated Raft cluster gets; it is not asked when there are none. */
  readonly seeds?: number;
  /** Any failing one of them will do. */
  readonly tests?: readonly TestKiller[];
};

export type TestKiller = {
  readonly file: string;
  /** As ava's `--match` takes it. */
  readonly title: string;
};

export const edit = (file: string, find: string, replace: string): Edit => ({
  file,
  find,
  replace,
});

/** The tests of `folder/name.test.ts` whose titles match. */
export const test = (name: string, ...titles: readonly string[]): readonly TestKiller[] =>
  titles.map((title) => ({ file: `${name}.test.ts`, title }));
