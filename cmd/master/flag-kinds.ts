/** Kinds of flags that only masters have: how they are written, and what they are. */
import { accept, refuse, type Result } from '#internal/base/result.ts';
import { durationText, parseDurationMs } from '#internal/config/duration.ts';
import type { RemovalRate } from '#internal/master/leader/removals.ts';
import {
  formatQuantities,
  type Quantities,
  scalarQuantities,
} from '#internal/resources/quantities.ts';
import { parseResources } from '#internal/resources/parse.ts';

/** `1/10mins`, as Mesos writes rates. */
export function parseRate(text: string): Result<RemovalRate, string> {
  const [, count = '', duration = ''] = /^([1-9]\d*)\/(.+)$/.exec(text) ?? [];
  const intervalMs = parseDurationMs(duration);
  return intervalMs.ok && intervalMs.value > 0
    ? accept({ permits: Number(count), intervalMs: intervalMs.value })
    : refuse(`'${text}' is not a rate such as 1/10mins`);
}

export const rateText = ({ permits, intervalMs }: RemovalRate): string =>
  `${permits}/${durationText(intervalMs)}`;

/** The share that `75%` is. */
export function parsePercent(text: string): Result<number, string> {
  const [, number = ''] = /^(\d+(?:\.\d+)?)%$/.exec(text) ?? [];
  const share = Number(number) / 100;
  return number !== '' && share <= 1
    ? accept(share)
    : refuse(`'${text}' is not a share from 0% to 100%`);
}

export const percentText = (share: number): string => `${share * 100}%`;

const bytesOf: Readonly<Record<string, number>> = { B: 1, KB: 1024, MB: 1024 ** 2, GB: 1024 ** 3 };

/** `4KB`. */
export function parseBytes(text: string): Result<number, string> {
  const [, number = '', unit = ''] = /^(\d+)([KMG]?B)$/.exec(text) ?? [];
  const bytes = Number(number) * (bytesOf[unit] ?? Number.NaN);
  return Number.isSafeInteger(bytes)
    ? accept(bytes)
    : refuse(`'${text}' is not a size such as 512B or 4KB`);
}

export function bytesText(bytes: number): string {
  const [unit, each] =
    Object.entries(bytesOf).findLast(([, size]) => bytes >= size && bytes % size === 0) ?? [];
  return unit === undefined || each === undefined ? `${bytes}B` : `${bytes / each}${unit}`;
}

/** `cpus:0.01|mem:32`: at least one of them, each a list. Nothing asks for nothing. */
export function parseMinima(text: string): Result<readonly Quantities[], string> {
  const minima: Quantities[] = [];
  for (const part of text.split('|').filter((one) => one !== '')) {
    const parsed = parseResources(part);
    if (!parsed.ok) return refuse(parsed.refusal);
    const isScalar = parsed.value.every(({ value }) => value.kind === 'scalar');
    if (!isScalar) return refuse(`'${part}' has to speak of scalars`);
    minima.push(scalarQuantities(parsed.value));
  }
  return accept(minima);
}

export const minimaText = (minima: readonly Quantities[]): string =>
  minima.map((one) => formatQuantities(one).replaceAll('; ', ';')).join('|');
