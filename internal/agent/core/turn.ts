/**
 * One step under way: the state so far, and what has to be written and done because of it. Rules take
 * a turn and add to it; nothing of it leaves the core before the step is over.
 */
import type { CheckpointWrite, TaskName } from '#storage/checkpoint/records.ts';
import type { AgentMessage, HealthRecord } from '#proto/gen/altiplano/agent/v1.ts';
import { assert } from '#internal/base/assert.ts';
import type { Counter } from './counters.ts';
import type { Effect, Moment } from './input.ts';
import { uuidBytes } from '#internal/base/uuid.ts';
import {
  type AgentSettings,
  type AgentState,
  type Health,
  isDelegated,
  type Task,
  type TaskKey,
} from './state.ts';

export type Turn = {
  state: AgentState;
  readonly writes: CheckpointWrite[];
  readonly effects: Effect[];
  readonly settings: AgentSettings;
  readonly moment: Moment;
};

export function change(turn: Turn, changes: Partial<AgentState>): void {
  turn.state = { ...turn.state, ...changes };
}

export function act(turn: Turn, ...effects: readonly Effect[]): void {
  turn.effects.push(...effects);
}

export function count(turn: Turn, counter: Counter): void {
  turn.effects.push({ kind: 'count', counter });
}

export function note(
  turn: Turn,
  level: 'debug' | 'info' | 'warn',
  event: string,
  fields: Readonly<Record<string, unknown>> = {},
): void {
  turn.effects.push({ kind: 'note', level, event, fields });
}

/** Says something to the leader; nothing when there is none. */
export function tell(turn: Turn, message: AgentMessage): void {
  const { session } = turn.state;
  if (session.kind === 'registered') act(turn, { kind: 'send', link: session.link, message });
}

export function getTask(turn: Turn, key: TaskKey): Task | undefined {
  return turn.state.tasks.get(key);
}

/** Keeps `task` in memory only: what changed of it need not survive. */
export function remember(turn: Turn, task: Task): void {
  change(turn, { tasks: turn.state.tasks.set(task.key, task) });
}

/** Keeps `task`, and writes down how far it is. Its updates are written where they are made. */
export function keep(turn: Turn, task: Task): void {
  remember(turn, task);
  const { health, kill, life, status, heard } = task;
  const record = {
    state: task.state,
    next_update: BigInt(task.nextUpdate),
    ...(status === undefined ? {} : { status }),
    ...(life.kind === 'running' ? { process: life.process, started_ms: life.startedMs } : {}),
    ...(life.kind === 'delivered' ? { delivered: true } : {}),
    ...(heard.length === 0 ? {} : { heard: heard.map(uuidBytes) }),
    ...(kill === undefined ? {} : { kill: { cause: kill.cause, grace_ms: kill.graceMs } }),
    ...(health === undefined ? {} : { health: healthRecord(health) }),
  };
  turn.writes.push({ kind: 'progress', name: nameOf(task), record });
}

const healthRecord = ({ failures, hasPassed, failedMs }: Health): HealthRecord => ({
  failures,
  has_passed: hasPassed,
  ...(failedMs !== undefined && { failed_ms: failedMs }),
});

/** Forgets a task that is over and told, and its framework with the last of its tasks. */
export function forget(turn: Turn, task: Task): void {
  assert(task.life.kind === 'ended', `Task "${task.key}" is forgotten while it lives`);
  for (const { number } of task.updates) {
    turn.writes.push({ kind: 'remove-update', name: nameOf(task), number });
  }
  turn.writes.push({ kind: 'remove-task', name: nameOf(task) });
  const tasks = turn.state.tasks.delete(task.key);
  change(turn, { tasks });
  act(turn, { kind: 'cancel-timer', timer: { kind: 'retry', task: task.key } });
  // The container of one that is delegated is its executor's.
  if (!isDelegated(task)) act(turn, { kind: 'release', containerId: task.containerId });
  forgetFramework(turn, task.frameworkId);
}

/** Forgets a framework that has nothing left here. */
export function forgetFramework(turn: Turn, id: string): void {
  const { tasks, executors, frameworks } = turn.state;
  const isOf = ({ frameworkId }: { readonly frameworkId: string }): boolean => frameworkId === id;
  if (!frameworks.has(id) || tasks.some(isOf) || executors.some(isOf)) return;
  change(turn, { frameworks: frameworks.delete(id) });
  turn.writes.push({ kind: 'remove-framework', frameworkId: id });
}

export const nameOf = ({ frameworkId, info }: Task): TaskName => ({
  frameworkId,
  taskId: info.task_id.value,
});
