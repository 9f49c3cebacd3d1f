/** What the masters of chance decide about their log: of entries that are not in it yet. */
import type { Random } from '#internal/base/random.ts';
import type { LogCommand } from '#internal/state/command-log.ts';
import { newestVersion } from '#internal/state/version.ts';

export function randomLog(random: Random): LogCommand {
  if (random.oneIn(4)) {
    const version = 1 + random.below(newestVersion);
    return { kind: 'raise-version', version, clusterId: `cluster ${random.below(9)}` };
  }
  if (random.oneIn(12)) {
    // More than one step of a history can lead to, so that what has just happened is still known.
    const [completedFrameworks, completedTasks] = [3 + random.below(4), 20 + random.below(20)];
    const histories = { completedFrameworks, completedTasks, unreachableTasks: 20 };
    return { kind: 'limit-histories', histories };
  }
  const parts = ['agent', 'live-task', 'root'].filter(() => random.oneIn(2));
  return {
    kind: 'check-digest',
    index: 1e9 + random.below(1e6),
    parts: parts.map((part) => ({ part, digest: random.below(1e9).toString(16) })),
  };
}
