/** Durations as Mesos writes them (`10secs`, `15mins`), with the short units everybody types. */
import { accept, refuse, type Result } from '#internal/base/result.ts';

const unitsMs: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  ms: 1,
  s: 1000,
  sec: 1000,
  secs: 1000,
  m: 60_000,
  min: 60_000,
  mins: 60_000,
  h: 3_600_000,
  hr: 3_600_000,
  hrs: 3_600_000,
  d: 86_400_000,
  days: 86_400_000,
  weeks: 604_800_000,
};

/** Milliseconds of `1.5secs`, `200ms`, or `30` (seconds). Never negative. */
export function parseDurationMs(text: string): Result<number, string> {
  const match = /^(\d+(?:\.\d+)?)\s*([a-z]*)$/.exec(text.trim());
  const unitMs = match === null ? undefined : unitsMs[match[2] === '' ? 's' : (match[2] ?? '')];
  if (match === null || unitMs === undefined) {
    return refuse(`'${text}' is not a duration such as 500ms, 10secs or 2mins`);
  }
  return accept(Number(match[1]) * unitMs);
}

/** Mesos's text that reads back as so many milliseconds: `100ms`, `15secs`, `10mins`. */
export function durationText(ms: number): string {
  const unit = writtenUnits.find(([, unitMs]) => ms >= unitMs && ms % unitMs === 0);
  return unit === undefined ? `${ms}ms` : `${ms / unit[1]}${unit[0]}`;
}

const writtenUnits: readonly (readonly [name: string, ms: number])[] = [
  ['days', 86_400_000],
  ['hrs', 3_600_000],
  ['mins', 60_000],
  ['secs', 1000],
];
