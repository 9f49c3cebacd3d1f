/** Windows of maintenance, and machines that are taken down and brought up (contract 10.5). */
import type { Unavailability } from '#internal/allocator/event.ts';
import type { Agent } from '#internal/model/cluster.ts';
import { type MachineMap, machineMap, machinesIn } from '#internal/model/machine-map.ts';
import { type MachineId, type MaintenanceWindow } from '#internal/model/policy.ts';
import type { State } from '#internal/state/state.ts';
import {
  machineFromWire,
  machineToWire,
  unavailabilityFromWire,
} from '#internal/wire/policy-record.ts';
import type { MachineID } from '#proto/gen/mesos/v1.ts';
import type { Schedule } from '#proto/gen/mesos/v1/maintenance.ts';
import { badRequest } from '../events.ts';
import { rescindInverseOffersOfAgent } from '../inverse-offers.ts';
import type { Lead } from '../lead.ts';
import { allocateSoon, rescindOffersOfAgent } from '../offers.ts';
import { decide, type Reply } from './decide.ts';

export function scheduleMaintenance(lead: Lead, schedule: Schedule, reply: Reply): void {
  const windows = (schedule.windows ?? []).map((window): MaintenanceWindow => ({
    machines: (window.machine_ids ?? []).map(machineFromWire),
    unavailability: unavailabilityFromWire(window.unavailability),
  }));
  const problem = scheduleProblem(windows, lead.state.maintenance.down);
  if (problem === undefined) decide(lead, { kind: 'schedule-maintenance', windows }, reply);
  else reply(badRequest(problem));
}

export function startMaintenance(
  lead: Lead,
  list: readonly MachineID[] | undefined,
  reply: Reply,
): void {
  const { windows, down } = lead.state.maintenance;
  const scheduled = windows.flatMap(({ machines }) => machines);
  const machines = (list ?? []).map(machineFromWire);
  const problem =
    listProblem(machines) ??
    firstProblem(machines, (machine) => {
      if (!isOneOf(scheduled, machine)) return 'is not part of a maintenance schedule';
      if (!isOneOf(down, machine)) return undefined;
      return 'is not in DRAINING mode and cannot be brought down';
    });
  if (problem === undefined) decide(lead, { kind: 'start-maintenance', machines }, reply);
  else reply(badRequest(problem));
}

export function stopMaintenance(
  lead: Lead,
  list: readonly MachineID[] | undefined,
  reply: Reply,
): void {
  const { windows, down } = lead.state.maintenance;
  const scheduled = windows.flatMap(({ machines }) => machines);
  const machines = (list ?? []).map(machineFromWire);
  const problem =
    listProblem(machines) ??
    firstProblem(machines, (machine) => {
      if (!isOneOf(scheduled, machine)) return 'is not part of a maintenance schedule';
      if (isOneOf(down, machine)) return undefined;
      return 'is not in DOWN mode and cannot be brought up';
    });
  if (problem === undefined) decide(lead, { kind: 'stop-maintenance', machines }, reply);
  else reply(badRequest(problem));
}

/** Decided. Offers of agents on these machines are made again, with their window or without it. */
export function maintenanceChanged(lead: Lead): void {
  for (const id of lead.peers.keys()) {
    const agent = lead.state.agents.get(id);
    if (agent === undefined || !heedWindow(lead, agent)) continue;
    rescindOffersOfAgent(lead, id);
    rescindInverseOffersOfAgent(lead, id);
  }
  allocateSoon(lead);
}

/** The maintenance that an agent is scheduled for. */
export const windowOf = (
  { maintenance }: Pick<State, 'maintenance'>,
  agent: Agent,
): MaintenanceWindow | undefined => windowsIn(maintenance.windows).around(agent);

function windowsIn(windows: readonly MaintenanceWindow[]): MachineMap<MaintenanceWindow> {
  const known = maps.get(windows);
  if (known !== undefined) return known;
  const map = machineMap(
    windows.flatMap((window) => window.machines.map((machine) => [machine, window] as const)),
  );
  maps.set(windows, map);
  return map;
}

const maps = new WeakMap<readonly MaintenanceWindow[], MachineMap<MaintenanceWindow>>();

/** Tells the allocator of the agent's window, if that is another than it knows. */
export function heedWindow(lead: Lead, agent: Agent): boolean {
  const { id } = agent;
  const window = windowOf(lead.state, agent);
  if (window === lead.windows.get(id)) return false;
  if (window === undefined) lead.windows.delete(id);
  else lead.windows.set(id, window);
  lead.allocator.handle({
    kind: 'agent-scheduled',
    agentId: id,
    unavailability: window && inMilliseconds(window.unavailability),
  });
  return true;
}

const inMilliseconds = ({
  startNs,
  durationNs,
}: MaintenanceWindow['unavailability']): Unavailability => ({
  startMs: Number(startNs / 1_000_000n),
  durationMs: durationNs === undefined ? undefined : Number(durationNs / 1_000_000n),
});

function scheduleProblem(
  windows: readonly MaintenanceWindow[],
  down: readonly MachineId[],
): string | undefined {
  const first = machinesIn(windows.flatMap(({ machines }) => machines));
  for (const { machines, unavailability } of windows) {
    if (machines.length === 0) return 'List of machines in the maintenance window is empty';
    const problem = firstProblem(machines, (machine) =>
      first.of(machine) !== machine ? 'appears more than once in the schedule' : undefined,
    );
    if (problem !== undefined) return problem;
    if ((unavailability.durationNs ?? 0n) < 0n) return `Unavailability 'duration' is negative`;
  }
  const kept = down.find((machine) => first.of(machine) === undefined);
  if (kept === undefined) return undefined;
  return `Machine '${named(kept)}' is deactivated and cannot be removed from the schedule`;
}

function listProblem(machines: readonly MachineId[]): string | undefined {
  if (machines.length === 0) return 'List of machines is empty';
  const first = machinesIn(machines);
  return firstProblem(machines, (machine) =>
    first.of(machine) !== machine ? 'appears more than once in the schedule' : undefined,
  );
}

/** What is wrong with the first bad one: as a name, or as `problemOf` says. */
function firstProblem(
  machines: readonly MachineId[],
  problemOf: (machine: MachineId) => string | undefined,
): string | undefined {
  for (const machine of machines) {
    const { hostname, ip } = machine;
    if ((hostname ?? '') === '' && (ip ?? '') === '') {
      return `Both 'hostname' and 'ip' for a machine are empty`;
    }
    if (ip !== undefined && ip !== '' && !isIp(ip)) return `Failed to parse IP '${ip}'`;
    const problem = problemOf(machine);
    if (problem !== undefined) return `Machine '${named(machine)}' ${problem}`;
  }
  return undefined;
}

/** An address of four numbers, or one with colons. */
const isIp = (text: string): boolean =>
  /^(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)(?:\.(?!$)|$)){4}$/u.test(text) ||
  (text.includes(':') && /^[\da-f:.]{2,45}$/iu.test(text));

const named = (machine: MachineId): string => JSON.stringify(machineToWire(machine));

const isOneOf = (machines: readonly MachineId[], machine: MachineId): boolean =>
  machinesIn(machines).of(machine) !== undefined;
