/** Reads what a supervisor wrote down. A task may have forged it: whatever is odd is nothing. */
import type { ProcessIdentity } from '#internal/runtime/processes.ts';
import type { ContainerEnd } from '../containerizer.ts';

/** `<boot id> <the line of /proc/<pid>/stat>`: fields 1 and 22 of that are pid and start time. */
export function parseClaim(line: string): ProcessIdentity | undefined {
  const [, bootId, pidText, rest] = /^(\S+) (\d+) \(.*\) (.*)$/su.exec(line) ?? [];
  const startTicks = Number(rest?.split(' ')[19]);
  const pid = Number(pidText);
  if (bootId === undefined || !Number.isSafeInteger(startTicks)) return undefined;
  // 0 and 1 would reach far more than one task.
  return Number.isSafeInteger(pid) && pid > 1 ? { pid, startTicks, bootId } : undefined;
}

export function parseEnd(line: string): ContainerEnd | undefined {
  const [, kind, text] = /^(exited|signaled) (\d{1,3})$/u.exec(line) ?? [];
  const number = Number(text);
  if (kind === 'exited') return { kind, status: number };
  return kind === 'signaled' ? { kind, signal: number } : undefined;
}
