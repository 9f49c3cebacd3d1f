/**
 * What is true of a simulated cluster, kept by simple addition beside the allocator: who holds what,
 * who wishes for what, what was refused. It judges the allocator and shares no bookkeeping with it.
 */
import type { FrameworkCapability } from '#internal/model/cluster.ts';
import type { AgentId, FrameworkId, Role } from '#internal/model/ids.ts';
import { noLimits } from '#internal/resources/limits.ts';
import { noQuantities } from '#internal/resources/quantities.ts';
import { isForRole, isReserved, reservationRole } from '#internal/resources/reservation.ts';
import type { Resources } from '#internal/resources/resource.ts';
import { contains, subtract, sum, unallocated } from '#internal/resources/resources.ts';
import type { AgentBar, AgentDescription, Allocation, FrameworkWish, Quota } from '../event.ts';

export type Truth = {
  nowMs: number;
  readonly agents: Map<AgentId, AgentTruth>;
  readonly frameworks: Map<FrameworkId, FrameworkTruth>;
  readonly weights: Map<Role, number>;
  /** By top-level role. */
  readonly quotas: Map<Role, Quota>;
};

export type AgentTruth = {
  readonly id: AgentId;
  description: AgentDescription;
  readonly bars: Set<AgentBar>;
  readonly held: Set<Held>;
};

export type FrameworkTruth = {
  readonly id: FrameworkId;
  wish: FrameworkWish;
  readonly suppressed: Set<Role>;
  isActive: boolean;
  refused: Refused[];
};

/** An offer, or what a task uses. */
export type Held = {
  readonly agentId: AgentId;
  readonly frameworkId: FrameworkId;
  readonly role: Role;
  /** Allocated. */
  readonly resources: Resources;
  readonly use:
    | { readonly kind: 'offer'; readonly serial: number; readonly answeredMs: number }
    | { readonly kind: 'task'; readonly endsMs: number };
};

type Refused = {
  readonly agentId: AgentId;
  readonly role: Role;
  /** Unallocated. */
  readonly resources: Resources;
  readonly untilMs: number;
};

export const newTruth = (): Truth => ({
  nowMs: 0,
  agents: new Map(),
  frameworks: new Map(),
  weights: new Map(),
  quotas: new Map(),
});

export const noQuota: Quota = { guarantees: noQuantities, limits: noLimits };

/** Shared volumes are always free; of the rest, what nobody holds. */
export function freeOn({ description, held }: AgentTruth): Resources {
  const taken = sum(Array.from(held, ({ resources }) => unallocated(ownOf(resources))));
  return subtract(description.total, taken);
}

export const ownOf = (list: Resources): Resources => list.filter(({ shared }) => !shared);

export const isWished = ({ wish, suppressed, isActive }: FrameworkTruth, role: Role): boolean =>
  isActive && wish.roles.includes(role) && !suppressed.has(role);

export function isRefused(
  { refused }: FrameworkTruth,
  { agentId, role, resources }: Pick<Allocation, 'agentId' | 'role' | 'resources'>,
  nowMs: number,
): boolean {
  const bare = unallocated(resources);
  return refused.some(
    (one) =>
      one.untilMs > nowMs &&
      one.agentId === agentId &&
      one.role === role &&
      contains(one.resources, bare),
  );
}

/** What of `list` somebody with these capabilities may have for the role at all. */
export function suitable(
  list: Resources,
  role: Role,
  capabilities: ReadonlySet<FrameworkCapability>,
): Resources {
  return list.filter(
    (one) =>
      isForRole(one, role) &&
      (one.reservations.length <= 1 || capabilities.has('RESERVATION_REFINEMENT')) &&
      (!one.revocable || capabilities.has('REVOCABLE_RESOURCES')) &&
      (!one.shared || capabilities.has('SHARED_RESOURCES')),
  );
}

export const rootOf = (role: string): string => role.split('/')[0] ?? role;

/**
 * What a top-level role and those below it consume, in thousandths by name (contract 10.4): all that is
 * reserved for them, since nobody else can have it, and what they hold of the unreserved.
 */
export function consumptionOf({ agents }: Truth, root: string): Map<string, number> {
  const consumed = new Map<string, number>();
  const count = (list: Resources, isCounted: (one: Resources[number]) => boolean): void => {
    for (const one of list) {
      if (one.value.kind !== 'scalar' || one.revocable || !isCounted(one)) continue;
      consumed.set(one.name, (consumed.get(one.name) ?? 0) + one.value.milli);
    }
  };
  for (const { description, held } of agents.values()) {
    count(description.total, (one) => rootOf(reservationRole(one)) === root && isReserved(one));
    for (const { role, resources } of held) {
      if (rootOf(role) === root) count(resources, (one) => !isReserved(one));
    }
  }
  return consumed;
}
