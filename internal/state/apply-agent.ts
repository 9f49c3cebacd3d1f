/** Agents: admitted, out of reach, back again, removed; and what becomes of their tasks (7.3, 7.4). */
import {
  type Agent,
  isTerminal,
  type MasterUpdate,
  type Task,
  type TaskUpdate,
} from '#internal/model/cluster.ts';
import type { AgentId, FrameworkId } from '#internal/model/ids.ts';
import { machinesIn } from '#internal/model/machine-map.ts';
import { endAll, meetExecutors } from './apply-executor.ts';
import { concludeOperations, meetOperations, operationsLoseReach } from './apply-operation.ts';
import { tellOf } from './apply-task.ts';
import { leaveVolumes, meetVolumes } from './apply-volume.ts';
import type { AgentReturn } from './command.ts';
import {
  complete,
  type Draft,
  inOrder,
  losesReach,
  masterUpdate,
  putLive,
  recordOf,
  regainsReach,
  withUpdate,
} from './draft.ts';
import { executorsOnAgent, goneAgentsMax, tasksOnAgent } from './state.ts';
import { isFromLostRegistrationsOn, isFromVolumesOn } from './version.ts';

/** The first registration wins: a repeated one is told the id that it was given. */
export function admitAgent(draft: Draft, agent: Agent): void {
  const { registration } = agent;
  const earlier = draft.state.registrations.get(registration);
  const known = draft.state.agents.get(earlier ?? agent.id);
  if (known !== undefined && earlier === undefined) return;
  if (isDown(draft, agent)) {
    draft.effects.push({ kind: 'agent-refused', registration });
    return;
  }
  if (known === undefined) {
    putAgent(draft, agent);
    // Of one that was forgotten, and that has itself forgotten who it was.
    for (const task of unreachableOn(draft, agent.id)) forgotten(draft, task);
  } else if (known.reach.kind === 'unreachable') {
    // mark: an agent registered again that never learned its id
    // It never learned its id, so it cannot have run anything, nor heard of an operation: those that
    // were decided for it are in the books' total, and begin again from its own.
    const total = isFromLostRegistrationsOn(draft.state) ? agent.total : known.total;
    const back = { ...known, total };
    reregisterAgent(draft, { agent: back, tasks: [], operations: [], executors: [] });
  }
  draft.effects.push({ kind: 'agent-admitted', agentId: known?.id ?? agent.id, registration });
}

export function reregisterAgent(
  draft: Draft,
  { agent, tasks, operations, executors, volumes = [] }: AgentReturn,
): void {
  const known = draft.state.agents.get(agent.id);
  if (isUnwelcome(draft, agent)) {
    // mark: an agent came back that was given up for ever
    const gone = { agentId: agent.id, isDown: isDown(draft, agent) };
    draft.effects.push({ kind: 'agent-removed', ...gone });
    return;
  }
  // One in no book, which was removed or forgotten, begins anew under its old id (contract 7.4).
  putAgent(draft, {
    ...agent,
    registration: known?.registration ?? agent.registration,
    registeredMs: known?.registeredMs ?? draft.atMs,
    deactivation: known?.deactivation,
    reregisteredMs: draft.atMs,
    reach: { kind: 'admitted' },
  });
  meetOperations(draft, agent, new Set(operations));
  meetVolumes(draft, agent.id, volumes);
  const states = new Map(tasks.map((one) => [keyOf(one.frameworkId, one.taskId), one.state]));
  for (const task of inOrder(tasksOnAgent(draft.state, agent.id))) {
    meetAgain(draft, task, states.get(keyOf(task.frameworkId, task.id)));
  }
  if (known?.reach.kind !== 'admitted') {
    // mark: an agent came back with what was out of reach
    for (const task of unreachableOn(draft, agent.id)) {
      welcomeBack(draft, task, states.get(keyOf(task.frameworkId, task.id)));
    }
  }
  meetExecutors(draft, agent.id, executors);
  draft.effects.push({ kind: 'agent-reregistered', agentId: agent.id });
}

