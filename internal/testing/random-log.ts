/** What the masters of chance decide about their log: of entries that are not in it yet. */
import type { Random } from '#internal/base/random.ts';
import type { LogCommand } from '#internal/state/command-log.ts';
import { newestVersion } from '#internal/state/version.ts';

export function randomLog(random: Random): LogCommand {
  if (random.oneIn(4)) {
    const version = 1 + random.below(newestVersion);
    return { kind: 'raise-version', version, clusterId: `cluster ${random.below(9)}` };
  }
  const parts = ['agent', 'live-task', 'root'].filter(() => random.oneIn(2));
  return {
    kind: 'check-digest',
    index: 1e9 + random.below(1e6),
    parts: parts.map((part) => ({ part, digest: random.below(1e9).toString(16) })),
  };
}
