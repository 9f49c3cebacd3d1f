/** LAUNCH_GROUP (contract 4.2): all of its tasks or none, in one executor that they share. */
import { assert } from '#internal/base/assert.ts';
import { newUuid } from '#internal/base/uuid.ts';
import type { Executor, Task } from '#internal/model/cluster.ts';
import { type TaskId, taskId } from '#internal/model/ids.ts';
import { add, subtract, sum } from '#internal/resources/resources.ts';
import { decode } from '#internal/wire/protobuf.ts';
import type { ExecutorInfo, Offer_Operation, TaskInfo } from '#proto/gen/mesos/v1.ts';
import {
  type Acceptance,
  bookWithExecutor,
  missingCopies,
  refuseTask,
  takeCopies,
  tasksOf,
} from './acceptance.ts';
import { livingExecutor, sizeOf } from './arriving.ts';
import {
  completed,
  executorOfLaunch,
  heldBy,
  namesakeState,
  sizeFault,
  taskOfLaunch,
} from './launch.ts';
import type { Lead } from './lead.ts';
import { operationFault } from './operation.ts';
import type { ExecutorSurroundings } from './validate-executor.ts';
import { type Group, groupFault, type GroupTask } from './validate-group.ts';

export function launchGroup(lead: Lead, acceptance: Acceptance, operation: Offer_Operation): void {
  const message = operationFault(operation) ?? launchWhole(lead, acceptance, operation);
  if (message === undefined) return;
  for (const info of tasksOf(operation)) {
    const why = { state: 'error', reason: 'task-group-invalid', message } as const;
    refuseTask(lead, acceptance.framework.id, info, why);
  }
}

/** Why not, or nothing when it is launched. */
function launchWhole(
  lead: Lead,
  acceptance: Acceptance,
  { launch_group: asked }: Offer_Operation,
): string | undefined {
  assert(asked !== undefined, 'a group without its message');
  const sent = asked.task_group.tasks ?? [];
  const ends = asked.executor.type === 'DEFAULT' && sent.length > 0 ? 'tasks' : 'agent';
  const executor = executorOfLaunch(lead, acceptance, asked.executor, ends);
  const group = describe(lead, acceptance, executor, sent);
  const wanted = sum(group.tasks.map(({ around }) => around.resources));
  const missing = missingCopies(acceptance, wanted);
  const fault = groupFault(group, add(acceptance.remaining, missing));
  if (fault !== undefined) return fault;
  const groupId = newUuid(lead.random);
  const tasks = group.tasks.map(({ info, around }): Task => ({
    ...taskOfLaunch(lead, acceptance, info, around.resources),
    groupId,
  }));
  const tooLarge = sizeOfGroupFault(lead, executor, tasks);
  if (tooLarge !== undefined) return tooLarge;
  const isExecutorHeld = group.around.living === undefined;
  const own = isExecutorHeld ? [executor.resources] : [];
  takeCopies(acceptance, missing);
  acceptance.remaining = subtract(acceptance.remaining, sum([...own, wanted]));
  bookWithExecutor(lead, acceptance, { executor, tasks, isExecutorHeld });
  return undefined;
}

/** The group as it will be sent, and what is known of each part. */
function describe(
  lead: Lead,
  acceptance: Acceptance,
  executor: Executor,
  sent: readonly TaskInfo[],
): Group {
  const info = decode('mesos.v1.ExecutorInfo', executor.info);
  const around: ExecutorSurroundings = {
    framework: acceptance.framework,
    resources: executor.resources,
    living: livingExecutor(lead, executor),
  };
  const seen = new Set<TaskId>();
  const tasks = sent.map((task): GroupTask => {
    const described = groupTask(lead, acceptance, { task, executor, info });
    const id = taskId(task.task_id.value);
    const isTwin = seen.has(id);
    seen.add(id);
    return isTwin
      ? { ...described, around: { ...described.around, namesake: 'staging' } }
      : described;
  });
  return { executor: info, around, tasks };
}

function groupTask(
  lead: Lead,
  acceptance: Acceptance,
  {
    task,
    executor,
    info,
  }: { readonly task: TaskInfo; readonly executor: Executor; readonly info: ExecutorInfo },
): GroupTask {
  const { agent, framework, role } = acceptance;
  const resources = heldBy(task.resources, role);
  const own = task.executor && executorOfLaunch(lead, acceptance, task.executor, 'tasks');
  const named = own === undefined ? info : decode('mesos.v1.ExecutorInfo', own.info);
  return {
    info: { ...completed(task, resources), executor: named },
    around: { agent, resources, namesake: namesakeState(lead, framework.id, task) },
    executorResources: own?.resources ?? executor.resources,
  };
}

function sizeOfGroupFault(
  lead: Lead,
  executor: Executor,
  tasks: readonly Task[],
): string | undefined {
  const { batchBytesMax } = lead.options;
  for (const task of tasks) {
    const fault = sizeFault(lead, task);
    if (fault !== undefined) return fault;
  }
  return sizeOf({ executor, tasks }) > batchBytesMax
    ? `Task group is described by more than ${batchBytesMax} bytes`
    : undefined;
}
