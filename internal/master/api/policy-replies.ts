/** What operators have decided, as they read it back (contract 10.2, 10.7). By role, or as it was said. */
import { machinesIn } from '#internal/model/machine-map.ts';
import { isMachineOf, type MachineId } from '#internal/model/policy.ts';
import { machineToWire, unavailabilityToWire } from '#internal/wire/policy-record.ts';
import type { InverseOfferStatus } from '#proto/gen/mesos/v1/allocator.ts';
import type { Resource, Value_Scalar } from '#proto/gen/mesos/v1.ts';
import type {
  Response,
  Response_GetMaintenanceSchedule,
  Response_GetMaintenanceStatus,
  Response_GetQuota,
} from '#proto/gen/mesos/v1/master.ts';
import type { MasterView } from '../door.ts';
import { timeInfo } from './time-info.ts';

/** Of the roles whose weight was ever set; nothing at all when none was. */
export function getWeights({ state }: MasterView): Pick<Response, 'get_weights'> {
  if (state.weights.isEmpty()) return {};
  const weight_infos = byRole(state.weights).map(([role, weight]) => ({ weight, role }));
  return { get_weights: { weight_infos } };
}

/** In both forms, of which the older knows guarantees alone. */
export function getQuota({ state }: MasterView): Response_GetQuota {
  if (state.quotas.isEmpty()) return { status: {} };
  const quotas = byRole(state.quotas);
  const infos = quotas.map(([role, { guarantees }]) => ({
    role,
    ...(guarantees.milliOf.size > 0 && { guarantee: scalars(guarantees.milliOf) }),
  }));
  const configs = quotas.map(([role, { guarantees, limits }]) => ({
    role,
    ...(guarantees.milliOf.size > 0 && { guarantees: amounts(guarantees.milliOf) }),
    ...(limits.milliMaxOf.size > 0 && { limits: amounts(limits.milliMaxOf) }),
  }));
  return { status: { infos, configs } };
}

export function getMaintenanceSchedule({ state }: MasterView): Response_GetMaintenanceSchedule {
  const { windows } = state.maintenance;
  if (windows.length === 0) return { schedule: {} };
  return {
    schedule: {
      windows: windows.map(({ machines, unavailability }) => ({
        machine_ids: machines.map(machineToWire),
        unavailability: unavailabilityToWire(unavailability),
      })),
    },
  };
}

/** Machines that are to be left, with what frameworks said to that, and those that are down. */
export function getMaintenanceStatus(view: MasterView): Response_GetMaintenanceStatus {
  const { windows, down } = view.state.maintenance;
  const draining = windows
    .flatMap(({ machines }) => machines)
    .filter((machine) => machinesIn(down).of(machine) === undefined);
  return {
    status: {
      ...(draining.length > 0 && {
        draining_machines: draining.map((machine) => ({
          id: machineToWire(machine),
          statuses: answersAt(view, machine),
        })),
      }),
      ...(down.length > 0 && { down_machines: down.map(machineToWire) }),
    },
  };
}

function answersAt(view: MasterView, machine: MachineId): readonly InverseOfferStatus[] {
  return view.inverseAnswers.flatMap(({ agentId, frameworkId, status, atMs }) => {
    const agent = view.state.agents.get(agentId);
    if (agent === undefined || !isMachineOf(machine, agent)) return [];
    return [{ status, framework_id: { value: frameworkId }, timestamp: timeInfo(atMs) }];
  });
}

const byRole = <Value>(map: Iterable<[string, Value]>): readonly (readonly [string, Value])[] =>
  [...map].toSorted(([one], [other]) => (one < other ? -1 : 1));

const scalars = (milliOf: ReadonlyMap<string, number>): readonly Resource[] =>
  byRole(milliOf).map(([name, milli]) => ({
    name,
    type: 'SCALAR',
    scalar: { value: milli / 1000 },
  }));

const amounts = (milliOf: ReadonlyMap<string, number>): Readonly<Record<string, Value_Scalar>> =>
  Object.fromEntries(byRole(milliOf).map(([name, milli]) => [name, { value: milli / 1000 }]));
