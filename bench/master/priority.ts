/**
 * On a machine that does other work too, the masters get a real-time policy (`chrt`), and their neighbours
 * precedence over what others do, or it would be the others that are measured. Ratios hold then, absolute
 * figures hardly.
 */
import { writeFileSync } from 'node:fs';
import { loadavg } from 'node:os';

export type Command = { readonly command: string; readonly args: readonly string[] };

/** More than this of other work, and only a real-time policy tells anything. */
const quietLoad = 0.7;

export const isBusy: boolean = (loadavg()[0] ?? 0) > quietLoad;

/** Of masters and nodes of the log. */
export const mastersPriority = 4;

export const withPriority =
  (priority: number): ((program: Command) => Command) =>
  ({ command, args }) =>
    isBusy
      ? { command: 'chrt', args: ['--rr', `${priority}`, command, ...args] }
      : { command, args };

/**
 * For this process and all that it starts: before others, but not before the kernel's own threads, as a
 * real-time policy would have it. Thousands of neighbours would keep the disk from its work.
 */
export function takePrecedence(): void {
  if (isBusy) writeFileSync('/proc/self/autogroup', '-19');
}
