/** Many runs in a row, and what they amount to. */
import type { RaftRun } from './raft-run.ts';

export type SweepOptions = {
  readonly from: number;
  readonly count: number;
  /** Ends at the first violation. */
  readonly stopsAtViolation: boolean;
};

export type Sweep = {
  readonly seeds: number;
  readonly events: number;
  readonly violations: readonly RaftRun[];
  /** Sums over all runs. */
  readonly figures: ReadonlyMap<string, number>;
};

/** `onRun` hears of each run as it ends. */
export async function sweep(
  run: (seed: number) => Promise<RaftRun>,
  options: SweepOptions,
  onRun: (run: RaftRun) => void = () => {},
): Promise<Sweep> {
  const { from, count, stopsAtViolation } = options;
  const figures = new Map<string, number>();
  const violations: RaftRun[] = [];
  let seeds = 0;
  let events = 0;
  for (let seed = from; seed < from + count; seed++) {
    const result = await run(seed);
    seeds += 1;
    events += result.events;
    for (const [name, value] of Object.entries(result.figures)) {
      figures.set(name, (figures.get(name) ?? 0) + value);
    }
    onRun(result);
    if (result.violation === undefined) continue;
    violations.push(result);
    if (stopsAtViolation) break;
  }
  return { seeds, events, violations, figures };
}
