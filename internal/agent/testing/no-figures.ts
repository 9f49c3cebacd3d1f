/** The figures of an agent that has done nothing yet. */
import type { AgentFigures } from '../api/metrics.ts';
import type { SystemStats } from '../api/system-stats.ts';

export const noFigures: AgentFigures = {
  counted: new Map(),
  fetches: { succeeded: 0, failed: 0, cacheBytes: 0, cacheBytesMax: 0, pending: [] },
  garbage: { succeeded: 0, failed: 0, pending: 0, allowedAgeMs: 0 },
};

/** Of a machine that does not tell. */
export const noSystem: SystemStats = {
  avg_load_1min: 0,
  avg_load_5min: 0,
  avg_load_15min: 0,
  cpus_total: 0,
  mem_total_bytes: 0,
  mem_free_bytes: 0,
};
