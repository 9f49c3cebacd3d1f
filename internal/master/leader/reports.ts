/**
 * Status updates and their acknowledgements (contract 7.2). An update goes to its scheduler at once, if
 * that listens; the agent keeps it and sends it again until it is acknowledged, so the log may learn of
 * it later, in batches. The end of a task waits for the log: a leader that had not heard of it could say
 * that the task is out of reach. An acknowledgement reaches the agent only from the log: whatever the
 * agent then forgets, the next leader knows.
 *
 * One batch is under way at a time; what comes meanwhile waits for the next, reports before
 * acknowledgements, so that the log knows an update before it is acknowledged.
 */
import { assert } from '#internal/base/assert.ts';
import { parseUuid, uuidText } from '#internal/base/uuid.ts';
import {
  type AgentUpdate,
  type Framework,
  isTerminal,
  type MasterUpdate,
  type Task,
} from '#internal/model/cluster.ts';
import { encoded } from '#internal/model/encoded.ts';
import {
  type AgentId,
  agentId,
  frameworkId,
  type FrameworkId,
  taskId,
  type TaskId,
} from '#internal/model/ids.ts';
import { isAcknowledged } from '#internal/state/apply-task.ts';
import type { Acknowledgement, TaskReport } from '#internal/state/command.ts';
import { isCompleted, liveTask } from '#internal/state/state.ts';
import { encode } from '#internal/wire/protobuf.ts';
import { agentUpdateFromWire } from '#internal/wire/status.ts';
import { taskStateFromWire } from '#internal/wire/task-state.ts';
import type { StatusUpdate } from '#proto/gen/altiplano/agent/v1.ts';
import type { TaskStatus } from '#proto/gen/mesos/v1.ts';
import type { Call_Acknowledge } from '#proto/gen/mesos/v1/scheduler.ts';
import { batches } from './batches.ts';
import { updateEvent } from './events.ts';
import { instruct, type Lead, taskOf, tell } from './lead.ts';

/** A status update from an agent that is registered. */
export function statusUpdated(lead: Lead, from: AgentId, message: StatusUpdate): void {
  const { status } = message;
  const update = agentUpdateFromWire(status);
  if (!update.ok) {
    lead.logger.warn('status update refused', { agentId: from, reason: update.refusal });
    return;
  }
  const framework = frameworkId(message.framework_id.value);
  if (!lead.state.frameworks.has(framework)) {
    // mark: an update of a framework that is gone
    // Removed while the agent was not there to hear of it.
    shutDownFramework(lead, from, framework);
    return;
  }
  const report: TaskReport = {
    frameworkId: framework,
    taskId: taskId(status.task_id.value),
    agentId: from,
    state: taskStateFromWire(message.latest_state),
    update: loggable(lead, status, update.value),
  };
  forward(lead, report, { status, uuid: update.value.uuid });
}

/** ACKNOWLEDGE: what cannot be meant is dropped. */
export function acknowledge(lead: Lead, { id }: Framework, call: Call_Acknowledge): void {
  const peer = lead.peers.get(agentId(call.agent_id.value));
  if (peer?.presence.kind !== 'connected') return;
  const task = taskOf(lead, id, taskId(call.task_id.value));
  if (task !== undefined && task.update === undefined && !isReported(lead, task)) return;
  if (lead.pending.acknowledgements.length >= lead.options.reportsMax) return;
  lead.pending.acknowledgements.push({
    frameworkId: id,
    taskId: taskId(call.task_id.value),
    agentId: peer.id,
    uuid: uuidText(call.uuid),
  });
  flush(lead);
}

/** The acknowledgement is in the log: the agent may forget. */
export function updateAcknowledged(lead: Lead, acknowledgement: Acknowledgement): void {
  const { agentId: to, frameworkId: framework, taskId: task } = acknowledgement;
  const uuid = parseUuid(acknowledgement.uuid);
  assert(uuid !== undefined, `an acknowledgement of '${acknowledgement.uuid}'`);
  const ids = { framework_id: { value: framework }, task_id: { value: task } };
  instruct(lead, to, { acknowledge_update: { ...ids, uuid } });
}

/** What agents said last of a framework's tasks, was told, and is yet to be logged. */
export function unloggedReports(lead: Lead, id: FrameworkId): ReadonlyMap<TaskId, TaskReport> {
  const { proposed, reports } = lead.pending;
  const told = [...proposed, ...reports].filter((report) => !lead.pending.ends.has(report));
  const ofFramework = told.filter(({ frameworkId: of }) => of === id);
  return new Map(ofFramework.map((report) => [report.taskId, report]));
}

