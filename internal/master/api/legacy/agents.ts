/** Agents in `/state`, `/slaves` and `/state-summary` (contract 13.4: "slave"). */
import type { Agent } from '#internal/model/cluster.ts';
import type { Resources } from '#internal/resources/resource.ts';
import { toJson } from '#internal/wire/json.ts';
import { decode } from '#internal/wire/protobuf.ts';
import { resourcesToWire } from '#internal/wire/resources.ts';
import type { AgentInfo, Attribute, DomainInfo } from '#proto/gen/mesos/v1.ts';
import type { MasterView } from '../../door.ts';
import { agentPid } from '../addresses.ts';
import { drainInfo, isActive } from '../deactivation.ts';
import type { Usage } from '../usage.ts';
import { double, type Json, Written } from './json-text.ts';
import { reservedByRole, shortReserved, shortResources, unreserved } from './short-resources.ts';

type Members = Readonly<Record<string, Json | undefined>>;

/** An agent that has come back since this master leads, in its short form. */
export function agentJson(view: MasterView, usage: Usage, agent: Agent): Members {
  const { reregisteredMs, total } = agent;
  const drain = drainInfo(agent);
  return {
    ...identity(agent),
    pid: agentPid(agent),
    registered_time: double(agent.registeredMs / 1000),
    reregistered_time: reregisteredMs === undefined ? undefined : double(reregisteredMs / 1000),
    resources: shortResources(total),
    used_resources: shortResources(usage.used.ofAgent(agent.id)),
    offered_resources: shortResources(usage.offered.ofAgent(agent.id)),
    reserved_resources: shortReserved(total),
    unreserved_resources: shortResources(unreserved(total)),
    active: isActive(view, agent),
    deactivated: agent.deactivation !== undefined,
    version: agent.version,
    capabilities: agent.capabilities,
    drain_info: drain && new Written(toJson('mesos.v1.DrainInfo', drain.info)),
    estimated_drain_start_time_seconds: drain && double(drain.sinceMs / 1000),
  };
}

/** The same with every resource in full, for `/slaves`. */
export function fullAgentJson(view: MasterView, usage: Usage, agent: Agent): Members {
  const { id, total } = agent;
  const reserved = [...reservedByRole(total)].map(([role, parts]) => [role, fullResources(parts)]);
  return {
    ...agentJson(view, usage, agent),
    reserved_resources_full: Object.fromEntries(reserved),
    unreserved_resources_full: fullResources(unreserved(total)),
    used_resources_full: fullResources(usage.used.ofAgent(id)),
    offered_resources_full: fullResources(usage.offered.ofAgent(id)),
  };
}

/** An agent of the log that has not come back yet: only who it is. */
export const recoveredAgentJson = (agent: Agent): Json => identity(agent);

function identity(agent: Agent): Members {
  const info = decode('mesos.v1.AgentInfo', agent.info);
  return {
    id: agent.id,
    hostname: agent.hostname,
    port: agent.port,
    attributes: attributesJson(info),
    domain: info.domain && legacyDomain(info.domain),
  };
}

const attributesJson = ({ attributes = [] }: AgentInfo): Json =>
  Object.fromEntries(attributes.map((attribute) => [attribute.name, attributeJson(attribute)]));

function attributeJson({ scalar, ranges, set, text }: Attribute): Json {
  if (scalar !== undefined) return double(scalar.value);
  if (ranges !== undefined) {
    const texts = (ranges.range ?? []).map(({ begin, end }) => `${begin}-${end}`);
    return `[${texts.join(', ')}]`;
  }
  return set === undefined ? (text?.value ?? '') : `{${(set.item ?? []).join(', ')}}`;
}

function fullResources(resources: Resources): Json {
  const list = resourcesToWire(resources, 'endpoint');
  return list.map((resource) => new Written(toJson('mesos.v1.Resource', resource)));
}

export const legacyDomain = (domain: DomainInfo): Json =>
  new Written(toJson('mesos.v1.DomainInfo', domain));
