/** One of the machine's own tools, run to its end. Throws with its words when it fails. */
import { spawnSync } from 'node:child_process';

export function command(program: string, ...args: readonly string[]): string {
  const { status, stdout, stderr, error } = spawnSync(program, args, { encoding: 'utf8' });
  if (status === 0) return stdout;
  throw new Error(`${program} ${args.join(' ')}: ${stderr ?? String(error)}`);
}

/** Whether the tool is there and does this without complaint. */
export const can = (program: string, ...args: readonly string[]): boolean =>
  spawnSync(program, args).status === 0;
