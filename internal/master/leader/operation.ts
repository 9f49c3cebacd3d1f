/**
 * Whether one operation of an ACCEPT is well-formed, and may ask for feedback (contract 4.1, steps 2
 * and 3).
 */
import { unreachable } from '#internal/base/assert.ts';
import type { Agent } from '#internal/model/cluster.ts';
import type { Offer_Operation, Resource, TaskInfo } from '#proto/gen/mesos/v1.ts';
import { resourcesFromWire } from '#internal/wire/resources.ts';
import { firstFault } from './validate-command.ts';

/**
 * The text for the scheduler, or undefined for a LAUNCH whose tasks are to be judged one by one. Asks
 * for an operation that launches.
 */
export function operationFault(operation: Offer_Operation): string | undefined {
  const fault = memberFault(operation) ?? tasksFault(operation);
  const { type, id } = operation;
  if (fault !== undefined) return fault;
  return id === undefined ? undefined : `The \`id\` field cannot be set on ${type} operations`;
}

/** Whether an operation on resources is there, and its resources are valid. */
export function malformedOperation(operation: Offer_Operation): string | undefined {
  return memberFault(operation) ?? firstFault(resourcesOf(operation), resourcesFault);
}

/** The same of one in an ACCEPT. */
export function shapeFault(operation: Offer_Operation): string | undefined {
  const fault = malformedOperation(operation);
  if (fault !== undefined) return fault;
  return (operation.reserve?.source ?? []).length === 0
    ? undefined
    : 'Reservation updates are not yet implemented for the scheduler API.';
}

/** Whether the agent can say how an operation went, when it is asked to (contract 4.1, step 3). */
export function feedbackFault(
  { id: agentId, capabilities }: Agent,
  { id }: Offer_Operation,
): string | undefined {
  if (id === undefined) return undefined;
  if (!capabilities.includes('RESOURCE_PROVIDER')) {
    return (
      `Operation requested feedback, but agent ${agentId} does not have the required ` +
      'RESOURCE_PROVIDER capability'
    );
  }
  return capabilities.includes('AGENT_OPERATION_FEEDBACK')
    ? undefined
    : `Operation on agent default resources requested feedback, but agent ${agentId} does not ` +
        'have the required AGENT_OPERATION_FEEDBACK and RESOURCE_PROVIDER capabilities';
}

/** Every type but UNKNOWN has a member of its own. */
function memberFault(operation: Offer_Operation): string | undefined {
  const { type } = operation;
  const text = (member: string, end = '.', kind = 'offer operation'): string => {
    const article = /^[AEIOU]/u.test(type ?? '') ? 'An' : 'A';
    return `${article} ${type} ${kind} must have the Offer.Operation.${member} field set${end}`;
  };
  switch (type) {
    case undefined:
    case 'UNKNOWN':
      return undefined;
    case 'LAUNCH':
      return operation.launch ? undefined : text('launch');
    case 'LAUNCH_GROUP':
      return operation.launch_group ? undefined : text('launch_group');
    case 'RESERVE':
      return operation.reserve ? undefined : text('reserve');
    case 'UNRESERVE':
      return operation.unreserve ? undefined : text('unreserve');
    case 'CREATE':
      return operation.create ? undefined : text('create');
    case 'DESTROY':
      return operation.destroy ? undefined : text('destroy');
    case 'GROW_VOLUME':
      return operation.grow_volume ? undefined : text('grow_volume', '', 'operation');
    case 'SHRINK_VOLUME':
      return operation.shrink_volume ? undefined : text('shrink_volume', '');
    case 'CREATE_DISK':
      return operation.create_disk ? undefined : text('create_disk');
    case 'DESTROY_DISK':
      return operation.destroy_disk ? undefined : text('destroy_disk');
    default:
      return unreachable(type);
  }
}

function resourcesOf(operation: Offer_Operation): readonly (readonly Resource[] | undefined)[] {
  const { reserve, unreserve, create, destroy, grow_volume: grow } = operation;
  const { shrink_volume: shrink, create_disk: made, destroy_disk: unmade } = operation;
  const disks = [grow?.volume, grow?.addition, shrink?.volume, made?.source, unmade?.source];
  return [
    reserve?.source,
    reserve?.resources,
    unreserve?.resources,
    create?.volumes,
    destroy?.volumes,
    ...disks.map((disk) => disk && [disk]),
  ];
}

function tasksFault({ launch, launch_group: group }: Offer_Operation): string | undefined {
  const executor = group?.executor.resources;
  const tasks: readonly TaskInfo[] = [
    ...(launch?.task_infos ?? []),
    ...(group?.task_group.tasks ?? []),
  ];
  const lists = [executor, ...tasks.map(({ resources }) => resources)];
  const executors = tasks.map((task) => task.executor?.resources);
  return firstFault([...lists, ...executors], resourcesFault);
}

function resourcesFault(list: readonly Resource[] | undefined): string | undefined {
  const read = resourcesFromWire(list);
  return read.ok ? undefined : read.refusal;
}