/** Its machine is down; or it is in no book, because it is gone or has got another id since. */
function isUnwelcome(draft: Draft, agent: Agent): boolean {
  const { goneAgents, registrations, agents } = draft.state;
  if (isDown(draft, agent)) return true;
  if (agents.has(agent.id)) return false;
  return goneAgents.has(agent.id) || registrations.has(agent.registration);
}

/** The tasks that had not ended are not reached; the others wait for their acknowledgement. */
export function markAgentUnreachable(draft: Draft, id: AgentId, cause: string): void {
  const agent = draft.state.agents.get(id);
  if (agent === undefined || agent.reach.kind === 'unreachable') return;
  const sinceMs = draft.atMs;
  putAgent(draft, { ...agent, reach: { kind: 'unreachable', sinceMs } });
  for (const task of inOrder(tasksOnAgent(draft.state, id))) {
    if (isTerminal(task.state)) continue;
    const state = isPartitionAware(draft, task) ? 'unreachable' : 'lost';
    const said = { state, reason: 'agent-removed', message: cause } as const;
    const update = masterUpdate(draft, said, sinceMs);
    const next = withUpdate(task, update);
    losesReach(draft, next);
    draft.effects.push({ kind: 'task-updated', task: next, update });
  }
  operationsLoseReach(draft, id, cause);
  draft.effects.push({ kind: 'agent-unreachable', agentId: id });
}

/** For good: what has not ended is lost, and what has ended will not be acknowledged. */
export function removeAgent(draft: Draft, id: AgentId, cause: string): void {
  const agent = draft.state.agents.get(id);
  if (agent === undefined) return;
  const message = `Agent ${agent.hostname} removed: ${cause}`;
  concludeOperations(draft, id, 'dropped', message);
  takeOut(draft, agent, () => ({ state: 'lost', reason: 'agent-removed', message }));
}

/** An operator says that it never comes back, whatever it says itself (contract 7.3). */
export function markAgentGone(draft: Draft, id: AgentId): void {
  const agent = draft.state.agents.get(id);
  if (agent === undefined) return;
  const { goneAgents } = draft.state;
  const oldest =
    goneAgents.size >= goneAgentsMax ? goneAgents.entrySeq().min(goneLonger) : undefined;
  const kept = oldest === undefined ? goneAgents : goneAgents.remove(oldest[0]);
  draft.state = { ...draft.state, goneAgents: kept.set(id, draft.atMs) };
  draft.effects.push({ kind: 'agent-gone', agentId: id });
  const message = 'Agent has been marked gone';
  concludeOperations(draft, id, 'gone-by-operator', message);
  takeOut(draft, agent, (task) =>
    isPartitionAware(draft, task)
      ? { state: 'gone-by-operator', reason: 'agent-removed-by-operator', message }
      : { state: 'lost', reason: 'agent-removed', message },
  );
}

type Gone = readonly [id: AgentId, atMs: number];

const goneLonger = ([one, at]: Gone, [other, otherAt]: Gone): number =>
  at - otherAt || (one < other ? -1 : 1);

type Said = Pick<MasterUpdate, 'state' | 'reason' | 'message'>;

/** Out of the books; what its tasks' frameworks are told is said by `saidOf`. */
function takeOut(draft: Draft, agent: Agent, saidOf: (task: Task) => Said): void {
  const { id } = agent;
  const told = (task: Task): TaskUpdate => {
    const said = saidOf(task);
    return masterUpdate(draft, isTerminal(task.state) ? { ...said, state: task.state } : said);
  };
  for (const task of inOrder(tasksOnAgent(draft.state, id))) conclude(draft, task, told(task));
  for (const task of unreachableOn(draft, id)) conclude(draft, task, told(task));
  endAll(draft, executorsOnAgent(draft.state, id));
  leaveVolumes(draft, id);
  draft.state = {
    ...draft.state,
    agents: draft.state.agents.remove(id),
    registrations: draft.state.registrations.remove(agent.registration),
  };
  draft.effects.push({ kind: 'agent-removed', agentId: id, isDown: isDown(draft, agent) });
}

