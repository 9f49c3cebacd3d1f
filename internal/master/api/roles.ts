/** The roles that matter at the moment: those of frameworks, and those something is reserved for. */
import { type FrameworkId, role as asRole } from '#internal/model/ids.ts';
import type { Quota } from '#internal/model/policy.ts';
import { noLimits } from '#internal/resources/limits.ts';
import { noQuantities } from '#internal/resources/quantities.ts';
import { isReserved, reservationRole } from '#internal/resources/reservation.ts';
import { add, nothing, unallocated } from '#internal/resources/resources.ts';
import type { Resource, Resources } from '#internal/resources/resource.ts';
import type { MasterView } from '../door.ts';
import type { Usage } from './usage.ts';

export type RoleEntry = {
  readonly name: string;
  readonly frameworkIds: readonly FrameworkId[];
  readonly allocated: Resources;
  readonly offered: Resources;
  /** To this role, not to one below it; whether used or not. */
  readonly reserved: Resources;
  readonly weight: number;
  readonly quota: Quota;
};

const noQuota: Quota = { guarantees: noQuantities, limits: noLimits };

/** Sorted by name. */
export function roleEntries(view: MasterView, usage: Usage): readonly RoleEntry[] {
  const members = new Map<string, FrameworkId[]>();
  for (const { framework } of view.state.frameworks.values()) {
    for (const role of framework.roles) push(members, role, framework.id);
  }
  const reserved = byRole(
    [...view.state.agents.values()].flatMap(({ total }) => total.filter(isReserved)),
    reservationRole,
  );
  const allocated = byRole(usage.used.total, allocationRole);
  const offered = byRole(usage.offered.total, allocationRole);
  const { weights, quotas } = view.state;
  const names = new Set<string>([
    ...members.keys(),
    ...reserved.keys(),
    ...allocated.keys(),
    ...quotas.keys(),
  ]);
  return [...names].toSorted().map((name) => ({
    name,
    frameworkIds: members.get(name) ?? [],
    allocated: allocated.get(name) ?? nothing,
    offered: offered.get(name) ?? nothing,
    reserved: reserved.get(name) ?? nothing,
    weight: weights.get(asRole(name)) ?? 1,
    quota: quotas.get(asRole(name)) ?? noQuota,
  }));
}

function byRole(
  resources: Resources,
  roleOf: (resource: Resource) => string,
): ReadonlyMap<string, Resources> {
  const result = new Map<string, Resources>();
  for (const resource of resources) {
    const role = roleOf(resource);
    result.set(role, add(result.get(role) ?? nothing, unallocated([resource])));
  }
  return result;
}

function push<Value>(lists: Map<string, Value[]>, key: string, value: Value): void {
  const list = lists.get(key);
  if (list === undefined) lists.set(key, [value]);
  else list.push(value);
}

const allocationRole = ({ allocationRole: role }: Resource): string => role ?? '*';
