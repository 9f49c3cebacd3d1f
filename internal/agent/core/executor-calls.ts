/**
 * What executors that frameworks bring say to the agent (contract 9.2, 9.4): they subscribe, tell what
 * becomes of their tasks, and send bytes to their scheduler. Each update is acknowledged to its executor
 * when it is written down, also when it came before, or comes too late to count.
 */
import { uuidText } from '#internal/base/uuid.ts';
import type { TaskStatus } from '#proto/gen/mesos/v1.ts';
import type { Call_Subscribe } from '#proto/gen/mesos/v1/executor.ts';
import {
  cancelTimers,
  keepExecutor,
  type OwnExecutor,
  rememberExecutor,
  tasksIn,
} from './executor-book.ts';
import { waitForReturn } from './executor-end.ts';
import { podOf } from './executor-launch.ts';
import { restarted } from './executor-outcome.ts';
import { deliver, endUnused, tellToKill, updateLimits } from './executor-tasks.ts';
import { newTask, record } from './new-task.ts';
import { isTerminal, type Task, taskKey } from './state.ts';
import { ownNetwork, seenInDrain } from './status.ts';
import { act, count, getTask, note, tell, type Turn } from './turn.ts';
import { enqueue, report } from './updates.ts';
import { ownExecutor, keyOf } from './executor-book.ts';

/** Ids of updates that are remembered of a task: its executor has few under way at a time. */
const heardMax = 32;
/** Updates of a task that may wait for its scheduler; a later one has to be sent again. */
const updatesMax = 1000;
/** Tasks that executors speak of and nobody launched; of more nothing is passed on. */
const straysMax = 100;

export function executorSubscribed(
  turn: Turn,
  executor: OwnExecutor,
  { connection, subscribe }: { readonly connection: number; readonly subscribe: Call_Subscribe },
): void {
  const { own } = executor;
  const isWanted =
    own.phase.kind !== 'terminating' &&
    turn.state.ending.kind === 'none' &&
    turn.state.frameworks.get(executor.frameworkId)?.removed === false;
  if (own.connection !== undefined) {
    act(turn, { kind: 'close-executor', connection: own.connection });
  }
  if (!isWanted) {
    act(
      turn,
      { kind: 'tell-executor', connection, event: { type: 'SHUTDOWN' } },
      { kind: 'close-executor', connection },
    );
    const alone = { ...own, connection: undefined, hasSubscribed: true };
    rememberExecutor(turn, { ...executor, own: alone });
    return;
  }
  cancelTimers(turn, executor);
  const phase = { kind: 'running' } as const;
  const running = { ...own, phase, connection, hasSubscribed: true };
  const subscribed = keepExecutor(turn, { ...executor, own: running });
  catchUp(turn, subscribed, { connection, subscribe });
}

/** Rows 4 to 8 of contract 9.4. */
function catchUp(
  turn: Turn,
  executor: OwnExecutor,
  { connection, subscribe }: { readonly connection: number; readonly subscribe: Call_Subscribe },
): void {
  endUnused(turn, executor);
  act(turn, { kind: 'tell-executor', connection, event: subscribedEvent(turn, executor) });
  const { unacknowledged_tasks: tasks = [], unacknowledged_updates: updates = [] } = subscribe;
  for (const { status } of updates) executorUpdated(turn, executor, status);
  const known = new Set(tasks.map(({ task_id }) => task_id.value));
  const framework = turn.state.frameworks.get(executor.frameworkId)?.info;
  for (const task of tasksIn(turn, executor)) {
    if (task.life.kind !== 'delivered') continue;
    const isUnheard = task.state === 'TASK_STAGING' && !known.has(task.info.task_id.value);
    if (isUnheard) report(turn, task, restarted(framework));
    else if (task.kill !== undefined) {
      const nanoseconds = BigInt(Math.round(task.kill.graceMs * 1e6));
      tellToKill(turn, task, { connection, policy: { grace_period: { nanoseconds } } });
    }
  }
  const now = ownExecutor(turn, keyOf(executor));
  if (now !== undefined) deliver(turn, now);
}

function subscribedEvent(
  { state, settings }: Turn,
  { info, frameworkId, containerId }: OwnExecutor,
): Extract<Parameters<typeof act>[1], { readonly kind: 'tell-executor' }>['event'] {
  const framework = state.frameworks.get(frameworkId)?.info;
  return {
    type: 'SUBSCRIBED',
    subscribed: {
      executor_info: { type: 'CUSTOM', framework_id: { value: frameworkId }, ...info },
      framework_info: framework ?? { user: '', name: '', id: { value: frameworkId } },
      agent_info: { ...settings.description.agent_info, id: { value: state.agentId ?? '' } },
      container_id: { value: containerId },
    },
  };
}

/** Its stream is over: it looks for us, unless it ends. */
export function executorHungUp(turn: Turn, executor: OwnExecutor, connection: number): void {
  if (executor.own.connection !== connection) return;
  const alone = { ...executor, own: { ...executor.own, connection: undefined } };
  rememberExecutor(turn, alone);
  if (alone.own.phase.kind === 'running') waitForReturn(turn, alone);
}

