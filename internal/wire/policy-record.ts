/** What operators decide, as the masters write it down: commands and records. */
import { unreachable } from '#internal/base/assert.ts';
import { agentId, role as asRole } from '#internal/model/ids.ts';
import type {
  Deactivation,
  MachineId,
  Maintenance,
  MaintenanceWindow,
  Quota,
} from '#internal/model/policy.ts';
import { limits } from '#internal/resources/limits.ts';
import { quantities } from '#internal/resources/quantities.ts';
import type { PolicyCommand, RoleQuota, RoleWeight } from '#internal/state/command.ts';
import type * as written from '#proto/gen/altiplano/state/v1.ts';
import type * as wire from '#proto/gen/mesos/v1.ts';
import { WireError } from './wire-error.ts';

export function policyToWritten(command: PolicyCommand): Omit<written.Command, 'at_ms'> {
  switch (command.kind) {
    case 'update-weights':
      return { update_weights: { weights: command.weights.map(weightToWritten) } };
    case 'update-quotas':
      return { update_quotas: { quotas: command.quotas.map(quotaToWritten) } };
    case 'schedule-maintenance':
      return { schedule_maintenance: { windows: command.windows.map(windowToWritten) } };
    case 'start-maintenance':
      return { start_maintenance: { machines: command.machines.map(machineToWire) } };
    case 'stop-maintenance':
      return { stop_maintenance: { machines: command.machines.map(machineToWire) } };
    case 'deactivate-agent':
      return { deactivate_agent: { agent_id: command.agentId } };
    case 'drain-agent': {
      const { agentId: id, maxGraceMs, isGoneThen } = command;
      const grace = maxGraceMs === undefined ? {} : { max_grace_ms: maxGraceMs };
      return { drain_agent: { agent_id: id, ...grace, gone_then: isGoneThen } };
    }
    case 'finish-drain':
      return { finish_drain: { agent_id: command.agentId } };
    case 'reactivate-agent':
      return { reactivate_agent: { agent_id: command.agentId } };
    case 'mark-agent-gone':
      return { mark_agent_gone: { agent_id: command.agentId } };
    default:
      return unreachable(command);
  }
}

/** Undefined for a command of another sort. */
export function policyFromWritten(from: written.Command): PolicyCommand | undefined {
  return aboutRoles(from) ?? aboutMachines(from) ?? aboutDrain(from);
}

function aboutRoles(from: written.Command): PolicyCommand | undefined {
  if (from.update_weights !== undefined) {
    const { weights = [] } = from.update_weights;
    return { kind: 'update-weights', weights: weights.map(weightFromWritten) };
  }
  if (from.update_quotas !== undefined) {
    const { quotas = [] } = from.update_quotas;
    return { kind: 'update-quotas', quotas: quotas.map(quotaFromWritten) };
  }
  return undefined;
}

function aboutMachines(from: written.Command): PolicyCommand | undefined {
  if (from.schedule_maintenance !== undefined) {
    const { windows = [] } = from.schedule_maintenance;
    return { kind: 'schedule-maintenance', windows: windows.map(windowFromWritten) };
  }
  if (from.start_maintenance !== undefined) {
    const { machines = [] } = from.start_maintenance;
    return { kind: 'start-maintenance', machines: machines.map(machineFromWire) };
  }
  if (from.stop_maintenance !== undefined) {
    const { machines = [] } = from.stop_maintenance;
    return { kind: 'stop-maintenance', machines: machines.map(machineFromWire) };
  }
  return undefined;
}

function aboutDrain(from: written.Command): PolicyCommand | undefined {
  if (from.drain_agent !== undefined) {
    const { agent_id: id, max_grace_ms: maxGraceMs, gone_then: isGoneThen } = from.drain_agent;
    return { kind: 'drain-agent', agentId: agentId(id), maxGraceMs, isGoneThen };
  }
  if (from.deactivate_agent !== undefined) {
    return { kind: 'deactivate-agent', agentId: agentId(from.deactivate_agent.agent_id) };
  }
  if (from.finish_drain !== undefined) {
    return { kind: 'finish-drain', agentId: agentId(from.finish_drain.agent_id) };
  }
  if (from.reactivate_agent !== undefined) {
    return { kind: 'reactivate-agent', agentId: agentId(from.reactivate_agent.agent_id) };
  }
  if (from.mark_agent_gone !== undefined) {
    return { kind: 'mark-agent-gone', agentId: agentId(from.mark_agent_gone.agent_id) };
  }
  return undefined;
}