/** Taken down by an operator after it introduced itself. */
const isDown = (draft: Draft, agent: Agent): boolean =>
  machinesIn(draft.state.maintenance.down).around(agent) !== undefined;

export function putAgent(draft: Draft, agent: Agent): void {
  const isKept = agent.orphans.length === 0 || isFromVolumesOn(draft.state);
  const kept = isKept ? agent : { ...agent, orphans: [] };
  draft.state = {
    ...draft.state,
    agents: draft.state.agents.set(agent.id, kept),
    registrations: draft.state.registrations.set(agent.registration, agent.id),
  };
}

/** A live task, and the state in which its returning agent knows it. */
function meetAgain(draft: Draft, task: Task, reported: Task['state'] | undefined): void {
  if (reported !== undefined) {
    if (!isTerminal(task.state) && reported !== task.state) {
      const next = { ...task, state: reported };
      putLive(draft, next);
      const update = task.update ?? seenAs(draft, reported);
      draft.effects.push({ kind: 'task-recorded', task: next, update, isNews: true });
    }
    return;
  }
  // Perhaps the launch never arrived: it is sent again.
  if (task.state !== 'staging') forgotten(draft, task);
}

/** Of a task whose agent has yet to send its first update. */
const seenAs = (draft: Draft, state: Task['state']): MasterUpdate =>
  masterUpdate(draft, {
    state,
    reason: 'reconciliation',
    message: 'Reconciliation: Latest task state',
  });

/** A task that was out of reach, and the state in which its returning agent knows it. */
function welcomeBack(draft: Draft, task: Task, reported: Task['state'] | undefined): void {
  if (reported === undefined) {
    forgotten(draft, task);
  } else if (isTerminal(reported)) {
    // The agent's own update of its end follows, and wants to be acknowledged.
    const ended = { ...task, state: reported };
    regainsReach(draft, ended);
    draft.effects.push({ kind: 'task-regained', task: ended }, { kind: 'task-ended', task: ended });
  } else {
    const update = masterUpdate(draft, {
      state: reported,
      reason: 'agent-reregistered',
      message: 'Unreachable agent re-reregistered',
    });
    const next = withUpdate(task, update);
    regainsReach(draft, next);
    draft.effects.push(
      { kind: 'task-regained', task: next },
      { kind: 'task-updated', task: next, update },
    );
  }
}

/** The agent is there and does not have the task (contract 7.5, row 3). */
function forgotten(draft: Draft, task: Task): void {
  const gone = isPartitionAware(draft, task) ? 'gone' : 'lost';
  const update = masterUpdate(draft, {
    state: isTerminal(task.state) ? task.state : gone,
    reason: 'reconciliation',
    message: 'Reconciliation: Task is unknown to the agent',
  });
  conclude(draft, task, update);
}

/** Ends a task whose agent will not report it any more; told only what is new to the scheduler. */
function conclude(draft: Draft, task: Task, update: TaskUpdate): void {
  if (task.update?.state === update.state) complete(draft, task);
  else if (recordOf(draft.state, task.frameworkId).tasks.has(task.id)) tellOf(draft, task, update);
  else {
    const next = withUpdate(task, update);
    complete(draft, next);
    draft.effects.push({ kind: 'task-updated', task: next, update });
  }
}

/** The task's agent is out of reach. */
function unreachableOn(draft: Draft, id: AgentId): readonly Task[] {
  const found: Task[] = [];
  for (const { unreachable } of draft.state.frameworks.values()) {
    for (const task of unreachable.values()) if (task.agentId === id) found.push(task);
  }
  return inOrder(found);
}

function isPartitionAware(draft: Draft, { frameworkId }: Task): boolean {
  return recordOf(draft.state, frameworkId).framework.capabilities.has('PARTITION_AWARE');
}

const keyOf = (framework: FrameworkId, task: Task['id']): string =>
  JSON.stringify([framework, task]);
