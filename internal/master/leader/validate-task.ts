/**
 * Whether a task may be launched on what was offered (contract 5.1 and 5.5). The order of the rules
 * is the contract's: the first that is broken is the one that the scheduler is told.
 */
import { refuse, accept, type Result } from '#internal/base/result.ts';
import type { Agent, TaskState } from '#internal/model/cluster.ts';
import { parseId } from '#internal/model/ids.ts';
import { format } from '#internal/resources/format.ts';
import type { Resources } from '#internal/resources/resource.ts';
import { add, contains, isEmpty, scalarMilli } from '#internal/resources/resources.ts';
import type { TaskInfo } from '#proto/gen/mesos/v1.ts';
import { allocationFault, overlap, persistenceFault, revocableFault } from './resource-rules.ts';
import { checkFault, commandFault, containerFault, healthCheckFault } from './validate-command.ts';
import { masterResourcesFault } from './validate-resources.ts';
import { executorFault, type ExecutorSurroundings, ownExecutorFault } from './validate-executor.ts';

export type Surroundings = {
  readonly agent: Agent;
  /** The task's resources, read and allocated to the offer's role. */
  readonly resources: Resources;
  /** What is left of the accepted offers. */
  readonly remaining: Resources;
  /** The state of the framework's task that has this id already, unless it is over and done with. */
  readonly namesake: TaskState | undefined;
};

/**
 * Accepts a task that is launched alone, or gives the text of the first rule that it breaks.
 * `executor` goes with the one that the task names.
 */
export function validateTask(
  info: TaskInfo,
  around: Surroundings & { readonly executor: ExecutorSurroundings | undefined },
): Result<TaskInfo, string> {
  const fault =
    descriptionFault(info, around) ??
    executionFault(info, around.executor) ??
    togetherFault(around.resources, around.executor) ??
    fitFault(around, around.executor) ??
    cgroupsFault(info);
  return fault === undefined ? accept(info) : refuse(fault);
}

type Description = Omit<Surroundings, 'remaining'>;

/** What holds of every task, alone or in a group. */
export function descriptionFault(info: TaskInfo, around: Description): string | undefined {
  return (
    identityFault(info, around) ??
    timesFault(info) ??
    checksFault(info) ??
    resourcesFault(around.resources) ??
    processFault(info) ??
    limitsFault(info, around)
  );
}

function identityFault(info: TaskInfo, { agent, namesake }: Description): string | undefined {
  const { value } = info.task_id;
  const id = parseId(value);
  if (!id.ok) return id.refusal;
  if (namesake === 'unreachable') return `Task reuses the ID of an unreachable task: ${value}`;
  if (namesake !== undefined) return `Task has duplicate ID: ${value}`;
  return info.agent_id.value === agent.id
    ? undefined
    : `Task uses invalid agent ${info.agent_id.value} while agent ${agent.id} is expected`;
}

function timesFault(info: TaskInfo): string | undefined {
  if ((info.kill_policy?.grace_period?.nanoseconds ?? 0n) < 0n) {
    return "Task's 'kill_policy.grace_period' must be non-negative";
  }
  return (info.max_completion_time?.nanoseconds ?? 0n) < 0n
    ? "Task's `max_completion_time` must be non-negative"
    : undefined;
}

function checksFault(info: TaskInfo): string | undefined {
  const check = info.check && checkFault(info.check);
  if (check !== undefined) return `Task uses invalid check: ${check}`;
  const health = info.health_check && healthCheckFault(info.health_check);
  return health === undefined ? undefined : `Task uses invalid health check: ${health}`;
}

function resourcesFault(resources: Resources): string | undefined {
  if (isEmpty(resources)) return 'Task uses no resources';
  const invalid = masterResourcesFault(resources);
  if (invalid !== undefined) return `Task uses invalid resources: ${invalid}`;
  const persistence = persistenceFault(resources);
  if (persistence !== undefined) return `Task uses duplicate persistence ID: ${persistence}`;
  const allocation = allocationFault(resources);
  if (allocation !== undefined) return `Invalid task resources: ${allocation}`;
  const revocable = revocableFault(resources);
  return revocable === undefined
    ? undefined
    : `Task mixes revocable and non-revocable resources: ${revocable}`;
}

function processFault(info: TaskInfo): string | undefined {
  const command = info.command && commandFault(info.command);
  if (command !== undefined) return `Task's \`CommandInfo\` is invalid: ${command}`;
  const container = info.container && containerFault(info.container);
  return container === undefined ? undefined : `Task's \`ContainerInfo\` is invalid: ${container}`;
}

function limitsFault(info: TaskInfo, { agent, resources }: Description): string | undefined {
  const limits = Object.entries(info.limits ?? {});
  if (limits.length === 0) return undefined;
  if (!agent.capabilities.includes('TASK_RESOURCE_LIMITS')) {
    return 'Agent is not capable of handling task resource limits';
  }
  if (limits.some(([name]) => name !== 'cpus' && name !== 'mem')) {
    return "Only cpus and mem may be included in a task's resource limits";
  }
  for (const [name, { value }] of limits) {
    const request = scalarMilli(resources, name);
    const [upper, lower] = name === 'cpus' ? ['CPU', 'cpu'] : ['memory', 'memory'];
    if (request === 0) {
      return `When a ${upper} limit is specified, a ${upper} request must also be specified`;
    }
    if (!(value * 1000 >= request)) {
      return `The ${lower} limit must be greater than or equal to the ${lower} request`;
    }
  }
  return undefined;
}

function executionFault(
  { command, executor }: TaskInfo,
  around: ExecutorSurroundings | undefined,
): string | undefined {
  if ((command === undefined) === (executor === undefined)) {
    return 'Task should have at least one (but not both) of CommandInfo or ExecutorInfo present';
  }
  if (executor === undefined || around === undefined) return undefined;
  return executorFault(executor, around) ?? ownExecutorFault(executor, around);
}

/** Valid each, they are valid together: what is left is what they must not share. */
function togetherFault(
  own: Resources,
  executor: ExecutorSurroundings | undefined,
): string | undefined {
  if (executor === undefined) return undefined;
  const { resources } = executor;
  if (overlap(own, resources)) {
    return (
      `There are overlapping resources in the task resources ${format(own)} ` +
      `and executor resources ${format(resources)}`
    );
  }
  const persistence = persistenceFault([...own, ...resources]);
  if (persistence !== undefined) {
    return `Task and its executor use duplicate persistence ID: ${persistence}`;
  }
  const revocable = revocableFault([...own, ...resources]);
  return revocable === undefined
    ? undefined
    : `Task and its executor mix revocable and non-revocable resources: ${revocable}`;
}

/** An executor that lives already has what it needs. */
function fitFault(
  { resources, remaining }: Surroundings,
  executor: ExecutorSurroundings | undefined,
): string | undefined {
  const isNew = executor !== undefined && executor.living === undefined;
  const total = isNew ? add(resources, executor.resources) : resources;
  if (contains(remaining, total)) return undefined;
  return (
    `Total resources ${format(total)} required by task and its executor ` +
    `is more than available ${format(remaining)}`
  );
}

const cgroupsFault = ({ container }: TaskInfo): string | undefined =>
  container?.linux_info?.share_cgroups === false
    ? "Only tasks in a task group may have 'share_cgroups' set to 'false'"
    : undefined;