export const weightToWritten = ({ role, weight }: RoleWeight): written.Weight => ({ role, weight });

export const weightFromWritten = ({ role, weight }: written.Weight): RoleWeight => ({
  role: asRole(role),
  weight,
});

export function quotaToWritten({ role, quota }: RoleQuota): written.Quota {
  return {
    role,
    guarantees: amountsToWritten(quota.guarantees.milliOf),
    limits: amountsToWritten(quota.limits.milliMaxOf),
  };
}

export function quotaFromWritten(from: written.Quota): RoleQuota {
  const quota: Quota = {
    guarantees: quantities(amountsFromWritten(from.guarantees)),
    limits: limits(amountsFromWritten(from.limits)),
  };
  return { role: asRole(from.role), quota };
}

export function maintenanceToWritten({ windows, down }: Maintenance): written.Maintenance {
  return { windows: windows.map(windowToWritten), down: down.map(machineToWire) };
}

export function maintenanceFromWritten(from: written.Maintenance): Maintenance {
  const { windows = [], down = [] } = from;
  return { windows: windows.map(windowFromWritten), down: down.map(machineFromWire) };
}

export function deactivationToWritten(deactivation: Deactivation): written.Deactivation {
  if (deactivation.kind === 'deactivated') return {};
  const { kind, sinceMs, maxGraceMs, isGoneThen } = deactivation;
  return {
    drain: {
      drained: kind === 'drained',
      since_ms: sinceMs,
      ...(maxGraceMs !== undefined && { max_grace_ms: maxGraceMs }),
      gone_then: isGoneThen,
    },
  };
}

export function deactivationFromWritten({ drain }: written.Deactivation): Deactivation {
  if (drain === undefined) return { kind: 'deactivated' };
  return {
    kind: drain.drained ? 'drained' : 'draining',
    sinceMs: drain.since_ms,
    maxGraceMs: drain.max_grace_ms,
    isGoneThen: drain.gone_then,
  };
}

/** By name, so that equal quotas give equal bytes. */
function amountsToWritten(milliOf: ReadonlyMap<string, number>): readonly written.Amount[] {
  const sorted = [...milliOf].toSorted(([one], [other]) => (one < other ? -1 : 1));
  return sorted.map(([name, milli]) => ({ name, milli }));
}

function amountsFromWritten(
  list: readonly written.Amount[] = [],
): readonly (readonly [string, number])[] {
  return list.map(({ name, milli }) => {
    if (Number.isSafeInteger(milli) && milli >= 0) return [name, milli];
    throw new WireError('protobuf', `${milli} thousandths of ${name} are no amount`);
  });
}

function windowToWritten({
  machines,
  unavailability,
}: MaintenanceWindow): written.MaintenanceWindow {
  return {
    machines: machines.map(machineToWire),
    unavailability: unavailabilityToWire(unavailability),
  };
}

function windowFromWritten(from: written.MaintenanceWindow): MaintenanceWindow {
  const { machines = [], unavailability } = from;
  return {
    machines: machines.map(machineFromWire),
    unavailability: unavailabilityFromWire(unavailability),
  };
}

export const machineToWire = ({ hostname, ip }: MachineId): wire.MachineID => ({
  ...(hostname !== undefined && { hostname }),
  ...(ip !== undefined && { ip }),
});

export const machineFromWire = ({ hostname, ip }: wire.MachineID): MachineId => ({ hostname, ip });

export function unavailabilityToWire({
  startNs,
  durationNs,
}: MaintenanceWindow['unavailability']): wire.Unavailability {
  return {
    start: { nanoseconds: startNs },
    ...(durationNs !== undefined && { duration: { nanoseconds: durationNs } }),
  };
}

export function unavailabilityFromWire({
  start,
  duration,
}: wire.Unavailability): MaintenanceWindow['unavailability'] {
  return { startNs: start.nanoseconds, durationNs: duration?.nanoseconds };
}
