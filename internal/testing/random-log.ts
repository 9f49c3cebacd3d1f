/** What the masters of chance decide about their log: of entries that are not in it yet. */
import type { Random } from '#internal/base/random.ts';
import type { LogCommand } from '#internal/state/command-log.ts';
import { newestVersion } from '#internal/state/version.ts';

export function randomLog(random: Random): LogCommand {
  if (random.oneIn(4)) return { kind: 'raise-version', version: 1 + random.below(newestVersion) };
  const parts = ['agent', 'live-task', 'root'].filter(() => random.oneIn(2));
  return {
    kind: 'check-digest',
    index: 1e9 + random.below(1e6),
    parts: parts.map((part) => ({ part, digest: random.below(1e9).toString(16) })),
  };
}