export function executorSpoke(
  turn: Turn,
  { frameworkId, info }: OwnExecutor,
  data: Uint8Array,
): void {
  const framework_id = { value: frameworkId };
  count(turn, 'valid_framework_messages');
  tell(turn, { executor_message: { framework_id, executor_id: info.executor_id, data } });
}

/** Its scheduler speaks to it. What it does not hear is lost. */
export function tellMessage(turn: Turn, { own }: OwnExecutor, data: Uint8Array): void {
  const { connection, phase } = own;
  if (connection === undefined || phase.kind !== 'running') {
    count(turn, 'invalid_framework_messages');
    return;
  }
  count(turn, 'valid_framework_messages');
  act(turn, { kind: 'tell-executor', connection, event: { type: 'MESSAGE', message: { data } } });
}

export function executorUpdated(turn: Turn, executor: OwnExecutor, status: TaskStatus): void {
  const { uuid, task_id } = status;
  if (uuid === undefined) return;
  const task = getTask(turn, taskKey(executor.frameworkId, task_id.value));
  if (task !== undefined && !isOf(task, executor)) {
    note(turn, 'warn', "update of another executor's task", { task: task.key });
    count(turn, 'invalid_status_updates');
    return;
  }
  const isWanted = turn.state.frameworks.get(executor.frameworkId)?.removed === false;
  const wasHeard = executor.own.heard.includes(uuidText(uuid));
  if (isWanted && !wasHeard && !(task !== undefined && isOld(task, uuid))) {
    const taken = take(turn, executor, { status, uuid, task });
    if (!taken) {
      count(turn, 'invalid_status_updates');
      return;
    }
  }
  count(turn, isWanted ? 'valid_status_updates' : 'invalid_status_updates');
  acknowledgeTo(turn, executor, { task_id, uuid });
}

const isOf = ({ pod }: Task, { info }: OwnExecutor): boolean =>
  pod?.executorId === info.executor_id.value;

/** It came before, or something that nothing follows did. */
function isOld({ heard, state }: Task, uuid: Uint8Array): boolean {
  return heard.includes(uuidText(uuid)) || isTerminal(state);
}

/** False when there is no room for it. */
function take(
  turn: Turn,
  executor: OwnExecutor,
  {
    status,
    uuid,
    task,
  }: { readonly status: TaskStatus; readonly uuid: Uint8Array; readonly task: Task | undefined },
): boolean {
  const known = task ?? stray(turn, executor, status);
  if (known === undefined || known.updates.length >= updatesMax) {
    note(turn, 'warn', 'update of an executor not taken', { task: status.task_id.value });
    return false;
  }
  const heard = [...known.heard, uuidText(uuid)].slice(-heardMax);
  enqueue(turn, { ...known, heard }, completed(turn, executor, status));
  if (isTerminal(status.state) && !known.isStray) updateLimits(turn, executor);
  return true;
}

/** A task that nobody launched here. Its scheduler may know what it is (contract 7.2). */
function stray(turn: Turn, executor: OwnExecutor, { task_id }: TaskStatus): Task | undefined {
  const { frameworkId, info } = executor;
  if (turn.state.tasks.count(({ isStray }) => isStray) >= straysMax) return undefined;
  const agent_id = { value: turn.state.agentId ?? '' };
  const named = { name: task_id.value, task_id, agent_id, executor: info };
  const task = newTask(turn, frameworkId, named, podOf(executor, undefined, 0));
  const told: Task = { ...task, isStray: true, life: { kind: 'ended' } };
  record(turn, told);
  return told;
}

/** With what the agent alone knows. */
function completed(
  turn: Turn,
  { containerId, info, own, frameworkId }: OwnExecutor,
  told: TaskStatus,
): TaskStatus {
  const { settings, state, moment } = turn;
  const status = seenInDrain(told, state.drain, state.frameworks.get(frameworkId)?.info);
  const { container_status: container = {}, timestamp = moment.nowMs / 1000 } = status;
  const { network_infos: networks = [] } = container;
  return {
    ...status,
    agent_id: { value: state.agentId ?? '' },
    executor_id: info.executor_id,
    timestamp,
    container_status: {
      ...(own.process && { executor_pid: Number(own.process.pid) }),
      ...container,
      container_id: { value: containerId },
      network_infos: networks.length > 0 ? networks : [ownNetwork(settings)],
    },
  };
}

function acknowledgeTo(
  turn: Turn,
  executor: OwnExecutor,
  acknowledged: { readonly task_id: TaskStatus['task_id']; readonly uuid: Uint8Array },
): void {
  const connection = ownExecutor(turn, keyOf(executor))?.own.connection;
  if (connection === undefined) return;
  act(turn, { kind: 'tell-executor', connection, event: { type: 'ACKNOWLEDGED', acknowledged } });
}
