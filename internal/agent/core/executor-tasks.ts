/**
 * Tasks of executors that frameworks bring: they wait until their executor listens, are handed to it in
 * the order in which they came, and are killed by asking it. What becomes of them, it says.
 */
import { assert } from '#internal/base/assert.ts';
import type { KillPolicy } from '#proto/gen/mesos/v1.ts';
import type { Event } from '#proto/gen/mesos/v1/executor.ts';
import {
  executorLimits,
  keepExecutor,
  type OwnExecutor,
  ownExecutor,
  tasksIn,
} from './executor-book.ts';
import { endGracefully } from './executor-end.ts';
import { executorKey, type Kill, type Task } from './state.ts';
import { killedDuringLaunch } from './status.ts';
import { act, forget, keep, type Turn } from './turn.ts';
import { report } from './updates.ts';

/** Hands over what waits, if the executor listens. */
export function deliver(turn: Turn, executor: OwnExecutor): void {
  const { phase, connection } = executor.own;
  if (phase.kind !== 'running' || connection === undefined) return;
  const waiting = tasksIn(turn, executor).filter(({ life }) => life.kind === 'queued');
  if (waiting.length === 0) return;
  if (!executor.hasTasks) keepExecutor(turn, { ...executor, hasTasks: true });
  for (const task of waiting) keep(turn, { ...task, life: { kind: 'delivered' } });
  updateLimits(turn, executor);
  for (const event of launches(waiting)) act(turn, { kind: 'tell-executor', connection, event });
}

/** What it may use follows the tasks that it has. */
export function updateLimits(turn: Turn, executor: OwnExecutor): void {
  const { containerId } = executor;
  act(turn, { kind: 'update-container', containerId, limits: executorLimits(turn, executor) });
}

/** A group is one event, in the place of its first task. */
function launches(tasks: readonly Task[]): readonly Event[] {
  const byGroup = Map.groupBy(tasks, ({ pod, key }) => pod?.groupId ?? key);
  return [...byGroup.values()].flatMap((members): readonly Event[] => {
    const infos = members.map(({ info }) => info);
    if (members[0]?.pod?.groupId !== undefined) {
      return [{ type: 'LAUNCH_GROUP', launch_group: { task_group: { tasks: infos } } }];
    }
    return infos.map((task) => ({ type: 'LAUNCH', launch: { task } }));
  });
}

/** Asks for the end of a task that its executor looks after. Said again, it is asked again. */
export function askToKill(
  turn: Turn,
  task: Task,
  kill: Kill,
  policy: KillPolicy | undefined,
): void {
  if (task.life.kind === 'queued') {
    retract(turn, task);
    return;
  }
  if (task.life.kind !== 'delivered') return;
  keep(turn, { ...task, kill: task.kill ?? kill });
  const connection = executorOf(turn, task)?.own.connection;
  // One that does not listen hears it when it does.
  if (connection !== undefined) tellToKill(turn, task, { connection, policy });
}

export function tellToKill(
  turn: Turn,
  { info }: Task,
  how: { readonly connection: number; readonly policy: KillPolicy | undefined },
): void {
  const kill = { task_id: info.task_id, ...(how.policy && { kill_policy: how.policy }) };
  const event = { type: 'KILL', kill } as const;
  act(turn, { kind: 'tell-executor', connection: how.connection, event });
}

/** Killed before its executor has heard of it, and its whole group with it (contract 7.6). */
function retract(turn: Turn, task: Task): void {
  const executor = executorOf(turn, task);
  assert(executor !== undefined, `Task "${task.key}" waits for an executor that is not there`);
  const { groupId } = task.pod ?? {};
  const isMeant = ({ key, pod }: Task): boolean =>
    key === task.key || (groupId !== undefined && pod?.groupId === groupId);
  for (const one of tasksIn(turn, executor)) {
    if (isMeant(one)) report(turn, one, killedDuringLaunch(one));
  }
  endUnused(turn, executor);
}

/** Nobody will give work to one that was launched for tasks which were all killed before it had them. */
export function endUnused(turn: Turn, executor: OwnExecutor): void {
  if (executor.hasTasks || tasksIn(turn, executor).length > 0) return;
  endGracefully(turn, executor);
}

/** Kills a task of which nobody wants to hear any more; its executor is told to end by others. */
export function abandonDelegated(turn: Turn, task: Task, kill: Kill): void {
  if (task.life.kind === 'queued') forget(turn, { ...task, life: { kind: 'ended' } });
  else keep(turn, { ...task, kill });
}

export const executorOf = (turn: Turn, { frameworkId, pod }: Task): OwnExecutor | undefined =>
  pod && ownExecutor(turn, executorKey(frameworkId, pod.executorId));
