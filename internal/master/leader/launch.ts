/** LAUNCH (contract 4.2): each of its tasks is judged alone, and a bad one does not touch its siblings. */
import { assert } from '#internal/base/assert.ts';
import type { Executor, Task, TaskState } from '#internal/model/cluster.ts';
import { type FrameworkId, type Role, taskId } from '#internal/model/ids.ts';
import { alike } from '#internal/resources/alike.ts';
import type { Resources } from '#internal/resources/resource.ts';
import { add, subtract } from '#internal/resources/resources.ts';
import { executorFromWire } from '#internal/wire/executor.ts';
import { decode } from '#internal/wire/protobuf.ts';
import { resourcesFromWire, resourcesToWire } from '#internal/wire/resources.ts';
import { injectRole, stagingTask } from '#internal/wire/task.ts';
import type { ExecutorInfo, Offer_Operation, Resource, TaskInfo } from '#proto/gen/mesos/v1.ts';
import {
  type Acceptance,
  book,
  bookWithExecutor,
  missingCopies,
  refuseTask,
  takeCopies,
  tasksOf,
} from './acceptance.ts';
import { livingExecutor } from './arriving.ts';
import { type Lead, taskOf } from './lead.ts';
import { operationFault } from './operation.ts';
import { withHealthCheckType } from './validate-command.ts';
import { validateTask } from './validate-task.ts';

export function launch(lead: Lead, acceptance: Acceptance, operation: Offer_Operation): void {
  const message = operationFault(operation);
  for (const info of tasksOf(operation)) {
    if (message === undefined) launchTask(lead, acceptance, info);
    else refuse(lead, acceptance, info, message);
  }
}

/** A task that fails consumes nothing. */
function launchTask(lead: Lead, acceptance: Acceptance, sent: TaskInfo): void {
  const { framework, agent, role, remaining } = acceptance;
  const before = acceptance.launching.at(-1)?.resources;
  const resources = alike(before, heldBy(sent.resources, role));
  const executor = sent.executor && ownExecutor(lead, acceptance, sent.executor);
  const info: TaskInfo = {
    ...completed(sent, resources),
    ...(executor !== undefined && { executor: decode('mesos.v1.ExecutorInfo', executor.info) }),
  };
  const living = executor && livingExecutor(lead, executor);
  const missing = missingCopies(acceptance, resources);
  const valid = validateTask(info, {
    agent,
    resources,
    remaining: add(remaining, missing),
    namesake: namesakeState(lead, framework.id, info),
    executor: executor && { framework, resources: executor.resources, living },
  });
  const task = taskOfLaunch(lead, acceptance, info, resources);
  const message = valid.ok ? sizeFault(lead, task) : valid.refusal;
  if (message !== undefined) {
    refuse(lead, acceptance, info, message);
    return;
  }
  takeCopies(acceptance, missing);
  acceptance.remaining = subtract(acceptance.remaining, resources);
  if (executor === undefined) {
    book(lead, acceptance, task);
    return;
  }
  const isExecutorHeld = living === undefined;
  if (isExecutorHeld) {
    acceptance.remaining = subtract(acceptance.remaining, executor.resources);
  }
  bookWithExecutor(lead, acceptance, { executor, tasks: [task], isExecutorHeld });
}

function refuse(lead: Lead, { framework }: Acceptance, info: TaskInfo, message: string): void {
  refuseTask(lead, framework.id, info, { state: 'error', reason: 'task-invalid', message });
}

/** An executor of a LAUNCH need not say whose it is (contract 4.1, step 4). */
function ownExecutor(lead: Lead, acceptance: Acceptance, info: ExecutorInfo): Executor {
  const framework_id = info.framework_id ?? { value: acceptance.framework.id };
  return executorOfLaunch(lead, acceptance, { ...info, framework_id }, 'agent');
}

/** An executor of an operation that was found well-formed. */
export function executorOfLaunch(
  lead: Lead,
  { framework, agent, role }: Acceptance,
  info: ExecutorInfo,
  endsWith: Executor['endsWith'],
): Executor {
  const place = { frameworkId: framework.id, agentId: agent.id, role };
  const executor = executorFromWire(info, place, { launchedMs: lead.clock.now(), endsWith });
  assert(executor.ok, 'resources that were valid before they were allocated');
  return executor.value;
}

/** A task of an operation that was found well-formed, completed. */
export function taskOfLaunch(
  lead: Lead,
  { framework }: Acceptance,
  info: TaskInfo,
  resources: Resources,
): Task {
  return stagingTask(info, resources, { frameworkId: framework.id, atMs: lead.clock.now() });
}

export function heldBy(list: readonly Resource[] | undefined, role: Role): Resources {
  const resources = resourcesFromWire(injectRole(list ?? [], role));
  assert(resources.ok, 'resources that were valid before they were allocated');
  return resources.value;
}

/** What the scheduler left for the master to fill in (contract 4.1, step 4). */
export function completed(info: TaskInfo, resources: Resources): TaskInfo {
  const check = info.health_check;
  return {
    ...info,
    resources: resourcesToWire(resources, 'new'),
    ...(check !== undefined && { health_check: withHealthCheckType(check) }),
  };
}

export function namesakeState(
  lead: Lead,
  frameworkId: FrameworkId,
  info: TaskInfo,
): TaskState | undefined {
  const id = taskId(info.task_id.value);
  const unreachable = lead.state.frameworks.get(frameworkId)?.unreachable.has(id) === true;
  return unreachable ? 'unreachable' : taskOf(lead, frameworkId, id)?.state;
}

export function sizeFault(lead: Lead, task: Task): string | undefined {
  const { taskBytesMax } = lead.options;
  return task.info.length > taskBytesMax
    ? `Task is described by more than ${taskBytesMax} bytes`
    : undefined;
}
