/** Tasks: launched, reported, acknowledged, killed (contract 7). */
import { isTerminal, type Task, type TaskUpdate } from '#internal/model/cluster.ts';
import type { TaskId } from '#internal/model/ids.ts';
import type { Resources } from '#internal/resources/resource.ts';
import { unallocated } from '#internal/resources/resources.ts';
import { isStaleOn } from './apply-volume.ts';
import type { Acknowledgement, Command, LaunchRefusal, TaskReport } from './command.ts';
import { complete, type Draft, putLive, putNew, withUpdate } from './draft.ts';
import { areAvailable } from './free.ts';
import { liveTask, type State } from './state.ts';

/** One after the other. What an ACCEPT launches is mostly all of one agent, and fits: then at once. */
export function launchTasks(draft: Draft, tasks: readonly Task[]): void {
  const [first] = tasks;
  if (first === undefined) return;
  const { frameworkId, agentId } = first;
  const isOfOne = tasks.every(
    (task) => task.frameworkId === frameworkId && task.agentId === agentId,
  );
  const launch = {
    frameworkId,
    agentId,
    ids: tasks.map(({ id }) => id),
    wanted: tasks.map(({ resources }) => resources),
  };
  if (!isOfOne || launchRefusal(draft.state, launch) !== undefined) {
    // mark: a launch of many was taken one by one
    for (const task of tasks) launchTask(draft, task);
    return;
  }
  putNew(draft, launch, tasks);
  for (const task of tasks) draft.effects.push({ kind: 'task-launched', task });
}

function launchTask(draft: Draft, task: Task): void {
  const reason = launchRefusal(draft.state, { ...task, ids: [task.id], wanted: [task.resources] });
  if (reason !== undefined) {
    // mark: a launch came to nothing in the log
    draft.effects.push({ kind: 'launch-refused', task, reason });
    return;
  }
  putLive(draft, task);
  draft.effects.push({ kind: 'task-launched', task });
}

/** What is to be launched together on one agent. */
type Launch = Pick<Task, 'frameworkId' | 'agentId'> & {
  readonly ids: readonly TaskId[];
  /** Of each: ports of two tasks are not the same because they are launched together. */
  readonly wanted: readonly Resources[];
};

/** Why it would not do any more. */
export function launchRefusal(
  state: State,
  { frameworkId, agentId, ids, wanted }: Launch,
): LaunchRefusal | undefined {
  const record = state.frameworks.get(frameworkId);
  if (record === undefined) return 'framework-unknown';
  const agent = state.agents.get(agentId);
  if (agent === undefined) return 'agent-unknown';
  if (agent.reach.kind === 'unreachable') return 'agent-unreachable';
  const isTaken = ids.some((id) => record.tasks.has(id) || record.unreachable.has(id));
  if (isTaken || new Set(ids).size < ids.length) return 'duplicate-task-id';
  const isStale = wanted.some((each) => isStaleOn(state, agentId, each));
  return !isStale && areAvailable(state, agent, wanted.map(unallocated))
    ? undefined
    : 'resources-unavailable';
}

/** Only of a live task, by the agent that runs it. A report of what is known changes nothing. */
export function updateTask(draft: Draft, report: TaskReport): void {
  const { update } = report;
  const task = liveTask(draft.state, report.frameworkId, report.taskId);
  if (task === undefined || task.agentId !== report.agentId) return;
  if (update.kind === 'master') {
    tellOf(draft, task, update);
    return;
  }
  const isSettled = task.update?.kind === 'agent' && isTerminal(task.update.state);
  const contradicts =
    isTerminal(task.state) && isTerminal(update.state) && task.state !== update.state;
  if (isSettled || contradicts) return;
  const newest = isTerminal(update.state) ? update.state : report.state;
  const next = withUpdate(task, update, isTerminal(task.state) ? task.state : newest);
  putLive(draft, next);
  const isRetry = task.update?.kind === 'agent' && task.update.uuid === update.uuid;
  const saysMore = !isRetry && task.update?.state !== update.state;
  const isNews = saysMore || next.state !== task.state;
  draft.effects.push({ kind: 'task-recorded', task: next, update, isNews });
  // The acknowledgement may be committed first: updates reach the scheduler without the log.
  if (isTerminal(update.state) && task.acknowledgedUuid === update.uuid) complete(draft, next);
}

/** A master's update of a live task. One that ends it is the last: nobody will acknowledge it. */
export function tellOf(draft: Draft, task: Task, update: TaskUpdate): void {
  if (isTerminal(task.state) && task.state !== update.state) return;
  const next = withUpdate(task, update);
  if (isTerminal(next.state)) complete(draft, next);
  else putLive(draft, next);
  draft.effects.push({ kind: 'task-updated', task: next, update });
}

/**
 * Also of a task that is unknown or completed: its agent, which sends the update again, has not heard
 * of the acknowledgement.
 */
export function acknowledge(draft: Draft, acknowledgement: Acknowledgement): void {
  const { frameworkId, taskId, agentId, uuid } = acknowledgement;
  const task = liveTask(draft.state, frameworkId, taskId);
  if (task !== undefined && task.agentId !== agentId) return;
  if (!draft.state.agents.has(agentId)) return;
  if (task !== undefined) {
    const next = { ...task, acknowledgedUuid: uuid };
    putLive(draft, next);
    const { update } = task;
    if (update?.kind === 'agent' && update.uuid === uuid && isTerminal(update.state)) {
      complete(draft, next);
    }
  }
  draft.effects.push({ kind: 'update-acknowledged', acknowledgement });
}

/** A task that has ended meanwhile needs no killing. */
export function killTask(
  draft: Draft,
  { frameworkId, taskId, policy }: Extract<Command, { kind: 'kill-task' }>,
): void {
  const task = liveTask(draft.state, frameworkId, taskId);
  if (task === undefined || isTerminal(task.state)) return;
  const next = { ...task, kill: { policy } };
  putLive(draft, next);
  draft.effects.push({ kind: 'kill-requested', task: next });
}

/** The scheduler has acknowledged this update of an agent: it need not be sent to it again. */
export function isAcknowledged(state: State, report: Acknowledgement): boolean {
  const record = state.frameworks.get(report.frameworkId);
  const task =
    record?.tasks.get(report.taskId) ??
    record?.unreachable.get(report.taskId) ??
    record?.completed.findLast(({ id }) => id === report.taskId);
  return task !== undefined && task.acknowledgedUuid === report.uuid;
}
