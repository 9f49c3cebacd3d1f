/**
 * Agents, frameworks, tasks and updates as the masters write them down. What is read was written by
 * a master, so it is believed; a message that lacks what it must have is a fault of the disk.
 */
import { unreachable } from '#internal/base/assert.ts';
import type {
  Agent,
  Executor,
  Framework,
  MasterAddress,
  Task,
  TaskUpdate,
} from '#internal/model/cluster.ts';
import { encoded } from '#internal/model/encoded.ts';
import {
  agentId,
  executorId,
  frameworkId,
  masterId,
  role as asRole,
  taskId,
} from '#internal/model/ids.ts';
import { alike } from '#internal/resources/alike.ts';
import type * as written from '#proto/gen/altiplano/state/v1.ts';
import { isKnownCapability } from './framework.ts';
import { deactivationFromWritten, deactivationToWritten } from './policy-record.ts';
import { resourcesAsWritten, resourcesToWire } from './resources.ts';
import { reasonFromWire, reasonToWire, taskStateFromWire, taskStateToWire } from './task-state.ts';
import { foundVolumeFromWritten, foundVolumeToWritten } from './volume.ts';
import { WireError } from './wire-error.ts';

export function masterToWritten(master: MasterAddress): written.MasterAddress {
  const { id, hostname, ip, httpPort, grpcPort } = master;
  return { id, hostname, ip, http_port: httpPort, grpc_port: grpcPort };
}

export function masterFromWritten(from: written.MasterAddress): MasterAddress {
  const { id, hostname, ip, http_port: httpPort, grpc_port: grpcPort } = from;
  return { id: masterId(id), hostname, ip, httpPort, grpcPort };
}

export function agentToWritten(agent: Agent): written.Agent {
  const { id, registration, info, hostname, ip, port, version, capabilities, reach } = agent;
  const { deactivation } = agent;
  return {
    id,
    registration,
    info,
    hostname,
    ip,
    port,
    version,
    capabilities,
    total: resourcesToWire(agent.total, 'new'),
    registered_ms: agent.registeredMs,
    ...(agent.reregisteredMs !== undefined && { reregistered_ms: agent.reregisteredMs }),
    ...(reach.kind === 'unreachable' && { unreachable_since_ms: reach.sinceMs }),
    ...(deactivation !== undefined && { deactivation: deactivationToWritten(deactivation) }),
    orphans: agent.orphans.map(foundVolumeToWritten),
  };
}

export function agentFromWritten(from: written.Agent): Agent {
  const { registration, info, hostname, ip, port, version, capabilities = [] } = from;
  const { unreachable_since_ms: sinceMs, deactivation } = from;
  return {
    id: agentId(from.id),
    registration,
    info: encoded<'mesos.v1.AgentInfo'>(info),
    hostname,
    ip,
    port,
    version,
    capabilities,
    total: resourcesAsWritten(from.total),
    registeredMs: from.registered_ms,
    reregisteredMs: from.reregistered_ms,
    reach: sinceMs === undefined ? { kind: 'admitted' } : { kind: 'unreachable', sinceMs },
    deactivation: deactivation === undefined ? undefined : deactivationFromWritten(deactivation),
    orphans: (from.orphans ?? []).map(foundVolumeFromWritten),
  };
}

export function frameworkToWritten(framework: Framework): written.Framework {
  const { id, info, name, user, principal, roles, checkpoint, connection } = framework;
  return {
    id,
    info,
    name,
    user,
    ...(principal !== undefined && { principal }),
    roles,
    capabilities: [...framework.capabilities],
    checkpoint,
    failover_timeout_ms: framework.failoverTimeoutMs,
    registered_ms: framework.registeredMs,
    reregistered_ms: framework.reregisteredMs,
    ...(connection.kind === 'disconnected' && {
      disconnection: { since_ms: connection.sinceMs, deadline_ms: connection.deadlineMs },
    }),
  };
}

export function frameworkFromWritten(from: written.Framework): Framework {
  const { disconnection } = from;
  return {
    id: frameworkId(from.id),
    info: encoded<'mesos.v1.FrameworkInfo'>(from.info),
    name: from.name,
    user: from.user,
    principal: from.principal,
    roles: (from.roles ?? []).map(asRole),
    capabilities: new Set((from.capabilities ?? []).filter(isKnownCapability)),
    checkpoint: from.checkpoint,
    failoverTimeoutMs: from.failover_timeout_ms,
    registeredMs: from.registered_ms,
    reregisteredMs: from.reregistered_ms,
    connection:
      disconnection === undefined
        ? { kind: 'connected' }
        : {
            kind: 'disconnected',
            sinceMs: disconnection.since_ms,
            deadlineMs: disconnection.deadline_ms,
          },
  };
}

