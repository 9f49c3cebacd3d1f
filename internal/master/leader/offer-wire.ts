/** An offer as its framework reads it (contract 3.7). */
import type { Agent, Framework } from '#internal/model/cluster.ts';
import type { ExecutorId } from '#internal/model/ids.ts';
import type { MaintenanceWindow } from '#internal/model/policy.ts';
import type { Resources } from '#internal/resources/resource.ts';
import { unallocated } from '#internal/resources/resources.ts';
import { keepText } from '#internal/wire/json-writer.ts';
import { unavailabilityToWire } from '#internal/wire/policy-record.ts';
import { resourcesToWire } from '#internal/wire/resources.ts';
import type { AgentInfo, Offer, Resource, URL } from '#proto/gen/mesos/v1.ts';
import type { OutstandingOffer } from './lead.ts';

export type Offered = {
  readonly agent: Agent;
  readonly info: AgentInfo;
  /** The maintenance that it is scheduled for. */
  readonly window: MaintenanceWindow | undefined;
};

type ShownOffer = Pick<OutstandingOffer, 'id' | 'role' | 'resources'> & {
  /** Those that the framework has on the agent already. */
  readonly executorIds: readonly ExecutorId[];
};

/** In the shape that the framework's capabilities ask for (contract 3.7). */
export function offerToWire(
  { id, role, resources, executorIds }: ShownOffer,
  framework: Framework,
  { agent, info, window }: Offered,
): Offer {
  const isMultiRole = framework.capabilities.has('MULTI_ROLE');
  return {
    id: { value: id },
    framework_id: { value: framework.id },
    agent_id: { value: agent.id },
    hostname: agent.hostname,
    url: agentUrl(agent),
    ...(info.domain !== undefined && { domain: info.domain }),
    resources: offeredResources(resources, framework),
    ...(info.attributes !== undefined && { attributes: info.attributes }),
    ...(executorIds.length > 0 && { executor_ids: executorIds.map((value) => ({ value })) }),
    ...(window !== undefined && { unavailability: unavailabilityToWire(window.unavailability) }),
    ...(isMultiRole && { allocation_info: { role } }),
  };
}

/**
 * What an offer shows of resources, and in which form: old frameworks read `role`, new ones
 * `reservations`, and either would miss the other (contract 6.3). The allocator offers the very same
 * value again and again, so what was made of it, and its JSON, are kept with it.
 */
function offeredResources(resources: Resources, { capabilities }: Framework): readonly Resource[] {
  const form = capabilities.has('RESERVATION_REFINEMENT') ? 'new' : 'old';
  const isMultiRole = capabilities.has('MULTI_ROLE');
  const known = shown.get(resources) ?? new Map<string, readonly Resource[]>();
  shown.set(resources, known);
  const key = `${form} ${isMultiRole}`;
  const before = known.get(key);
  if (before !== undefined) return before;
  const visible = resources.filter(({ name }) => name !== 'ephemeral_ports');
  const list = resourcesToWire(isMultiRole ? visible : unallocated(visible), form);
  known.set(key, keepText(list));
  return list;
}

const shown = new WeakMap<Resources, Map<string, readonly Resource[]>>();

export function agentUrl({ hostname, ip, port }: Agent): URL {
  return { scheme: 'http', address: { hostname, ip, port }, path: '/slave(1)' };
}
