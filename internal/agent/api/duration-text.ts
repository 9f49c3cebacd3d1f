/** Durations as query parameters spell them: `10secs`, `1.5mins` (contract 13.3). */
import { accept, refuse, type Result } from '#internal/base/result.ts';

const unitsMs: ReadonlyMap<string, number> = new Map([
  ['ns', 1e-6],
  ['us', 1e-3],
  ['ms', 1],
  ['secs', 1000],
  ['mins', 60_000],
  ['hrs', 3_600_000],
  ['days', 86_400_000],
  ['weeks', 604_800_000],
]);

/** In milliseconds, or what is wrong with it in the words of Mesos. */
export function durationMsOf(text: string): Result<number, string> {
  const unitAt = text.search(/[a-z]/iu);
  if (unitAt < 0) return refuse(`Invalid duration '${text}'`);
  const amount = text.slice(0, unitAt);
  if (!/^[+-]?(?:\d+\.?\d*|\.\d+)$/u.test(amount)) {
    return refuse(`Failed to convert '${amount}' to number`);
  }
  const unitMs = unitsMs.get(text.slice(unitAt));
  if (unitMs === undefined) return refuse(`Unknown duration unit '${text.slice(unitAt)}'`);
  return accept(Number(amount) * unitMs);
}
