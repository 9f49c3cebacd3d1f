/**
 * What the log decided about executors and the tasks launched with them, carried out; and the words
 * that schedulers and executors have for each other, which nobody keeps (contract 3.3, 3.4, 4.2).
 */
import type { Executor, Framework, Task } from '#internal/model/cluster.ts';
import { agentId, type AgentId, executorId, frameworkId } from '#internal/model/ids.ts';
import { executorOf, liveTask } from '#internal/state/state.ts';
import { contains, unallocated } from '#internal/resources/resources.ts';
import type { Effect } from '#internal/state/command.ts';
import { decode } from '#internal/wire/protobuf.ts';
import type { ExecutorExited, ExecutorMessage } from '#proto/gen/altiplano/agent/v1.ts';
import type { Call_Message, Call_Shutdown } from '#proto/gen/mesos/v1/scheduler.ts';
import { executorLanded, livingExecutor, pathOf } from './arriving.ts';
import { executorFailureEvent, messageEvent } from './events.ts';
import { frameworkOf, instruct, type Lead, tell } from './lead.ts';
import { returnResources } from './offers.ts';
import { frameworkInfo } from './schedulers.ts';
import { withdrawUntil } from './settlement.ts';
import { landed, launchRefused, runTask } from './tasks.ts';

export function executorLaunched(
  lead: Lead,
  { executor, tasks, isExecutorHeld, isNew }: Extract<Effect, { kind: 'executor-launched' }>,
): void {
  executorLanded(lead, executor, isExecutorHeld);
  for (const task of tasks) landed(lead, task);
  // What was offered and what is in the books differ when it ended, or was found, in between.
  if (isNew && !isExecutorHeld) take(lead, executor);
  if (!isNew && isExecutorHeld) returnResources(lead, executor, executor.resources);
  const isGroup = tasks.every(({ groupId }) => groupId !== undefined);
  if (isGroup) runGroup(lead, executor, tasks);
  else for (const task of tasks) runTask(lead, task);
}

/** Nothing was launched: all that the ACCEPT had set aside for it is free. */
export function executorRefused(
  lead: Lead,
  { executor, tasks, isExecutorHeld, reason }: Extract<Effect, { kind: 'executor-refused' }>,
): void {
  executorLanded(lead, executor, isExecutorHeld);
  if (isExecutorHeld) returnResources(lead, executor, executor.resources);
  for (const task of tasks) launchRefused(lead, task, reason);
}

/** A returning agent runs it; one that was not reached is counted when it is taken in. */
export function executorFound(lead: Lead, executor: Executor): void {
  if (lead.peers.has(executor.agentId)) take(lead, executor);
}

export function executorEnded(lead: Lead, executor: Executor): void {
  lead.unsettled.delete(pathOf(executor));
  returnResources(lead, executor, executor.resources);
}

/** Sends launches whose agent does not know of them, groups whole. */
export function runAgain(lead: Lead, tasks: readonly Task[]): void {
  const groups = Map.groupBy(tasks, ({ groupId }) => groupId);
  for (const [groupId, members] of groups) {
    const executor = groupId === undefined ? undefined : executorOfTask(lead, members[0]);
    if (executor === undefined) for (const task of members) runTask(lead, task);
    else runGroup(lead, executor, members);
  }
}

/** Best effort: an executor whose agent is away is left alone. */
export function shutDownExecutor(lead: Lead, { id }: Framework, call: Call_Shutdown): void {
  instruct(lead, agentId(call.agent_id.value), {
    shutdown_executor: { framework_id: { value: id }, executor_id: call.executor_id },
  });
}

/** Best effort, like all messages. */
export function sendMessage(lead: Lead, { id }: Framework, call: Call_Message): void {
  const { agent_id, executor_id, data } = call;
  const message = { framework_id: { value: id }, executor_id, data };
  instruct(lead, agentId(agent_id.value), { executor_message: message });
}

export function messageSent(lead: Lead, from: AgentId, message: ExecutorMessage): void {
  const event = messageEvent(from, message.executor_id.value, message.data);
  tell(lead, frameworkId(message.framework_id.value), event);
}

/** An agent says that an executor has ended. Its scheduler hears it once, if it listens. */
export function executorExited(lead: Lead, from: AgentId, message: ExecutorExited): void {
  const { framework_id, executor_id, status } = message;
  const name = {
    frameworkId: frameworkId(framework_id.value),
    agentId: from,
    id: executorId(executor_id.value),
  };
  tell(lead, name.frameworkId, executorFailureEvent(from, name.id, status));
  // One that ends with its tasks needs no other word.
  const known = livingExecutor(lead, name);
  if (known?.endsWith !== 'agent' && !lead.unsettled.has(pathOf(name))) return;
  if (known !== undefined) lead.unsettled.add(pathOf(name));
  const executors = [{ frameworkId: name.frameworkId, executorId: name.id }];
  lead.propose({ kind: 'end-executors', agentId: from, executors });
}

/** An agent says that it started an executor. Mostly the log knows: it was this that started it. */
export function executorStarted(lead: Lead, executor: Executor): void {
  const path = pathOf(executor);
  const known = livingExecutor(lead, executor);
  if (known?.endsWith === 'agent' && !lead.unsettled.has(path)) return;
  if (!lead.state.frameworks.has(executor.frameworkId)) return;
  lead.unsettled.add(path);
  lead.propose({ kind: 'find-executors', agentId: executor.agentId, executors: [executor] });
}

function runGroup(lead: Lead, executor: Executor, tasks: readonly Task[]): void {
  const framework = frameworkOf(lead, executor.frameworkId);
  if (framework === undefined) return;
  instruct(lead, executor.agentId, {
    run_group: {
      framework_info: frameworkInfo(framework),
      executor_info: decode('mesos.v1.ExecutorInfo', executor.info),
      tasks: tasks.map(({ info }) => decode('mesos.v1.TaskInfo', info)),
      group_id: tasks[0]?.groupId ?? '',
    },
  });
}

function executorOfTask(lead: Lead, task: Task | undefined): Executor | undefined {
  const id = task?.executorId;
  if (task === undefined || id === undefined) return undefined;
  const { frameworkId: framework, agentId: agent } = task;
  // What has ended meanwhile is not launched any more.
  if (liveTask(lead.state, framework, task.id) === undefined) return undefined;
  return executorOf(lead.state, { frameworkId: framework, agentId: agent, id });
}

/** What it holds was free for a while, and may have been offered to others. */
function take(lead: Lead, { frameworkId: framework, agentId: agent, resources }: Executor): void {
  if (!lead.peers.has(agent)) return;
  withdrawUntil(lead, agent, (free) => contains(free, unallocated(resources)));
  const holder = { frameworkId: framework, agentId: agent };
  lead.allocator.handle({ kind: 'resources-taken', ...holder, resources });
}
