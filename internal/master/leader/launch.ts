/** LAUNCH (contract 4.2): each of its tasks is judged alone, and a bad one does not touch its siblings. */
import { assert } from '#internal/base/assert.ts';
import type { Task, TaskState } from '#internal/model/cluster.ts';
import { type FrameworkId, taskId } from '#internal/model/ids.ts';
import type { Resources } from '#internal/resources/resource.ts';
import { subtract } from '#internal/resources/resources.ts';
import { resourcesFromWire, resourcesToWire } from '#internal/wire/resources.ts';
import { injectRole, taskFromWire } from '#internal/wire/task.ts';
import type { Offer_Operation, TaskInfo } from '#proto/gen/mesos/v1.ts';
import { type Acceptance, book, refuseTask, tasksOf } from './acceptance.ts';
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
  const resources = resourcesFromWire(injectRole(sent.resources ?? [], role));
  assert(resources.ok, 'resources that were valid before they were allocated');
  const info = completed(sent, resources.value);
  const valid = validateTask(info, {
    agent,
    resources: resources.value,
    remaining,
    namesake: namesakeState(lead, framework.id, info),
  });
  const fault = valid.ok ? undefined : valid.refusal;
  const task = taskFromWire(info, { frameworkId: framework.id, role, atMs: lead.clock.now() });
  assert(task.ok, 'resources that were valid before they were written');
  const message = fault ?? sizeFault(lead, task.value);
  if (message !== undefined) {
    refuse(lead, acceptance, info, message);
    return;
  }
  acceptance.remaining = subtract(remaining, resources.value);
  book(lead, acceptance, task.value);
}

function refuse(lead: Lead, { framework }: Acceptance, info: TaskInfo, message: string): void {
  refuseTask(lead, framework.id, info, { state: 'error', reason: 'task-invalid', message });
}

/** What the scheduler left for the master to fill in (contract 4.1, step 4). */
function completed(info: TaskInfo, resources: Resources): TaskInfo {
  const check = info.health_check;
  return {
    ...info,
    resources: resourcesToWire(resources, 'new'),
    ...(check !== undefined && { health_check: withHealthCheckType(check) }),
  };
}

function namesakeState(
  lead: Lead,
  frameworkId: FrameworkId,
  info: TaskInfo,
): TaskState | undefined {
  const id = taskId(info.task_id.value);
  const unreachable = lead.state.frameworks.get(frameworkId)?.unreachable.has(id) === true;
  return unreachable ? 'unreachable' : taskOf(lead, frameworkId, id)?.state;
}

function sizeFault(lead: Lead, task: Task): string | undefined {
  const { taskBytesMax } = lead.options;
  return task.info.length > taskBytesMax
    ? `Task is described by more than ${taskBytesMax} bytes`
    : undefined;
}
