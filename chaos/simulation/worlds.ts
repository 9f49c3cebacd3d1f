/** The simulated worlds by name. Loaded when asked for: a mutant is planted in what comes after it. */
import type { RaftRun } from './raft-run.ts';

export type WorldName = 'raft' | 'cluster';

export type RunOne = (seed: number) => Promise<RaftRun>;

export async function loadWorld(name: WorldName): Promise<RunOne> {
  if (name === 'raft') {
    const { runRaft } = await import('./raft-run.ts');
    return (seed) => runRaft({ seed });
  }
  const { runCluster } = await import('./cluster-run.ts');
  return (seed) => runCluster({ seed });
}
