/** What the rules count from the start of the agent on, by Mesos's names without their `slave/`. */
import type { TaskState } from '#proto/gen/mesos/v1.ts';

export const counters = [
  'container_launch_errors',
  'executors_terminated',
  'invalid_framework_messages',
  'invalid_status_updates',
  'tasks_failed',
  'tasks_finished',
  'tasks_gone',
  'tasks_killed',
  'tasks_lost',
  'valid_framework_messages',
  'valid_status_updates',
] as const;

export type Counter = (typeof counters)[number];

/** Undefined for a state that is no end, or one that Mesos's agents do not count. */
export const counterOfEnd = (state: TaskState): Counter | undefined => ends[state];

const ends: Readonly<Partial<Record<TaskState, Counter>>> = {
  TASK_FINISHED: 'tasks_finished',
  TASK_FAILED: 'tasks_failed',
  TASK_KILLED: 'tasks_killed',
  TASK_LOST: 'tasks_lost',
  TASK_GONE: 'tasks_gone',
};
