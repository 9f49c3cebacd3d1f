/**
 * What the log decided about tasks, carried out: launched ones are sent to their agents, refused ones
 * are told, killed ones are killed, ended ones free what they held (contract 4.3, 7.6).
 */
import { unreachable } from '#internal/base/assert.ts';
import type { Framework, MasterUpdate, Task, TaskUpdate } from '#internal/model/cluster.ts';
import { encoded } from '#internal/model/encoded.ts';
import { agentId, taskId } from '#internal/model/ids.ts';
import type { LaunchRefusal } from '#internal/state/command.ts';
import { decode, encode } from '#internal/wire/protobuf.ts';
import { statusToWire } from '#internal/wire/status.ts';
import { taskInfo } from '#internal/wire/task.ts';
import type { RunTask } from '#proto/gen/altiplano/agent/v1.ts';
import type { Call_Kill } from '#proto/gen/mesos/v1/scheduler.ts';
import { droppedState, refuseTask } from './acceptance.ts';
import { updateEvent } from './events.ts';
import { frameworkOf, instruct, type Lead, taskOf, tell } from './lead.ts';
import { returnResources } from './offers.ts';
import { reconcileTask } from './reconcile.ts';
import { frameworkInfo } from './schedulers.ts';

/** KILL: a task that nobody knows is reconciled instead (contract 7.6). */
export function kill(lead: Lead, framework: Framework, call: Call_Kill): void {
  const id = taskId(call.task_id.value);
  const task = taskOf(lead, framework.id, id);
  if (task === undefined) {
    reconcileTask(lead, framework, call);
    return;
  }
  if (call.agent_id !== undefined && agentId(call.agent_id.value) !== task.agentId) return;
  const { kill_policy: policy } = call;
  lead.propose({
    kind: 'kill-task',
    frameworkId: framework.id,
    taskId: id,
    policy: policy && encoded<'mesos.v1.KillPolicy'>(encode('mesos.v1.KillPolicy', policy)),
  });
}

/** In the log, so its agent may hear of it. One that is away hears of it when it is back. */
export function taskLaunched(lead: Lead, task: Task): void {
  const run = runOf(lead, task, landed(lead, task));
  if (run === undefined) return;
  const runs = lead.runs.get(task.agentId);
  if (runs === undefined) lead.runs.set(task.agentId, [run]);
  else runs.push(run);
}

/** Sends a launch, perhaps again: an agent that knows the task does not start it twice. */
export function runTask(lead: Lead, task: Task): void {
  const run_task = runOf(lead, task);
  if (run_task !== undefined) instruct(lead, task.agentId, { run_task });
}

/** What this leader itself has `booked` of the task need not be read again. */
function runOf(lead: Lead, task: Task, booked: Task = task): RunTask | undefined {
  const framework = frameworkOf(lead, task.frameworkId);
  return framework && { framework_info: frameworkInfo(framework), task_info: taskInfo(booked) };
}

/** Between ACCEPT and the log something came first. Nothing was launched. */
export function launchRefused(lead: Lead, task: Task, reason: LaunchRefusal): void {
  landed(lead, task);
  returnResources(lead, task, task.resources);
  const ids = { task_id: { value: task.id }, agent_id: { value: task.agentId } };
  const state = droppedState(frameworkOf(lead, task.frameworkId));
  refuseTask(lead, task.frameworkId, ids, { state, ...refusalOf(task, reason) });
}

export function taskEnded(lead: Lead, task: Task): void {
  returnResources(lead, task, task.resources);
}

/** An update that the state made: sent now that it is in the log. */
export function taskUpdated(lead: Lead, task: Task, update: TaskUpdate): void {
  tell(lead, task.frameworkId, updateEvent(statusToWire(update, task)));
}

/** Sends a kill; repeated whenever the agent comes back, until the task ends. */
export function killTask(lead: Lead, task: Task): void {
  if (task.kill === undefined) return;
  const { policy } = task.kill;
  instruct(lead, task.agentId, {
    kill_task: {
      framework_id: { value: task.frameworkId },
      task_id: { value: task.id },
      ...(policy !== undefined && { kill_policy: decode('mesos.v1.KillPolicy', policy) }),
    },
  });
}

/** Not under way any more: what this leader booked, if it was this one. */
export function landed(lead: Lead, { frameworkId, id }: Task): Task | undefined {
  const launching = lead.launching.get(frameworkId);
  const booked = launching?.get(id);
  launching?.delete(id);
  if (launching?.size === 0) lead.launching.delete(frameworkId);
  return booked;
}

/** The state is that of a dropped task unless it says another. */
type Why = Pick<MasterUpdate, 'reason' | 'message'> & Partial<Pick<MasterUpdate, 'state'>>;

function refusalOf(task: Task, reason: LaunchRefusal): Why {
  switch (reason) {
    case 'framework-unknown':
      return { reason: 'framework-removed', message: `Framework ${task.frameworkId} removed` };
    case 'agent-unknown':
    case 'agent-unreachable':
      return { reason: 'agent-removed', message: 'Agent removed' };
    case 'duplicate-task-id':
      return {
        state: 'error',
        reason: 'task-invalid',
        message: `Task has duplicate ID: ${task.id}`,
      };
    case 'resources-unavailable':
      return {
        reason: 'invalid-offers',
        message: 'Task launched with invalid offers: the agent does not have these resources free',
      };
    default:
      return unreachable(reason);
  }
}
