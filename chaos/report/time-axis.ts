/** Where moments and values stand on the page: shares of a width or a height, and ticks at round ones. */
import type { RunRecord } from './run-record.ts';
import { tickMoment } from './words.ts';

export type TimeAxis = {
  /** Never zero: a run that took no time has a width all the same. */
  readonly endMs: number;
  readonly ticks: readonly { readonly atMs: number; readonly label: string }[];
};

const ticksMax = 8;
const second = 1000;
const minute = 60 * second;
const hour = 60 * minute;
/** Steps that people count time in. */
const steps: readonly number[] = [
  1,
  2,
  5,
  10,
  20,
  50,
  100,
  200,
  500,
  ...[1, 2, 5, 10, 15, 30].map((n) => n * second),
  ...[1, 2, 5, 10, 15, 30].map((n) => n * minute),
  ...[1, 2, 3, 6, 12, 24].map((n) => n * hour),
];

/** Holds all that the record tells of, also what came after the end. */
export function timeAxis({ durationMs, events, spans, violations, series }: RunRecord): TimeAxis {
  let lastMs = Math.max(1, durationMs);
  for (const { atMs } of [...events, ...violations]) lastMs = Math.max(lastMs, atMs);
  for (const { toMs } of spans) lastMs = Math.max(lastMs, toMs);
  for (const { points } of series) lastMs = Math.max(lastMs, points.at(-1)?.[0] ?? 0);
  const step = steps.find((each) => lastMs / each <= ticksMax) ?? roundUp(lastMs / ticksMax);
  const count = Math.floor(lastMs / step) + 1;
  const ticks = Array.from({ length: count }, (_, n) => n * step);
  return {
    // What happens at the very end is not cut in half.
    endMs: lastMs * 1.01,
    ticks: ticks.map((atMs) => ({ atMs, label: tickMoment(atMs, step) })),
  };
}

/** As an attribute of SVG. */
export const place = (atMs: number, { endMs }: TimeAxis): string => percent(atMs / endMs);

/** Of the width. Nothing is too short to be seen. */
export const width = (durationMs: number, { endMs }: TimeAxis): string =>
  percent(Math.max(0.0025, durationMs / endMs));

export type ValueAxis = {
  readonly from: number;
  readonly to: number;
  readonly ticks: readonly number[];
};

/** From zero, unless values are below it, to a round number not below the highest. */
export function valueAxis(values: readonly number[]): ValueAxis {
  let lowest = 0;
  let highest = 0;
  for (const value of values) {
    lowest = Math.min(lowest, value);
    highest = Math.max(highest, value);
  }
  const range = highest - lowest;
  const step = roundUp((range < 1e-9 ? 1 : range) / 3);
  const first = Math.floor(lowest / step);
  const last = Math.max(Math.ceil(highest / step), first + 1);
  const ticks = Array.from({ length: last - first + 1 }, (_, n) => (first + n) * step);
  return { from: first * step, to: last * step, ticks };
}

/** Share of the height that is above a value. */
export const heightAbove = (value: number, { from, to }: ValueAxis): number =>
  (to - value) / (to - from);

export const percent = (share: number): string => `${Math.round(share * 100_000) / 1000}%`;

/** The next of 1, 2, 5, 10, 20, 50… */
function roundUp(value: number): number {
  const power = 10 ** Math.floor(Math.log10(value));
  const factor = [1, 2, 5, 10].find((each) => each * power >= value * 0.999_999) ?? 10;
  return factor * power;
}
