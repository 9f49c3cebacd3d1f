/** The terminal or the pipes that we were started with, as the ends of a container's streams. */
import { once } from 'node:events';
import process from 'node:process';
import type { WindowSize } from './conversation.ts';

export type Terminal = {
  readonly isTerminal: boolean;
  size(): WindowSize;
  onResize(listener: (size: WindowSize) => void): Disposable;
  /** What is typed, or comes through the pipe; ends with it, or with the signal. */
  input(signal: AbortSignal): AsyncIterable<Uint8Array>;
  /** Every key is the container's, Ctrl-C too, until it is disposed of. */
  takeKeys(): Disposable;
  write(stream: 'stdout' | 'stderr', data: Uint8Array): Promise<void>;
};

const usualSize: WindowSize = { rows: 24, columns: 80 };

export function ownTerminal(): Terminal {
  const { stdin, stdout } = process;
  const size = (): WindowSize =>
    stdout.isTTY ? { rows: stdout.rows, columns: stdout.columns } : usualSize;
  return {
    isTerminal: stdin.isTTY,
    size,
    onResize: (listener) => {
      const tell = (): void => listener(size());
      stdout.on('resize', tell);
      return { [Symbol.dispose]: () => void stdout.off('resize', tell) };
    },
    input: (signal) => readInput(signal),
    takeKeys: () => {
      if (!stdin.isTTY) return { [Symbol.dispose]: () => {} };
      const giveBack = (): void => void stdin.setRawMode(false);
      stdin.setRawMode(true);
      process.on('exit', giveBack);
      return {
        [Symbol.dispose]: () => {
          process.off('exit', giveBack);
          giveBack();
        },
      };
    },
    write: async (stream, data) => {
      const target = process[stream];
      if (!target.write(data)) await once(target, 'drain');
    },
  };
}

async function* readInput(signal: AbortSignal): AsyncGenerator<Uint8Array> {
  const { stdin } = process;
  const leave = (): void => void stdin.destroy();
  signal.addEventListener('abort', leave, { once: true });
  try {
    if (signal.aborted) return;
    for await (const chunk of stdin) {
      yield typeof chunk === 'string' ? new TextEncoder().encode(chunk) : chunk;
    }
  } catch (error) {
    // Reading was given up.
    if (!signal.aborted) throw error;
  } finally {
    signal.removeEventListener('abort', leave);
  }
}
