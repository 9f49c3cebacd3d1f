/**
 * Whether a leader may apply a command as it proposed it, without reading its own bytes back. All masters
 * must come to the same state, and the others have the bytes alone: so it may only when those are
 * certain to read as the very command.
 */
import { unreachable } from '#internal/base/assert.ts';
import type { Task } from '#internal/model/cluster.ts';
import type { Resource } from '#internal/resources/resource.ts';
import type { Command } from '#internal/state/command.ts';

/** Only of what comes by the thousand; the rest is read. */
export function readsAsProposed(command: Command): boolean {
  return command.kind === 'launch-tasks' && command.tasks.every(isPlainTask);
}

/** As a leader makes them: nothing has been said of it yet. */
function isPlainTask(task: Task): boolean {
  const { id, frameworkId, agentId, executorId, groupId, name } = task;
  const texts = [id, frameworkId, agentId, executorId, groupId, name];
  const isNew = task.update === undefined && task.statuses.length === 0 && task.kill === undefined;
  return isNew && texts.every(isText) && task.resources.every(isPlainResource);
}

/** Half a surrogate pair is written as another letter. */
const isText = (text: string | undefined): boolean => text === undefined || text.isWellFormed();

/** Thousandths travel as a floating number of wholes, which is exact up to here and far beyond. */
const exactMilliMax = 2 ** 48;

function isPlainResource(resource: Resource): boolean {
  const { name, value, reservations, disk, providerId, allocationRole } = resource;
  if (disk !== undefined || providerId !== undefined || !isText(name)) return false;
  if (!isText(allocationRole)) return false;
  const isPlain = ({ role, principal, labels }: Resource['reservations'][number]): boolean =>
    labels === undefined && isText(role) && isText(principal);
  if (!reservations.every(isPlain)) return false;
  switch (value.kind) {
    case 'scalar':
      return value.milli <= exactMilliMax;
    case 'ranges':
      return value.ranges.every(({ end }) => Number.isSafeInteger(end));
    case 'set':
      return value.items.every(isText);
    default:
      return unreachable(value);
  }
}
