/** What a process takes of the machine, read where Linux tells it. */
import { readFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';

/** The kernel counts a process's time in hundredths of a second. */
const ticksPerSecond = 100;

/** In cores: 1 is one core all the time. */
export async function cpuShare(pid: number, durationMs: number): Promise<number> {
  const [startMs, before] = [performance.now(), cpuSeconds(pid)];
  await pause(durationMs);
  return (cpuSeconds(pid) - before) / ((performance.now() - startMs) / 1000);
}

/** Memory that it holds, in bytes. */
export function residentBytes(pid: number): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  return 1024 * Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1]);
}

/** Of all its threads, since it began. */
export function cpuSeconds(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  // The name, in brackets, may hold blanks.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) / ticksPerSecond;
}
