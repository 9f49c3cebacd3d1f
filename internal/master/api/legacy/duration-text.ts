/** Durations as query parameters spell them: `10secs`, `1.5mins` (contract 13.3). */

const units: ReadonlySet<string> = new Set([
  'ns',
  'us',
  'ms',
  'secs',
  'mins',
  'hrs',
  'days',
  'weeks',
]);

/** What is wrong with it, in the words of Mesos, or undefined. */
export function durationProblem(text: string): string | undefined {
  const unitAt = text.search(/[a-z]/iu);
  if (unitAt < 0) return `Invalid duration '${text}'`;
  const amount = text.slice(0, unitAt);
  if (!/^[+-]?(?:\d+\.?\d*|\.\d+)$/u.test(amount)) return `Failed to convert '${amount}' to number`;
  const unit = text.slice(unitAt);
  return units.has(unit) ? undefined : `Unknown duration unit '${unit}'`;
}
