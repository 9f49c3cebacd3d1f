/**
 * Whether an operation may be made of an agent's resources (contract 5.6). The order of the rules is
 * the contract's: the first that is broken is the one that is told. Whether the resources are there is
 * asked later.
 */
import { unreachable } from '#internal/base/assert.ts';
import type { Agent, Framework } from '#internal/model/cluster.ts';
import { formatResource } from '#internal/resources/format.ts';
import { conversionsOf, type ResourceOperation } from '#internal/resources/operation.ts';
import { isRefined, reservationRole } from '#internal/resources/reservation.ts';
import type { Resource, Resources } from '#internal/resources/resource.ts';
import { add, contains, unallocated } from '#internal/resources/resources.ts';
import { isVolume } from '#internal/resources/volume.ts';
import { reserveFault } from './validate-reserve.ts';
import { masterResourcesFault, providersFault, volumesFault } from './validate-resources.ts';

export type OperationSurroundings = {
  readonly agent: Agent;
  /** What the agent has, once all that is on its way into the log is there. */
  readonly total: Resources;
  /** What tasks hold of it, those included that are on their way. Unallocated. */
  readonly used: Resources;
  /** Who asks; undefined for an operator. */
  readonly framework: Framework | undefined;
};

/** The text for whoever asked. */
export function resourceOperationFault(
  operation: ResourceOperation,
  around: OperationSurroundings,
): string | undefined {
  switch (operation.kind) {
    case 'reserve':
    case 'reserve-anew':
      return (
        listFault(operation.resources) ??
        reserveFault(operation.resources, around) ??
        meaningFault(operation)
      );
    case 'unreserve':
      return listFault(operation.resources) ?? meaningFault(operation);
    case 'create':
      return createFault(operation.volumes, around);
    case 'destroy':
      return destroyFault(operation.volumes, around);
    case 'grow-volume':
    case 'shrink-volume':
      return resizeFault(operation, around);
    default:
      return unreachable(operation);
  }
}

/** `slave(1)@10.0.0.2:5051 (hostname)` with its id, as the texts have it. */
export const agentText = ({ id, ip, port, hostname }: Agent): string =>
  `${id} at slave(1)@${ip}:${port} (${hostname})`;

function listFault(list: Resources): string | undefined {
  const fault = masterResourcesFault(list) ?? providersFault(list);
  return fault === undefined ? undefined : `Invalid resources: ${fault}`;
}

/** What an operation cannot mean at all. */
function meaningFault(operation: ResourceOperation): string | undefined {
  const made = conversionsOf(operation);
  return made.ok ? undefined : made.refusal;
}

function createFault(
  volumes: Resources,
  { agent, total, framework }: OperationSurroundings,
): string | undefined {
  const fault = listFault(volumes);
  if (fault !== undefined) return fault;
  const none = volumesFault(volumes);
  if (none !== undefined) return `Not a persistent volume: ${none}`;
  const twice = duplicateId(add(total, unallocated(volumes)));
  if (twice !== undefined) return `Persistence ID '${twice}' is not unique`;
  for (const volume of volumes) {
    const wrong = volumeFault(volume, agent, framework);
    if (wrong !== undefined) return wrong;
  }
  const [first, second] = new Set(volumes.map(({ allocationRole }) => allocationRole));
  if (second === undefined) return undefined;
  return (
    'Invalid volume resources: The resources have multiple allocation roles ' +
    `('${first}' and '${second}') but only one allocation role is allowed`
  );
}

/** Two volumes of one name in one role would share a folder. */
function duplicateId(list: Resources): string | undefined {
  const seen = new Set<string>();
  for (const one of list) {
    const id = one.disk?.persistence?.id;
    if (id === undefined) continue;
    const key = JSON.stringify([reservationRole(one), id]);
    if (seen.has(key)) return id;
    seen.add(key);
  }
  return undefined;
}

function volumeFault(
  volume: Resource,
  { capabilities }: Agent,
  framework: Framework | undefined,
): string | undefined {
  const text = formatResource(volume);
  if (volume.shared && framework?.capabilities.has('SHARED_RESOURCES') === false) {
    return (
      `Create volume operation for '${text}' has been attempted by framework ` +
      `'${framework.id}' with no SHARED_RESOURCES capability`
    );
  }
  const role = reservationRole(volume);
  if (role.includes('/') && !capabilities.includes('HIERARCHICAL_ROLE')) {
    return (
      `Volume ${text} with reservation for hierarchical role '${role}' cannot be created on an ` +
      'agent without HIERARCHICAL_ROLE capability'
    );
  }
  if (isRefined(volume) && !capabilities.includes('RESERVATION_REFINEMENT')) {
    return (
      `Volume ${text} with reservation refinement cannot be created on an agent without ` +
      'RESERVATION_REFINEMENT capability'
    );
  }
  const asked = framework?.principal;
  const principal = volume.disk?.persistence?.principal;
  if (asked === undefined || asked === principal) return undefined;
  return principal === undefined
    ? `Create volume operation attempted by principal '${asked}', but there is a volume in the ` +
        "operation with no principal set in 'disk.persistence'"
    : `Create volume operation attempted by authenticated principal '${asked}', which does not ` +
        `match a volume in the operation with principal '${principal}' set in 'disk.persistence'`;
}

function destroyFault(
  volumes: Resources,
  { total, used }: OperationSurroundings,
): string | undefined {
  const fault = listFault(volumes);
  if (fault !== undefined) return fault;
  const none = volumesFault(volumes);
  if (none !== undefined) return `Not a persistent volume: ${none}`;
  const plain = unallocated(volumes);
  if (!contains(total, plain)) return 'Persistent volumes not found';
  return plain.some((one) => contains(used, [one])) ? 'Persistent volumes in use' : undefined;
}

function resizeFault(
  operation: Extract<ResourceOperation, { kind: 'grow-volume' | 'shrink-volume' }>,
  { agent }: OperationSurroundings,
): string | undefined {
  const { volume } = operation;
  const isGrowth = operation.kind === 'grow-volume';
  const message = isGrowth ? 'GrowVolume' : 'ShrinkVolume';
  const bad = masterResourcesFault([volume]);
  if (bad !== undefined) return `Invalid resource in the '${message}.volume' field: ${bad}`;
  const none = volumesFault([volume]);
  if (none !== undefined) {
    return `Invalid persistent volume in the '${message}.volume' field: ${none}`;
  }
  const addition = isGrowth ? masterResourcesFault([operation.addition]) : undefined;
  if (addition !== undefined) {
    return `Invalid resource in the 'GrowVolume.addition' field: ${addition}`;
  }
  const meaning = meaningFault(operation);
  if (meaning !== undefined) return meaning;
  if (agent.capabilities.includes('RESIZE_VOLUME') || !isVolume(volume)) return undefined;
  const verb = isGrowth ? 'grown' : 'shrunk';
  return (
    `Volume ${formatResource(volume)} cannot be ${verb} on an agent without ` +
    'RESIZE_VOLUME capability'
  );
}
