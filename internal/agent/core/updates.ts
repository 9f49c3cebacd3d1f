/**
 * Status updates, reliably: durable before they are sent, one of a task under way at a time, in order,
 * again after 10 s, 20 s, … 10 min and at each registration, until a master acknowledges it; then
 * never again (contract 7.2).
 */
import { assert } from '#internal/base/assert.ts';
import type { AcknowledgeUpdate } from '#proto/gen/altiplano/agent/v1.ts';
import type { TaskStatus } from '#proto/gen/mesos/v1.ts';
import { counterOfEnd } from './counters.ts';
import { keepHeard } from './executor-book.ts';
import { type PendingUpdate, type Task, isTerminal, taskKey } from './state.ts';
import { type Outcome, seenInDrain, statusOf } from './status.ts';
import {
  type Turn,
  act,
  count,
  forget,
  getTask,
  keep,
  nameOf,
  note,
  remember,
  tell,
} from './turn.ts';

/** Gives the task a new state and queues the update that tells of it. Returns the task as kept. */
export function report(turn: Turn, task: Task, told: Outcome): Task {
  assert(!isTerminal(task.state), `Task "${task.key}" is ${task.state} already`);
  const { drain, frameworks } = turn.state;
  const outcome = seenInDrain(told, drain, frameworks.get(task.frameworkId)?.info);
  const status = statusOf(turn, task, outcome);
  count(turn, 'valid_status_updates');
  return enqueue(turn, { ...task, updates: makeRoom(turn, task, outcome) }, status);
}

/** The same with what an executor says: it is passed on as it came. */
export function enqueue(turn: Turn, task: Task, status: TaskStatus): Task {
  const update = { number: task.nextUpdate, status };
  const next: Task = {
    ...task,
    state: status.state,
    status,
    life: isTerminal(status.state) ? { kind: 'ended' } : task.life,
    updates: [...task.updates, update],
    nextUpdate: task.nextUpdate + 1,
  };
  turn.writes.push({
    kind: 'update',
    name: nameOf(task),
    update: { number: update.number, record: { status: update.status } },
  });
  keep(turn, next);
  const counter = counterOfEnd(status.state);
  if (counter !== undefined) count(turn, counter);
  if (next.updates.length === 1) sendFirst(turn, next);
  return next;
}

/**
 * A task has few states, but no end of checks: of those that wait behind `checkUpdatesMax` others only
 * the newest is kept, which says how things are. The first of all is under way and stays.
 */
function makeRoom(turn: Turn, task: Task, { reason }: Outcome): readonly PendingUpdate[] {
  const { updates } = task;
  const last = updates.at(-1);
  if (last === undefined || updates.length < checkUpdatesMax) return updates;
  if (!isOfCheck(reason) || !isOfCheck(last.status.reason)) return updates;
  turn.writes.push({ kind: 'remove-update', name: nameOf(task), number: last.number });
  return updates.slice(0, -1);
}

/** More than a health check tells before it kills, and than a scheduler misses while it fails over. */
export const checkUpdatesMax = 100;

const isOfCheck = (reason: Outcome['reason']): boolean =>
  reason === 'REASON_TASK_CHECK_STATUS_UPDATED' ||
  reason === 'REASON_TASK_HEALTH_CHECK_STATUS_UPDATED';

/** The first words of each task, after a registration or when a scheduler came back. */
export function resend(turn: Turn, tasks: Iterable<Task>): void {
  for (const task of tasks) {
    if (task.updates.length > 0) restart(turn, task);
  }
}

/** The wait for an acknowledgement is over. */
export function retry(turn: Turn, task: Task): void {
  if (task.updates.length === 0 || turn.state.session.kind !== 'registered') return;
  // mark: an update was sent again after its time
  const retryMs = Math.min(task.retryMs * 2, turn.settings.updateRetryMsMax);
  const patient = { ...task, retryMs };
  remember(turn, patient);
  sendFirst(turn, patient);
}

export function acknowledge(turn: Turn, message: AcknowledgeUpdate): void {
  const task = getTask(turn, taskKey(message.framework_id.value, message.task_id.value));
  const first = task?.updates[0];
  if (task === undefined || first === undefined || !equal(first.status.uuid, message.uuid)) {
    // mark: an acknowledgement came twice
    // A repeated acknowledgement: what it speaks of is gone.
    note(turn, 'debug', 'acknowledgement of no pending update', {
      task: message.task_id.value,
    });
    return;
  }
  const rest: Task = { ...task, updates: task.updates.slice(1) };
  turn.writes.push({ kind: 'remove-update', name: nameOf(task), number: first.number });
  if (rest.updates.length > 0) restart(turn, rest);
  // The log knows how it ended, so no leader from now on sends it again: its id is free.
  else if (isTerminal(first.status.state) || rest.isStray) {
    keepHeard(turn, rest);
    forget(turn, rest);
  } else {
    remember(turn, rest);
    act(turn, { kind: 'cancel-timer', timer: { kind: 'retry', task: task.key } });
  }
}

function restart(turn: Turn, task: Task): void {
  const fresh = { ...task, retryMs: turn.settings.updateRetryMs };
  remember(turn, fresh);
  sendFirst(turn, fresh);
}

function sendFirst(turn: Turn, task: Task): void {
  const [first] = task.updates;
  if (first === undefined || turn.state.session.kind !== 'registered') return;
  tell(turn, {
    status_update: {
      framework_id: { value: task.frameworkId },
      status: first.status,
      latest_state: task.state,
    },
  });
  act(turn, {
    kind: 'set-timer',
    timer: { kind: 'retry', task: task.key },
    delayMs: task.retryMs,
  });
}

function equal(left: Uint8Array | undefined, right: Uint8Array): boolean {
  return left?.length === right.length && left.every((byte, at) => byte === right[at]);
}
