/** The reading calls of the operator API, one reply each, all from one view (contract 10.2, 10.7). */
import { type Steps } from '#internal/base/steps.ts';
import type { Agent, Framework } from '#internal/model/cluster.ts';
import type { Resources } from '#internal/resources/resource.ts';
import { add, scalarMilli, scalarNames } from '#internal/resources/resources.ts';
import { decode } from '#internal/wire/protobuf.ts';
import { resourcesToWire } from '#internal/wire/resources.ts';
import { chained, each, type Streamed } from '#internal/wire/streamed.ts';
import { taskToWire } from '#internal/wire/task.ts';
import type * as mesos from '#proto/gen/mesos/v1.ts';
import type * as master from '#proto/gen/mesos/v1/master.ts';
import type { MasterView, OfferView } from '../door.ts';
import { offerToWire } from '../leader/offer-wire.ts';
import { windowOf } from '../leader/operators/maintenance.ts';
import { agentPid } from './addresses.ts';
import { agentGroups } from './agent-groups.ts';
import {
  completedFrameworks,
  type FrameworkEntry,
  liveFrameworks,
  reachedExecutors,
} from './framework-record.ts';
import { drainInfo, isActive } from './deactivation.ts';
import { roleEntries } from './roles.ts';
import { timeInfo } from './time-info.ts';
import { usageSteps } from './usage.ts';

export function* stateSteps(view: MasterView): Steps<Streamed<master.Response_GetState>> {
  return {
    get_tasks: getTasks(view),
    get_executors: getExecutors(view),
    get_frameworks: yield* frameworksSteps(view),
    get_agents: yield* agentsSteps(view),
  };
}

export function* agentsSteps(view: MasterView): Steps<Streamed<master.Response_GetAgents>> {
  const usage = yield* usageSteps(view);
  const { registered, recovered } = agentGroups(view);
  return {
    agents: each(registered, (agent) =>
      agentReply(agent, {
        isActive: isActive(view, agent),
        used: usage.used.ofAgent(agent.id),
        offered: usage.offered.ofAgent(agent.id),
      }),
    ),
    recovered_agents: each(recovered, agentInfo),
  };
}

export function* frameworksSteps(view: MasterView): Steps<Streamed<master.Response_GetFrameworks>> {
  const live = liveFrameworks(view, yield* usageSteps(view));
  return {
    frameworks: each(live, (entry) => frameworkReply(view, entry)),
    completed_frameworks: each(completedFrameworks(view), (entry) => frameworkReply(view, entry)),
  };
}

export function getTasks({ state }: MasterView): Streamed<master.Response_GetTasks> {
  const live = [...state.frameworks.values()];
  const histories = [
    ...live.map(({ completed }) => completed),
    ...state.completedFrameworks.map(({ tasks }) => tasks),
  ];
  return {
    tasks: each(chained(...live.map(({ tasks }) => tasks.valueSeq())), taskToWire),
    unreachable_tasks: each(
      chained(...live.map(({ unreachable }) => unreachable.valueSeq())),
      taskToWire,
    ),
    completed_tasks: each(chained(...histories), taskToWire),
  };
}

export function getExecutors({ state }: MasterView): Streamed<master.Response_GetExecutors> {
  const records = [...state.frameworks.values()];
  const found = chained(...records.map((record) => reachedExecutors(state, record)));
  return {
    executors: each(found, ({ info, agentId }) => ({
      executor_info: decode('mesos.v1.ExecutorInfo', info),
      agent_id: { value: agentId },
    })),
  };
}

/** Of each role cpus, mem and the like, allocated or offered; whose they were does not show. */
export function* rolesSteps(view: MasterView): Steps<master.Response_GetRoles> {
  const usage = yield* usageSteps(view);
  return {
    roles: roleEntries(view, usage).map(({ name, weight, frameworkIds, ...held }) => ({
      name,
      weight,
      frameworks: frameworkIds.map((value) => ({ value })),
      resources: quantitiesToWire(add(held.allocated, held.offered)),
    })),
  };
}

