/** What tells timers of the agent apart. */
import type { TimerId } from './core/input.ts';

export function timerName(timer: TimerId): string {
  if ('executor' in timer) return `${timer.kind} ${timer.executor}`;
  if ('task' in timer) return `${timer.kind} ${timer.task}`;
  return 'operation' in timer ? `${timer.kind} ${timer.operation}` : timer.kind;
}
