/**
 * Whether a task may be launched on what was offered (contract 5.1 and 5.5). The order of the rules
 * is the contract's: the first that is broken is the one that the scheduler is told.
 */
import { refuse, accept, type Result } from '#internal/base/result.ts';
import type { Agent, TaskState } from '#internal/model/cluster.ts';
import { parseId } from '#internal/model/ids.ts';
import { format } from '#internal/resources/format.ts';
import { reservationRole } from '#internal/resources/reservation.ts';
import type { Resources } from '#internal/resources/resource.ts';
import { contains, isEmpty, scalarMilli } from '#internal/resources/resources.ts';
import type { TaskInfo } from '#proto/gen/mesos/v1.ts';
import { checkFault, commandFault, containerFault, healthCheckFault } from './validate-command.ts';

export type Surroundings = {
  readonly agent: Agent;
  /** The task's resources, read and allocated to the offer's role. */
  readonly resources: Resources;
  /** What is left of the accepted offers. */
  readonly remaining: Resources;
  /** The state of the framework's task that has this id already, unless it is over and done with. */
  readonly namesake: TaskState | undefined;
};

/** Accepts the task, or gives the text of the first rule that it breaks. */
export function validateTask(info: TaskInfo, around: Surroundings): Result<TaskInfo, string> {
  const fault =
    identityFault(info, around) ??
    timesFault(info) ??
    checksFault(info) ??
    resourcesFault(around.resources) ??
    processFault(info) ??
    limitsFault(info, around) ??
    executorFault(info) ??
    fitFault(around);
  return fault === undefined ? accept(info) : refuse(fault);
}

function identityFault(info: TaskInfo, { agent, namesake }: Surroundings): string | undefined {
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
  return persistenceFault(resources) ?? allocationFault(resources) ?? revocableFault(resources);
}

/** Two volumes of one name in one role would share a folder. */
function persistenceFault(resources: Resources): string | undefined {
  const seen = new Set<string>();
  for (const resource of resources) {
    const id = resource.disk?.persistence?.id;
    if (id === undefined) continue;
    const key = JSON.stringify([reservationRole(resource), id]);
    if (seen.has(key)) {
      return `Task uses duplicate persistence ID: Persistence ID '${id}' is not unique`;
    }
    seen.add(key);
  }
  return undefined;
}

function allocationFault(resources: Resources): string | undefined {
  const [first, second] = new Set(resources.map(({ allocationRole }) => allocationRole));
  if (second !== undefined) {
    return (
      'Invalid task resources: The resources have multiple allocation roles ' +
      `('${first}' and '${second}') but only one allocation role is allowed`
    );
  }
  return first === undefined
    ? 'Invalid task resources: The resources are not allocated to a role'
    : undefined;
}

function revocableFault(resources: Resources): string | undefined {
  const kept = new Set(resources.filter(({ revocable }) => !revocable).map(({ name }) => name));
  const mixed = resources.find(({ name, revocable }) => revocable && kept.has(name));
  return mixed === undefined
    ? undefined
    : 'Task mixes revocable and non-revocable resources: ' +
        `Cannot use both revocable and non-revocable '${mixed.name}' at the same time`;
}

function processFault(info: TaskInfo): string | undefined {
  const command = info.command && commandFault(info.command);
  if (command !== undefined) return `Task's \`CommandInfo\` is invalid: ${command}`;
  const container = info.container && containerFault(info.container);
  return container === undefined ? undefined : `Task's \`ContainerInfo\` is invalid: ${container}`;
}

function limitsFault(info: TaskInfo, { agent, resources }: Surroundings): string | undefined {
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

function executorFault(info: TaskInfo): string | undefined {
  if ((info.command === undefined) === (info.executor === undefined)) {
    return 'Task should have at least one (but not both) of CommandInfo or ExecutorInfo present';
  }
  return info.executor === undefined ? undefined : 'Executors are not supported by this version';
}

function fitFault({ resources, remaining }: Surroundings): string | undefined {
  if (contains(remaining, resources)) return undefined;
  return (
    `Total resources ${format(resources)} required by task and its executor ` +
    `is more than available ${format(remaining)}`
  );
}
