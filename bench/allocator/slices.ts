/** How long a caller is kept at most, when a full run is taken in slices. */
import { cpuMs } from './cpu-time.ts';
import { newCluster } from './rounds.ts';
import type { Shape } from './workload.ts';

const agentsASlice = 100;

/** The longest part of a run, in milliseconds; the first one decides whom to look at. */
export function timeSlices(shape: Shape): number {
  const cluster = newCluster(shape);
  const beginning = cpuMs();
  const run = cluster.begin({ nowMs: 0 });
  let longestMs = cpuMs() - beginning;
  while (!run.isOver) {
    const start = cpuMs();
    run.step(agentsASlice);
    longestMs = Math.max(longestMs, cpuMs() - start);
  }
  return longestMs;
}
