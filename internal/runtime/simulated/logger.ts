/** A logger that keeps the newest lines in memory, with virtual times: a run's story to print. */
import type { Fields, Logger } from '../logger.ts';

export type LogLine = {
  readonly atMs: number;
  readonly level: 'debug' | 'info' | 'warn' | 'error';
  readonly message: string;
  readonly fields: Fields;
};

export type LogBook = {
  /** The newest lines, oldest first. */
  readonly lines: readonly LogLine[];
  /** A logger that writes into this book. */
  readonly logger: Logger;
};

const LINES_MAX = 10_000;

export function openLogBook(
  { nowMs }: { readonly nowMs: () => number },
  { linesMax = LINES_MAX }: { readonly linesMax?: number } = {},
): LogBook {
  const lines: LogLine[] = [];
  const write = (level: LogLine['level'], message: string, fields: Fields): void => {
    lines.push({ atMs: nowMs(), level, message, fields });
    if (lines.length > linesMax) lines.shift();
  };
  const loggerWith = (base: Fields): Logger => ({
    debug: (message, fields) => write('debug', message, { ...base, ...fields }),
    info: (message, fields) => write('info', message, { ...base, ...fields }),
    warn: (message, fields) => write('warn', message, { ...base, ...fields }),
    error: (message, fields) => write('error', message, { ...base, ...fields }),
    child: (fields) => loggerWith({ ...base, ...fields }),
  });
  return { lines, logger: loggerWith({}) };
}
