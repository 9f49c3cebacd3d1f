/** How times, spans of time and values are written, the same in the text and on the page. */

/** A moment of the run, `0:12.345` or `1:02:03.456`. */
export function moment(atMs: number): string {
  const ms = Math.max(0, Math.round(atMs));
  return `${clock(ms)}.${digits(ms % 1000, 3)}`;
}

/** A moment at a tick of an axis, as exact as its steps are. */
export function tickMoment(atMs: number, stepMs: number): string {
  return stepMs % 1000 === 0 ? clock(Math.round(atMs)) : moment(atMs);
}

/** How long something took, to two or three digits: `850 ms`, `3.25 s`, `2 min 5 s`. */
export function lasting(durationMs: number): string {
  if (durationMs < 999.5) return `${Math.round(durationMs)} ms`;
  if (durationMs < 59_950) return `${number(Math.round(durationMs / 10) / 100)} s`;
  const seconds = Math.round(durationMs / 1000);
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
  const minutes = Math.round(seconds / 60);
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

const format = new Intl.NumberFormat('en-US', { maximumSignificantDigits: 6 });

/** `1,234.5`; six digits at most count. */
export const number = (value: number): string => format.format(value);

/** With its unit; one that only counts has none. */
export const amount = (value: number, unit: string): string =>
  unit === '' || unit === 'count' ? number(value) : `${number(value)} ${unit}`;

/** `1 event`, `2 events`. */
export const counted = (count: number, thing: string): string =>
  `${number(count)} ${thing}${count === 1 ? '' : 's'}`;

function clock(ms: number): string {
  const seconds = Math.floor(ms / 1000);
  const minutes = Math.floor(seconds / 60);
  const hours = Math.floor(minutes / 60);
  const tail = digits(seconds % 60, 2);
  return hours === 0 ? `${minutes}:${tail}` : `${hours}:${digits(minutes % 60, 2)}:${tail}`;
}

const digits = (value: number, width: number): string => `${value}`.padStart(width, '0');
