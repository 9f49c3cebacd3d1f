/**
 * On a machine that does other work too, all that the benchmark runs gets a real-time policy (`chrt`), or
 * it would be the others that are measured: masters before their neighbours, as they would be on machines
 * of their own. Ratios hold then, absolute figures hardly.
 */
import { spawnSync } from 'node:child_process';
import { loadavg } from 'node:os';

export type Command = { readonly command: string; readonly args: readonly string[] };

/** More than this of other work, and only a real-time policy tells anything. */
const quietLoad = 0.7;

export const isBusy: boolean = (loadavg()[0] ?? 0) > quietLoad;

/** Masters and nodes of the log; neighbours, generators, and whoever measures. */
export const priorities = { masters: 4, neighbours: 3 } as const;

export const withPriority =
  (priority: number): ((program: Command) => Command) =>
  ({ command, args }) =>
    isBusy
      ? { command: 'chrt', args: ['--rr', `${priority}`, command, ...args] }
      : { command, args };

/** This process, which must not be kept waiting itself. */
export function takePriority(): void {
  const argv = ['--all-tasks', '--rr', '--pid', `${priorities.neighbours}`, `${process.pid}`];
  if (isBusy && spawnSync('chrt', argv).status !== 0) {
    throw new Error('this machine does other work and lends no real-time policy');
  }
}