export type AgentStanding = {
  readonly isActive: boolean;
  readonly used: Resources;
  readonly offered: Resources;
};

export function agentReply(
  agent: Agent,
  { isActive: active, used, offered }: AgentStanding,
): master.Response_GetAgents_Agent {
  const { reregisteredMs } = agent;
  return {
    agent_info: agentInfo(agent),
    active,
    deactivated: agent.deactivation !== undefined,
    version: agent.version,
    pid: agentPid(agent),
    registered_time: timeInfo(agent.registeredMs),
    ...(reregisteredMs !== undefined && { reregistered_time: timeInfo(reregisteredMs) }),
    total_resources: resourcesToWire(agent.total, 'endpoint'),
    allocated_resources: resourcesToWire(used, 'endpoint'),
    offered_resources: resourcesToWire(offered, 'endpoint'),
    capabilities: capabilitiesToWire(agent),
    ...drainReply(agent),
  };
}

/** A moment is told in whole seconds here (contract 10.6). */
function drainReply(
  agent: Agent,
): Pick<master.Response_GetAgents_Agent, 'drain_info' | 'estimated_drain_start_time'> {
  const drain = drainInfo(agent);
  if (drain === undefined) return {};
  const seconds = Math.floor(drain.sinceMs / 1000);
  return {
    drain_info: drain.info,
    estimated_drain_start_time: { nanoseconds: BigInt(seconds) * 1_000_000_000n },
  };
}

function frameworkReply(
  view: MasterView,
  entry: FrameworkEntry,
): master.Response_GetFrameworks_Framework {
  const { framework, isConnected, isRecovered, unregisteredMs } = entry;
  return {
    framework_info: decode('mesos.v1.FrameworkInfo', framework.info),
    active: isConnected,
    connected: isConnected,
    recovered: isRecovered,
    registered_time: timeInfo(framework.registeredMs),
    reregistered_time: timeInfo(framework.reregisteredMs),
    ...(unregisteredMs !== undefined && { unregistered_time: timeInfo(unregisteredMs) }),
    offers: entry.offers.map((offer) => offerReply(view, offer, framework)),
    allocated_resources: resourcesToWire(entry.used, 'endpoint'),
    offered_resources: resourcesToWire(entry.offered, 'endpoint'),
    offer_constraints: {},
  };
}

function offerReply(
  { state }: MasterView,
  { agent, ...offer }: OfferView,
  framework: Framework,
): mesos.Offer {
  const offered = { agent, info: agentInfo(agent), window: windowOf(state, agent) };
  return offerToWire(offer, framework, offered);
}

const agentInfo = (agent: Agent): mesos.AgentInfo => decode('mesos.v1.AgentInfo', agent.info);

/** Those that this version has a name for. */
function capabilitiesToWire({ capabilities }: Agent): readonly mesos.AgentInfo_Capability[] {
  return capabilities.filter(isKnownCapability).map((type) => ({ type }));
}

const knownCapabilities: ReadonlySet<string> = new Set<mesos.AgentInfo_Capability_Type>([
  'MULTI_ROLE',
  'HIERARCHICAL_ROLE',
  'RESERVATION_REFINEMENT',
  'RESOURCE_PROVIDER',
  'RESIZE_VOLUME',
  'AGENT_OPERATION_FEEDBACK',
  'AGENT_DRAINING',
  'TASK_RESOURCE_LIMITS',
]);

const isKnownCapability = (type: string): type is mesos.AgentInfo_Capability_Type =>
  knownCapabilities.has(type);

/** Whatever its reservation: names and amounts of the scalars, sorted by name. */
function quantitiesToWire(resources: Resources): readonly mesos.Resource[] {
  const names = [...scalarNames(resources)].toSorted();
  return names.map((name) => ({
    name,
    type: 'SCALAR',
    scalar: { value: scalarMilli(resources, name) / 1000 },
  }));
}