export function taskToWritten(task: Task): written.Task {
  const { id, name, info, state, update, executorId: executor, kill } = task;
  return {
    id,
    framework_id: task.frameworkId,
    agent_id: task.agentId,
    ...(executor !== undefined && { executor_id: executor }),
    name,
    info,
    resources: resourcesToWire(task.resources, 'new'),
    launched_ms: task.launchedMs,
    state: taskStateToWire(state),
    ...(update !== undefined && { update: updateToWritten(update) }),
    ...(task.acknowledgedUuid !== undefined && { acknowledged_uuid: task.acknowledgedUuid }),
    statuses: task.statuses.map(updateToWritten),
    ...(kill !== undefined && {
      kill: { ...(kill.policy !== undefined && { policy: kill.policy }) },
    }),
    ...(task.groupId !== undefined && { group_id: task.groupId }),
  };
}

export function executorToWritten(executor: Executor): written.Executor {
  const { id, frameworkId: framework, agentId: agent, info, resources } = executor;
  return {
    id,
    framework_id: framework,
    agent_id: agent,
    info,
    resources: resourcesToWire(resources, 'new'),
    launched_ms: executor.launchedMs,
    ends_with_tasks: executor.endsWith === 'tasks',
  };
}

export function executorFromWritten(from: written.Executor): Executor {
  return {
    id: executorId(from.id),
    frameworkId: frameworkId(from.framework_id),
    agentId: agentId(from.agent_id),
    info: encoded<'mesos.v1.ExecutorInfo'>(from.info),
    resources: resourcesAsWritten(from.resources),
    launchedMs: from.launched_ms,
    endsWith: from.ends_with_tasks ? 'tasks' : 'agent',
  };
}

/** Those that want the same hold it together. */
export function tasksFromWritten(list: readonly written.Task[] = []): readonly Task[] {
  let before: Task | undefined;
  return list.map((from) => (before = taskFromWritten(from, before)));
}

export function taskFromWritten(from: written.Task, before?: Task): Task {
  const { update, executor_id: executor, kill } = from;
  const policy = kill?.policy;
  return {
    id: taskId(from.id),
    frameworkId: frameworkId(from.framework_id),
    agentId: agentId(from.agent_id),
    executorId: executor === undefined ? undefined : executorId(executor),
    name: from.name,
    info: encoded<'mesos.v1.TaskInfo'>(from.info),
    resources: alike(before?.resources, resourcesAsWritten(from.resources)),
    launchedMs: from.launched_ms,
    state: taskStateFromWire(from.state),
    update: update === undefined ? undefined : updateFromWritten(update),
    acknowledgedUuid: from.acknowledged_uuid,
    statuses: (from.statuses ?? []).map(updateFromWritten),
    kill:
      kill === undefined
        ? undefined
        : { policy: policy === undefined ? undefined : encoded<'mesos.v1.KillPolicy'>(policy) },
    groupId: from.group_id,
  };
}

export function updateToWritten(update: TaskUpdate): written.TaskUpdate {
  const state = taskStateToWire(update.state);
  switch (update.kind) {
    case 'agent':
      return { state, agent: { uuid: update.uuid, status: update.status } };
    case 'master': {
      const { reason, message, atMs, unreachableMs } = update;
      return {
        state,
        master: {
          reason: reasonToWire(reason),
          message,
          at_ms: atMs,
          ...(unreachableMs !== undefined && { unreachable_ms: unreachableMs }),
        },
      };
    }
    default:
      return unreachable(update);
  }
}

export function updateFromWritten({ state, agent, master }: written.TaskUpdate): TaskUpdate {
  if (agent !== undefined) {
    return {
      kind: 'agent',
      state: taskStateFromWire(state),
      uuid: agent.uuid,
      status: encoded<'mesos.v1.TaskStatus'>(agent.status),
    };
  }
  const reason = master === undefined ? undefined : reasonFromWire(master.reason);
  if (master === undefined || reason === undefined) {
    throw new WireError('protobuf', `An update to ${state} that no agent and no master made`);
  }
  return {
    kind: 'master',
    state: taskStateFromWire(state),
    reason,
    message: master.message,
    atMs: master.at_ms,
    unreachableMs: master.unreachable_ms,
  };
}
