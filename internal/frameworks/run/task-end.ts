/** How a task ended, and what that means to the shell that waits for it. */
import { unreachable } from '#internal/base/assert.ts';
import type { TaskState, TaskStatus } from '#proto/gen/mesos/v1.ts';

export type End =
  | { readonly kind: 'exited'; readonly status: number }
  | { readonly kind: 'signalled'; readonly text: string }
  /** It never ran, or nobody can tell how it ended. */
  | { readonly kind: 'failed'; readonly text: string }
  | { readonly kind: 'timed-out' | 'interrupted'; readonly started: boolean };

const terminal: ReadonlySet<TaskState> = new Set<TaskState>([
  'TASK_FINISHED',
  'TASK_FAILED',
  'TASK_KILLED',
  'TASK_ERROR',
  'TASK_LOST',
  'TASK_DROPPED',
  'TASK_GONE',
  'TASK_GONE_BY_OPERATOR',
]);

export const isTerminal = (state: TaskState): boolean => terminal.has(state);

/** `ending` is why we asked for a kill, if we did. */
export function endOf(status: TaskStatus, ending: 'timed-out' | 'interrupted' | undefined): End {
  const message = status.message ?? '';
  const exit = /exited with status (\d+)/.exec(message);
  // A command that ended by itself while our kill was on its way ended by itself.
  if (exit !== null && status.state !== 'TASK_KILLED') {
    return { kind: 'exited', status: Number(exit[1]) };
  }
  if (ending !== undefined) return { kind: ending, started: true };
  if (status.state === 'TASK_FINISHED') return { kind: 'exited', status: 0 };
  if (/terminated with signal/.test(message)) return { kind: 'signalled', text: message };
  return { kind: 'failed', text: `${status.state}${message === '' ? '' : `: ${message}`}` };
}

/** As shells and `timeout(1)` count: 124 for a time-out, 130 for Ctrl-C, 128 + n for a signal. */
export function exitStatus(end: End): number {
  switch (end.kind) {
    case 'exited':
      return end.status;
    case 'timed-out':
      return 124;
    case 'interrupted':
      return 130;
    case 'signalled':
      return 128 + signalNumber(end.text);
    case 'failed':
      return 1;
    default:
      return unreachable(end);
  }
}

/** Agents name signals as `strsignal` does. */
const signalNames: Readonly<Record<string, number>> = {
  Hangup: 1,
  Interrupt: 2,
  Quit: 3,
  'Illegal instruction': 4,
  'Trace/breakpoint trap': 5,
  Aborted: 6,
  'Bus error': 7,
  'Floating point exception': 8,
  Killed: 9,
  'User defined signal 1': 10,
  'Segmentation fault': 11,
  'User defined signal 2': 12,
  'Broken pipe': 13,
  'Alarm clock': 14,
  Terminated: 15,
};

function signalNumber(text: string): number {
  const name = /terminated with signal (.+?)(?: \(core dumped\))?$/.exec(text)?.[1] ?? '';
  return signalNames[name] ?? 0;
}
