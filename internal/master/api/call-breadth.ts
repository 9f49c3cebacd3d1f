/**
 * How much one call may ask for. A call is judged in one turn of the loop, and nobody else gets theirs
 * meanwhile: what is absurd is refused before it is begun. Mesos has no such bounds.
 *
 * What is looked at one by one and in pieces (tasks to be reconciled, offers to be declined) is bounded by
 * the length of the call alone.
 */
import { isList, isPlain } from '#internal/wire/schema.ts';

/** Tasks and operations of one ACCEPT, all of them of one agent; and operations that launch nothing. */
const acceptedMax = 500;
const operationsMax = 100;
/** Items of one list, entries of one map. */
const listMax = 1000;
/** Each is compared with each other. */
const resourcesMax = 250;
/** In all lists of resources of one call. */
const allResourcesMax = 5000;
/** And windows: more than a cluster has. */
const machinesMax = 12_000;

const unbounded: ReadonlySet<string> = new Set([
  'reconcile.tasks',
  'reconcile_operations.operations',
  'decline.offer_ids',
  'accept_inverse_offers.inverse_offer_ids',
  'decline_inverse_offers.inverse_offer_ids',
]);

const ofMachines: ReadonlySet<string> = new Set([
  'update_maintenance_schedule.schedule.windows',
  'update_maintenance_schedule.schedule.windows.machine_ids',
  'start_maintenance.machines',
  'stop_maintenance.machines',
]);

const ofResources: ReadonlySet<string> = new Set([
  'resources',
  'volumes',
  'reservations',
  'guarantee',
  'addition',
]);

type Count = { resources: number; accepted: number; machines: number };

/** The text of the first bound that a call exceeds, or undefined. */
export function breadthProblem(call: object): string | undefined {
  return problemIn(call, '', { resources: 0, accepted: 0, machines: 0 });
}

/** `path` names fields alone, so that it is the same for all items of a list. */
function problemIn(value: unknown, path: string, count: Count): string | undefined {
  if (value instanceof Uint8Array || !isPlain(value)) return undefined;
  const names = Object.keys(value);
  if (names.length > listMax) return `'${path}' has ${names.length} items, more than ${listMax}`;
  for (const name of names) {
    const member = value[name];
    if (typeof member !== 'object' || member === null) continue;
    const inner = path === '' ? name : `${path}.${name}`;
    const problem = isList(member)
      ? (lengthProblem(member, name, inner, count) ?? firstProblem(member, inner, count))
      : problemIn(member, inner, count);
    if (problem !== undefined) return problem;
  }
  return undefined;
}

function firstProblem(list: readonly unknown[], path: string, count: Count): string | undefined {
  for (const item of list) {
    const problem = problemIn(item, path, count);
    if (problem !== undefined) return problem;
  }
  return undefined;
}

function lengthProblem(
  list: readonly unknown[],
  name: string,
  path: string,
  count: Count,
): string | undefined {
  if (unbounded.has(path)) return undefined;
  const { length } = list;
  if (ofMachines.has(path)) {
    count.machines += length;
    const isTooMuch = count.machines > machinesMax;
    return isTooMuch ? `More than ${machinesMax} machines and windows in one call` : undefined;
  }
  const isOfResources = ofResources.has(name);
  const most = isOfResources ? resourcesMax : listMax;
  if (length > most) return `'${path}' has ${length} items, more than ${most}`;
  if (isOfResources) count.resources += length;
  if (count.resources > allResourcesMax)
    return `More than ${allResourcesMax} resources in one call`;
  if (!isAccepted(path)) return undefined;
  count.accepted += length;
  if (count.accepted > acceptedMax) {
    return `More than ${acceptedMax} tasks and operations in one ACCEPT`;
  }
  const operations = path === 'accept.operations' ? list.filter(changesResources) : [];
  return operations.length > operationsMax
    ? `More than ${operationsMax} operations in one ACCEPT that launch nothing`
    : undefined;
}

const changesResources = (operation: unknown): boolean =>
  isPlain(operation) && operation['type'] !== 'LAUNCH' && operation['type'] !== 'LAUNCH_GROUP';

const isAccepted = (path: string): boolean =>
  path === 'accept.operations' ||
  path === 'accept.operations.launch.task_infos' ||
  path === 'accept.operations.launch_group.task_group.tasks';
