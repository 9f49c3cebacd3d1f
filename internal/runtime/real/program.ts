/**
 * Runs another program as a child of this one, in a process group of its own: a Ctrl-C at the terminal
 * reaches the parent only, which then ends its children in the order it wants. The child's standard
 * input stays open as long as the parent lives, so that a child may end when its parent was killed.
 */
import { spawn } from 'node:child_process';
import { appendFileSync } from 'node:fs';
import { createInterface } from 'node:readline';

export type ProgramOptions = {
  readonly command: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Every line is appended to this file. */
  readonly logFile?: string;
  onLine?(stream: 'stdout' | 'stderr', line: string): void;
};

export type ProgramEnd = { readonly status: number | null; readonly signal: string | null };

export type Program = {
  /** Undefined when it could not be started. */
  readonly pid: number | undefined;
  /** Resolves when it has ended and all its lines were handed out. */
  readonly ended: Promise<ProgramEnd>;
  /** To the child alone. Harmless after its end. */
  signal(name: NodeJS.Signals): void;
};

/** Starts the program. One that cannot be started ends at once, with status 127 and a line. */
export function startProgram(options: ProgramOptions): Program {
  const child = spawn(options.command, [...options.args], {
    detached: true,
    stdio: ['pipe', 'pipe', 'pipe'],
    env: { ...process.env, ...options.env },
  });
  child.stdin.on('error', () => {}); // It ended first.
  const lines = (['stdout', 'stderr'] as const).map(async (stream) => {
    // A line may end in \r\n, and the two may come apart.
    const source = { input: child[stream], crlfDelay: Infinity };
    for await (const line of createInterface(source)) {
      if (options.logFile !== undefined) appendFileSync(options.logFile, `${line}\n`);
      options.onLine?.(stream, line);
    }
  });
  const ended = new Promise<ProgramEnd>((resolve) => {
    child.on('error', (error) => {
      options.onLine?.('stderr', String(error));
      resolve({ status: 127, signal: null });
    });
    child.on('exit', (status, signal) => {
      void Promise.all(lines).then(() => resolve({ status, signal }));
    });
  });
  return { pid: child.pid, ended, signal: (name) => void child.kill(name) };
}
