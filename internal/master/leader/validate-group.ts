/**
 * Whether a group of tasks may be launched in an executor (contract 5.1, 5.5): each task, then what they
 * use together, then the executor, then whether it all fits. A group is refused whole.
 */
import { format } from '#internal/resources/format.ts';
import type { Resources } from '#internal/resources/resource.ts';
import { contains, equals, scalarMilli, sum } from '#internal/resources/resources.ts';
import type { ExecutorInfo, TaskInfo } from '#proto/gen/mesos/v1.ts';
import { overlap, persistenceFault, revocableFault } from './resource-rules.ts';
import { firstFault } from './validate-command.ts';
import { executorFault, type ExecutorSurroundings, isSameExecutor } from './validate-executor.ts';
import { descriptionFault, type Surroundings } from './validate-task.ts';

/** A task as it will be sent to its agent, and what is known of it. */
export type GroupTask = {
  readonly info: TaskInfo;
  readonly around: Omit<Surroundings, 'remaining'>;
  /** Of the executor that it names. */
  readonly executorResources: Resources;
};

export type Group = {
  readonly executor: ExecutorInfo;
  readonly around: ExecutorSurroundings;
  readonly tasks: readonly GroupTask[];
};

/** The text of the first rule that is broken. `remaining` is what is left of the offers. */
export function groupFault(group: Group, remaining: Resources): string | undefined {
  return (
    firstFault(group.tasks, taskFault) ??
    togetherFault(group) ??
    executorFault(group.executor, group.around) ??
    groupExecutorFault(group) ??
    fitFault(group, remaining) ??
    cgroupsFault(group)
  );
}

const minCpusMilli = 10;
const minMemMb = 32;

function taskFault({ info, around }: GroupTask): string | undefined {
  const fault = descriptionFault(info, around) ?? nestedFault(info);
  return fault === undefined ? undefined : `Task '${info.task_id.value}' is invalid: ${fault}`;
}

function nestedFault(info: TaskInfo): string | undefined {
  const { executor, container, health_check: health, limits } = info;
  if (executor === undefined) return "'TaskInfo.executor' must be set";
  const isReached = health?.type === 'HTTP' || health?.type === 'TCP';
  if (isReached && (container?.network_infos ?? []).length > 0) {
    return "HTTP and TCP health checks are not supported for nested containers not joining parent's network";
  }
  if (container?.type === 'DOCKER') return 'Docker ContainerInfo is not supported on the task';
  const isLimited = Object.keys(limits ?? {}).length > 0;
  return isLimited && container?.linux_info?.share_cgroups !== false
    ? "Resource limits may only be set for tasks within a task group when the 'share_cgroups' field is set to 'false'."
    : undefined;
}

function togetherFault({ tasks, around }: Group): string | undefined {
  const lists = [...tasks.map((task) => task.around.resources), around.resources];
  const all = lists.flat();
  const persistence = persistenceFault(all);
  if (persistence !== undefined) {
    return `Task group and executor use duplicate persistence ID: ${persistence}`;
  }
  const revocable = revocableFault(all);
  if (revocable !== undefined) {
    return `Task group and executor mix revocable and non-revocable resources: ${revocable}`;
  }
  const isOverlapping = lists.some((list, at) =>
    lists.slice(at + 1).some((other) => overlap(list, other)),
  );
  if (!isOverlapping) return undefined;
  return (
    "There are overlapping resources in the task group's task resources " +
    `${format(sum(lists.slice(0, -1)))} and/or executor resources ${format(around.resources)}`
  );
}

function groupExecutorFault({ executor, around, tasks }: Group): string | undefined {
  const id = executor.executor_id.value;
  if (executor.type === undefined) return "'ExecutorInfo.type' must be set";
  if (executor.container?.type === 'DOCKER') {
    return 'Docker ContainerInfo is not supported on the executor';
  }
  const other = tasks.find(
    ({ info, executorResources }) =>
      info.executor === undefined ||
      !isSameExecutor(info.executor, executor) ||
      !equals(executorResources, around.resources),
  );
  if (other !== undefined) {
    const name = other.info.task_id.value;
    return `The \`ExecutorInfo\` of task '${name}' is different from executor '${id}'`;
  }
  return minimumFault(id, around.resources);
}

function minimumFault(id: string, resources: Resources): string | undefined {
  const cpusMilli = scalarMilli(resources, 'cpus');
  if (cpusMilli < minCpusMilli) {
    const cpus = cpusMilli === 0 ? 'None' : cpusMilli / 1000;
    const min = minCpusMilli / 1000;
    return `Executor '${id}' uses less CPUs (${cpus}) than the minimum required (${min})`;
  }
  const memMb = scalarMilli(resources, 'mem') / 1000;
  if (memMb < minMemMb) {
    const mem = memMb === 0 ? 'None' : `${memMb}MB`;
    return `Executor '${id}' uses less memory (${mem}) than the minimum required (${minMemMb}MB)`;
  }
  return scalarMilli(resources, 'disk') === 0 ? `Executor '${id}' uses no disk` : undefined;
}

/** An executor that lives already has what it needs. */
function fitFault({ tasks, around }: Group, remaining: Resources): string | undefined {
  const own = around.living === undefined ? around.resources : [];
  const total = sum([...tasks.map((task) => task.around.resources), own]);
  if (contains(remaining, total)) return undefined;
  return (
    `Total resources ${format(total)} required by task group and its executor ` +
    `are more than available ${format(remaining)}`
  );
}

function cgroupsFault({ tasks }: Group): string | undefined {
  const said = tasks.map(({ info }) => info.container?.linux_info?.share_cgroups ?? true);
  return new Set(said).size > 1
    ? "If set, the value of 'share_cgroups' must be the same for all tasks in each task group and under a single executor"
    : undefined;
}
