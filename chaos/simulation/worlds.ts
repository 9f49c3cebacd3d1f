/** The simulated worlds by name. Loaded when asked for: a mutant is planted in what comes after it. */
import type { Operation } from '#chaos/checkers/history.ts';
import type { RaftRun } from './raft-run.ts';

export type WorldName = 'raft' | 'cluster';

/** What each world tells of a run. */
export type Run = RaftRun & {
  /** What its clients asked for and were told. */
  readonly history?: readonly Operation[];
  /** For people: what happened last, a line each. */
  readonly timeline?: readonly string[];
};

export type RunOne = (seed: number) => Promise<Run>;

export async function loadWorld(name: WorldName): Promise<RunOne> {
  if (name === 'raft') {
    const { runRaft } = await import('./raft-run.ts');
    return (seed) => runRaft({ seed });
  }
  const { runCluster } = await import('./cluster-run.ts');
  return (seed) => runCluster({ seed });
}
