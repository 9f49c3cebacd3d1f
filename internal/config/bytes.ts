/** Amounts of bytes as Mesos writes them (`2GB`, `512MB`): each unit is 1024 of the one before. */
import { accept, refuse, type Result } from '#internal/base/result.ts';
import { type Flag, type parsed as Parsed, parsed } from './flag.ts';

const units = ['B', 'KB', 'MB', 'GB', 'TB'] as const;

/** Bytes of `2GB`, `1.5MB` or `4096B`. */
export function parseBytes(text: string): Result<number, string> {
  const [, amount, unit = ''] = /^(\d+(?:\.\d+)?)\s*([KMGT]?B)$/iu.exec(text.trim()) ?? [];
  const power = units.findIndex((name) => name === unit.toUpperCase());
  const bytes = Math.round(Number(amount) * 1024 ** power);
  if (power < 0 || !Number.isSafeInteger(bytes)) {
    return refuse(`'${text}' is not an amount such as 4096B, 512MB or 2GB`);
  }
  return accept(bytes);
}

/** Mesos's text that reads back as so many bytes. */
export function bytesText(bytes: number): string {
  const power = units.findLastIndex((_, at) => bytes >= 1024 ** at && bytes % 1024 ** at === 0);
  return `${bytes / 1024 ** Math.max(0, power)}${units[Math.max(0, power)]}`;
}

type Row = Omit<Parameters<typeof Parsed<number>>[0], 'placeholder' | 'parse' | 'show'>;

/** An amount of bytes. */
export const bytes = (row: Row): Flag<number> =>
  parsed({ ...row, placeholder: 'bytes', parse: parseBytes, show: bytesText });
