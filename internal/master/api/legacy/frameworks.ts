/** Frameworks in `/state`, `/frameworks` and `/state-summary` (contract 13.4: "framework"). */
import { add } from '#internal/resources/resources.ts';
import { decode } from '#internal/wire/protobuf.ts';
import { each } from '#internal/wire/streamed.ts';
import type { FrameworkInfo } from '#proto/gen/mesos/v1.ts';
import type { OfferView } from '../../door.ts';
import type { FrameworkEntry } from '../framework-record.ts';
import { executorJson } from './executors.ts';
import { double, type Json } from './json-text.ts';
import { shortResources } from './short-resources.ts';
import { labelsJson, taskJson } from './tasks.ts';

type Members = Readonly<Record<string, Json | undefined>>;

/** `pid` is left out: it belongs to the old protocol, and an empty one breaks parsers. */
export function frameworkJson(entry: FrameworkEntry): Json {
  const { framework, unregisteredMs, tasks, unreachable, completed, executors } = entry;
  const info = decode('mesos.v1.FrameworkInfo', framework.info);
  const { registeredMs, reregisteredMs } = framework;
  return {
    ...summary(entry, info),
    user: framework.user,
    failover_timeout: double(framework.failoverTimeoutMs / 1000),
    checkpoint: framework.checkpoint,
    registered_time: double(registeredMs / 1000),
    unregistered_time: double((unregisteredMs ?? 0) / 1000),
    principal: framework.principal,
    resources: shortResources(add(entry.used, entry.offered)),
    reregistered_time: reregisteredMs === registeredMs ? undefined : double(reregisteredMs / 1000),
    ...roles(entry),
    tasks: each(tasks, taskJson),
    unreachable_tasks: each(unreachable, taskJson),
    completed_tasks: each(completed, taskJson),
    offers: entry.offers.map(offerJson),
    executors: each(executors, executorJson),
    labels: info.labels && labelsJson(info.labels),
    offer_constraints: {},
  };
}

/** The part that `/state-summary` shows. */
export const frameworkSummaryJson = (entry: FrameworkEntry): Members =>
  summary(entry, decode('mesos.v1.FrameworkInfo', entry.framework.info));

function summary(entry: FrameworkEntry, info: FrameworkInfo): Members {
  const { framework, used, offered, isConnected, isRecovered } = entry;
  return {
    id: framework.id,
    name: framework.name,
    used_resources: shortResources(used),
    offered_resources: shortResources(offered),
    capabilities: (info.capabilities ?? []).map(({ type }) => type ?? 'UNKNOWN'),
    hostname: info.hostname ?? '',
    webui_url: info.webui_url ?? '',
    active: isConnected,
    connected: isConnected,
    recovered: isRecovered,
  };
}

/** A framework of one role shows one; the others a list. */
function roles({ framework }: FrameworkEntry): Members {
  if (framework.capabilities.has('MULTI_ROLE')) return { roles: framework.roles };
  return { role: framework.roles[0] ?? '*' };
}

const offerJson = ({ id, frameworkId, agent, role, resources }: OfferView): Json => ({
  id,
  framework_id: frameworkId,
  allocation_info: { role },
  slave_id: agent.id,
  resources: shortResources(resources),
});
