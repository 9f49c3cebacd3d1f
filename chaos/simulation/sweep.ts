/** Many runs in a row, and what they amount to. `sweep-threads.ts` has them side by side. */
import { type Outcome, type Sweep, Tally } from './sweep-tally.ts';

export type SweepOptions = {
  readonly from: number;
  readonly count: number;
  /** Ends at the first violation. */
  readonly stopsAtViolation: boolean;
};

/** `onRun` hears of each run as it ends. */
export async function sweep<Run extends Outcome>(
  run: (seed: number) => Promise<Run>,
  options: SweepOptions,
  onRun: (run: Run) => void = () => {},
): Promise<Sweep> {
  const { from, count, stopsAtViolation } = options;
  const tally = new Tally();
  for (let seed = from; seed < from + count; seed++) {
    const result = await run(seed);
    tally.add(result);
    onRun(result);
    if (stopsAtViolation && result.violation !== undefined) break;
  }
  return tally.sweep;
}
