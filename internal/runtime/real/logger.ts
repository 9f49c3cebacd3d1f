/**
 * JSON lines by pino, on stderr unless told otherwise. Written synchronously: the last line before a
 * failed assertion ends the process is the one that is needed most.
 */
import {
  destination,
  type DestinationStream,
  type Logger as Pino,
  pino,
  stdSerializers,
} from 'pino';
import type { Fields, Logger } from '../logger.ts';

export type LogLevel = 'debug' | 'info' | 'warn' | 'error' | 'silent';

export type LoggerOptions = {
  readonly level: LogLevel;
  /** Where lines go; stderr when left out. */
  readonly sink?: { write(line: string): void };
};

/** What is written may change while it runs. Loggers that were made of it keep to what they began with. */
export type AdjustableLogger = Logger & { setLevel(level: LogLevel): void };

export function openLogger({ level, sink }: LoggerOptions): AdjustableLogger {
  const stream: DestinationStream = sink ?? destination({ dest: 2, sync: true });
  const line = {
    level,
    base: { pid: process.pid },
    messageKey: 'message',
    errorKey: 'error',
    timestamp: () => `,"time":"${new Date().toISOString()}"`,
    formatters: { level: (label: string) => ({ level: label }) },
    serializers: { error: stdSerializers.errWithCause },
  };
  const lines = pino(line, stream);
  return {
    ...wrap(lines),
    setLevel: (wanted) => {
      lines.level = wanted;
    },
  };
}

function wrap(lines: Pino): Logger {
  return {
    debug: (message, fields) => lines.debug(fields ?? {}, message),
    info: (message, fields) => lines.info(fields ?? {}, message),
    warn: (message, fields) => lines.warn(fields ?? {}, message),
    error: (message, fields) => lines.error(fields ?? {}, message),
    child: (fields: Fields) => wrap(lines.child(fields)),
  };
}
