/** Tries many bugs, some at a time, and says what came of it in lines for people and in figures. */
import type { Bug } from './bug.ts';
import { failingWithoutBugs, type Trial, tryBug } from './trial.ts';

export type TrialsOptions = {
  /** The first seed of each hunt. */
  readonly from: number;
  /** So many are tried at the same time. */
  readonly jobs: number;
};

/** `onTrial` hears of each as it ends. */
export async function tryAll(
  bugs: readonly Bug[],
  { from, jobs }: TrialsOptions,
  onTrial: (trial: Trial) => void,
): Promise<readonly Trial[]> {
  const failing = await failingWithoutBugs(bugs);
  const waiting = [...bugs];
  const trials: Trial[] = [];
  const work = async (): Promise<void> => {
    for (let bug = waiting.shift(); bug !== undefined; bug = waiting.shift()) {
      const trial = await tryBug(bug, { from, failing });
      trials.push(trial);
      onTrial(trial);
    }
  };
  await Promise.all(Array.from({ length: jobs }, work));
  return trials;
}

export function describeTrial({ bug, by, why }: Trial): string {
  const what = `${bug.number} ${bug.name} (${bug.kind})`;
  if (by === undefined) return `SURVIVED ${what}: ${why}`;
  const killer = by.kind === 'seed' ? `seed ${by.seed}: ${why}` : `test "${by.title}"`;
  return `caught ${what} by ${killer}`;
}

/**
 * By number of the catalogue: one counts as caught when all its variants are, and as a bug of safety
 * when one of them is.
 */
export function figuresOf(trials: readonly Trial[]): Readonly<Record<string, number>> {
  const numbers = [...Map.groupBy(trials, ({ bug }) => bug.number).values()];
  const safety = numbers.filter(isOfSafety);
  const liveness = numbers.filter((variants) => !isOfSafety(variants));
  return {
    mutants: numbers.length,
    mutantsCaught: numbers.filter(isCaught).length,
    mutantsSafety: safety.length,
    mutantsSafetyCaught: safety.filter(isCaught).length,
    mutantsLiveness: liveness.length,
    mutantsLivenessCaught: liveness.filter(isCaught).length,
    mutantVariants: trials.length,
    mutantVariantsCaught: trials.filter(({ by }) => by !== undefined).length,
    mutantVariantsCaughtBySeed: trials.filter(({ by }) => by?.kind === 'seed').length,
  };
}

const isCaught = (variants: readonly Trial[]): boolean =>
  variants.every(({ by }) => by !== undefined);

const isOfSafety = (variants: readonly Trial[]): boolean =>
  variants.some(({ bug }) => bug.kind === 'safety');
