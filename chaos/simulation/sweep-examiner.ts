/**
 * What is asked of a run when it is over. Its client history, if it kept one, must be linearizable;
 * and some runs are done twice, to see that the seed alone decided what happened. Which ones, the
 * seed says: a replay asks the same.
 */
import type { Operation } from '#chaos/checkers/history.ts';
import type { Verdict } from '#chaos/checkers/linearizability.ts';
import { judgeRegisters, wordsOf } from '#chaos/checkers/linearizable-registers.ts';
import type { Breach, Outcome } from './sweep-tally.ts';
import type { Run } from './worlds.ts';

export type ExaminerOptions = {
  /** One seed of so many is run twice. */
  readonly twiceEvery: number;
  /** The history of one seed of so many is judged. */
  readonly judgedEvery: number;
  /** Where the search of one part of a history gives up. */
  readonly statesMax: number;
};

export const usualExaminer: ExaminerOptions = {
  twiceEvery: 50,
  judgedEvery: 1,
  statesMax: 500_000,
};

/** Runs a seed and examines the run; the figures say what was examined. */
export async function examined(
  run: (seed: number) => Promise<Run>,
  seed: number,
  options: ExaminerOptions = usualExaminer,
): Promise<Outcome> {
  const first = await run(seed);
  const second = seed % options.twiceEvery === 0 ? await run(seed) : undefined;
  const { events, hash, violation, history } = first;
  const isJudged = history !== undefined && seed % options.judgedEvery === 0;
  const verdict = isJudged ? judgeRegisters(history, options) : undefined;
  const found = violation ?? difference(first, second) ?? breachOf(verdict);
  return {
    seed,
    events,
    hash,
    // An error would lose its rule on the way to another thread.
    violation: found && { rule: found.rule, message: found.message },
    figures: { ...first.figures, ...examinations(second, history, verdict) },
  };
}

function difference(first: Run, second: Run | undefined): Breach | undefined {
  if (second === undefined) return undefined;
  if (told(first) === told(second)) return undefined;
  const rule = 'determinism';
  return { rule, message: `${rule}: run twice, it was ${told(first)} and ${told(second)}` };
}

const told = ({ events, hash, violation, figures }: Run): string =>
  JSON.stringify({ events, hash, violation: violation?.message, figures });

function breachOf(verdict: Verdict<Operation> | undefined): Breach | undefined {
  if (verdict?.kind !== 'not-linearizable') return undefined;
  const rule = 'linearizability';
  const stuck = wordsOf(verdict.stuck);
  return { rule, message: `${rule}: ${verdict.placed} operations have an order, but not ${stuck}` };
}

function examinations(
  second: Run | undefined,
  history: readonly Operation[] | undefined,
  verdict: Verdict<Operation> | undefined,
): Record<string, number> {
  const runTwice = second === undefined ? 0 : 1;
  if (history === undefined) return { runTwice };
  return {
    runTwice,
    historiesJudged: verdict === undefined ? 0 : 1,
    operationsJudged: verdict === undefined ? 0 : history.length,
    historiesUnknown: verdict?.kind === 'unknown' ? 1 : 0,
  };
}
