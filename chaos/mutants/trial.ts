/**
 * Tries one bug of the catalogue: first by the simulation, then by the tests. It counts as caught by a
 * broken promise or a failed assertion, where the same seed or test passes without the bug. Code that
 * does not compile, is not loaded or cannot run catches nothing.
 */
import type { Bug, TestKiller } from './bug.ts';
import { hunt } from './hunt.ts';
import { runTests } from './test-run.ts';

export type Trial = {
  readonly bug: Bug;
  /** Undefined: the bug survives, and `why` says how. */
  readonly by: Killer | undefined;
  readonly why: string;
};

export type Killer =
  | { readonly kind: 'seed'; readonly seed: number }
  | { readonly kind: 'test'; readonly title: string };

export type TrialOptions = {
  /** The first seed. */
  readonly from: number;
  /** Titles of tests that fail without any bug: they catch nothing. */
  readonly failing: readonly string[];
};

/** Never rejects. */
export async function tryBug(bug: Bug, options: TrialOptions): Promise<Trial> {
  const { seeds, tests } = bug.killers;
  const reasons: string[] = [];
  for (const attempt of [
    ...(seeds === undefined ? [] : [() => trySeeds(bug, seeds, options)]),
    ...(tests === undefined ? [] : [() => tryTests(bug, tests, options)]),
  ]) {
    const trial = await attempt().catch((error: unknown) => survives(bug, String(error)));
    if (trial.by !== undefined) return trial;
    reasons.push(trial.why);
  }
  return survives(bug, reasons.join('; '));
}

const survives = (bug: Bug, why: string): Trial => ({ bug, by: undefined, why });

async function trySeeds(bug: Bug, count: number, { from }: TrialOptions): Promise<Trial> {
  const begin = from + (bug.from ?? 0);
  const { caught } = await hunt({ mutant: bug, world: 'raft', from: begin, count });
  if (caught === undefined) return survives(bug, `${count} seeds pass with it`);
  const { seed, message } = caught;
  const sound = await hunt({ mutant: undefined, world: 'raft', from: seed, count: 1 });
  if (sound.caught !== undefined) return survives(bug, `SEED=${seed} fails without it too`);
  return { bug, by: { kind: 'seed', seed }, why: message };
}

async function tryTests(
  bug: Bug,
  tests: readonly TestKiller[],
  { failing }: TrialOptions,
): Promise<Trial> {
  const { failed, obstacle } = await runTests(tests, bug);
  if (obstacle !== undefined) return survives(bug, obstacle);
  const first = failed.find(({ title }) => !failing.some((other) => other.endsWith(title)));
  if (first === undefined) return survives(bug, 'the tests pass with it');
  return { bug, by: { kind: 'test', title: first.title }, why: first.message };
}

/** The titles that fail without any bug; all that catch one are tried, each file once. */
export async function failingWithoutBugs(bugs: readonly Bug[]): Promise<readonly string[]> {
  const tests = bugs.flatMap(({ killers }) => killers.tests ?? []);
  if (tests.length === 0) return [];
  const { failed, obstacle } = await runTests(tests, undefined);
  if (obstacle !== undefined) throw new Error(`the tests do not run: ${obstacle}`);
  return failed.map(({ title }) => title);
}
