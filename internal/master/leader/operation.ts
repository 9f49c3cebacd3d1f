/**
 * Whether one operation of an ACCEPT is well-formed, and one of those that this version carries out
 * (contract 4.1, steps 2 and 3).
 */
import { unreachable } from '#internal/base/assert.ts';
import type { Offer_Operation, Resource, TaskInfo } from '#proto/gen/mesos/v1.ts';
import { resourcesFromWire } from '#internal/wire/resources.ts';
import { firstFault } from './validate-command.ts';

/** The text for the scheduler, or undefined for a LAUNCH whose tasks are to be judged one by one. */
export function operationFault(operation: Offer_Operation): string | undefined {
  const missing = memberFault(operation);
  const { type, id } = operation;
  if (type === 'LAUNCH' || type === 'LAUNCH_GROUP') {
    if (missing !== undefined) return missing;
    const fault = tasksFault(operation);
    if (fault !== undefined) return fault;
    if (id !== undefined) return `The \`id\` field cannot be set on ${type} operations`;
    return type === 'LAUNCH' ? undefined : 'Task groups are not supported by this version';
  }
  if (missing !== undefined) return `Operation attempted with invalid resources: ${missing}`;
  return `${type ?? 'UNKNOWN'} operations are not supported by this version`;
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
