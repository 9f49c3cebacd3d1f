/** What operators decide, beside the agents and frameworks: shares, quotas, windows of maintenance. */
import type { Limits } from '#internal/resources/limits.ts';
import type { Quantities } from '#internal/resources/quantities.ts';

/** Of a top-level role (contract 10.4): what it is promised, and what it may not exceed. */
export type Quota = { readonly guarantees: Quantities; readonly limits: Limits };

/** As good as none: nothing is promised, nothing is limited. */
export const isNoQuota = ({ guarantees, limits }: Quota): boolean =>
  guarantees.milliOf.size === 0 && limits.milliMaxOf.size === 0;

/**
 * A machine as operators name it; at least one of the two. Agents are on it that presented the same
 * hostname (whatever its case) and the same ip (contract 10.5).
 */
export type MachineId = { readonly hostname: string | undefined; readonly ip: string | undefined };

/** From when, and how long; undefined is for ever. */
export type Unavailability = {
  readonly startNs: bigint;
  readonly durationNs: bigint | undefined;
};

export type MaintenanceWindow = {
  readonly machines: readonly MachineId[];
  readonly unavailability: Unavailability;
};

/** What the schedule says, and which of its machines were taken down. The others are draining. */
export type Maintenance = {
  readonly windows: readonly MaintenanceWindow[];
  readonly down: readonly MachineId[];
};

export const noMaintenance: Maintenance = { windows: [], down: [] };

/** Two names of one machine. */
export const isSameMachine = (one: MachineId, other: MachineId): boolean =>
  one.hostname?.toLowerCase() === other.hostname?.toLowerCase() && one.ip === other.ip;

/** The machine that an agent says it is on. A name that leaves one of the two open matches any. */
export function isMachineOf(
  { hostname, ip }: MachineId,
  agent: { readonly hostname: string; readonly ip: string },
): boolean {
  const isHost = hostname === undefined || hostname.toLowerCase() === agent.hostname.toLowerCase();
  return isHost && (ip === undefined || ip === agent.ip);
}

/** An agent that gets no new work because an operator said so (contract 10.2, 10.6). */
export type Deactivation =
  | { readonly kind: 'deactivated' }
  /** All its tasks are killed; `drained` once nothing is left, or gone when `isGoneThen`. */
  | {
      readonly kind: 'draining' | 'drained';
      readonly sinceMs: number;
      /** No task gets longer than this to end; undefined leaves each its own. */
      readonly maxGraceMs: number | undefined;
      readonly isGoneThen: boolean;
    };