/** A master's word that these are lost: told when the log has it, and not to who has heard of their end. */
export function loseTasks(
  lead: Lead,
  tasks: readonly Task[],
  why: Pick<MasterUpdate, 'reason' | 'message'>,
): void {
  const atMs = lead.clock.now();
  const update = { kind: 'master', state: 'lost', ...why, atMs, unreachableMs: undefined } as const;
  for (const { frameworkId: framework, id, agentId: from } of tasks) {
    const ids = { frameworkId: framework, taskId: id, agentId: from };
    lead.pending.reports.push({ ...ids, state: update.state, update });
  }
  flush(lead);
}

export function shutDownFramework(lead: Lead, to: AgentId, id: FrameworkId): void {
  instruct(lead, to, { shutdown_framework: { framework_id: { value: id } } });
}

function forward(
  lead: Lead,
  report: TaskReport,
  { status, uuid }: { readonly status: TaskStatus; readonly uuid: string },
): void {
  const { frameworkId: framework, taskId: task, agentId: from } = report;
  const acknowledgement = { frameworkId: framework, taskId: task, agentId: from, uuid };
  if (isAcknowledged(lead.state, acknowledgement)) {
    // mark: an agent had not heard of an acknowledgement
    // The scheduler is left alone: it is the agent who has not heard.
    updateAcknowledged(lead, acknowledgement);
    return;
  }
  if (taskOf(lead, framework, task) === undefined && isCompleted(lead.state, framework, task)) {
    // mark: an update after the end that a master told
    // It ended by the master's word, and nothing follows the end: the agent may forget it.
    updateAcknowledged(lead, acknowledgement);
    return;
  }
  // Neither told nor logged: the agent sends it again.
  if (lead.pending.reports.length >= lead.options.reportsMax) return;
  if (!isNews(lead, report, uuid)) tell(lead, framework, updateEvent(status));
  else {
    lead.pending.reports.push(report);
    if (isTerminal(report.update.state)) lead.pending.ends.set(report, status);
    else tell(lead, framework, updateEvent(status));
  }
  flush(lead);
}

/** The log has them. A task that went out of reach meanwhile has its end told when its agent is back. */
function tellEnds(lead: Lead, logged: readonly TaskReport[]): void {
  for (const report of logged) {
    const status = lead.pending.ends.get(report);
    lead.pending.ends.delete(report);
    const isThere = liveTask(lead.state, report.frameworkId, report.taskId) !== undefined;
    if (status !== undefined && isThere) tell(lead, report.frameworkId, updateEvent(status));
  }
}

function flush(lead: Lead): void {
  const { pending, options } = lead;
  if (pending.inFlight > 0) return;
  const { reports, acknowledgements } = pending;
  pending.reports = [];
  pending.proposed = reports;
  pending.acknowledgements = [];
  const done = (): void => {
    pending.inFlight--;
    flush(lead);
  };
  for (const updates of batches(reports, sizeOf, options)) {
    pending.inFlight++;
    const isProposed = lead.propose({ kind: 'update-tasks', updates }, () => {
      tellEnds(lead, updates);
      done();
    });
    assert(isProposed, 'a batch of updates larger than an entry');
  }
  for (const batch of batches(acknowledgements, () => 0, options)) {
    pending.inFlight++;
    const isProposed = lead.propose({ kind: 'acknowledge-updates', acknowledgements: batch }, done);
    assert(isProposed, 'a batch of acknowledgements larger than an entry');
  }
}

const sizeOf = ({ update }: TaskReport): number =>
  update.kind === 'agent' ? update.status.length : 0;

/** What an agent sends again is in the log already. */
function isNews(lead: Lead, report: TaskReport, uuid: string): boolean {
  const task = liveTask(lead.state, report.frameworkId, report.taskId);
  const isLogged = task?.update?.kind === 'agent' && task.update.uuid === uuid;
  return task !== undefined && !(isLogged && task.state === report.state);
}

/** Its update is on its way into the log, so this master may have told it. */
function isReported(lead: Lead, { frameworkId: framework, id }: Task): boolean {
  const { reports, inFlight } = lead.pending;
  if (inFlight > 0) return true;
  return reports.some((report) => report.taskId === id && report.frameworkId === framework);
}

/** A status of any size reaches the scheduler; the log keeps a long one in brief. */
function loggable(lead: Lead, status: TaskStatus, update: AgentUpdate): AgentUpdate {
  if (update.status.length <= lead.options.taskBytesMax) return update;
  const {
    data: _data,
    message: _message,
    labels: _labels,
    check_status: _check,
    ...brief
  } = status;
  return { ...update, status: encoded(encode('mesos.v1.TaskStatus', brief)) };
}
