/** What frameworks refused, for how long, and what is therefore not offered again (contract 6.6). */
import type { AgentId, Role } from '#internal/model/ids.ts';
import type { Resources } from '#internal/resources/resource.ts';
import { contains } from '#internal/resources/resources.ts';
import type { AllocatorOptions, RefusalFilter } from './skeleton-event.ts';

const refuseSecondsDefault = 5;
const refuseSecondsMax = 31_536_000;

/**
 * The filter that a DECLINE or ACCEPT with `refuse_seconds` (undefined when it was left out) sets, or
 * undefined when the very next run may offer the same again.
 */
export function refusalFilter(
  refuseSeconds: number | undefined,
  nowMs: number,
  { allocationIntervalMs }: Pick<AllocatorOptions, 'allocationIntervalMs'>,
): RefusalFilter | undefined {
  const given = refuseSeconds ?? refuseSecondsDefault;
  if (given === 0) return undefined;
  // What does not fit into the 64-bit nanoseconds of a duration is no wish at all.
  const isDuration = given > 0 && given * 1e9 < 2 ** 63;
  const seconds = isDuration ? Math.min(given, refuseSecondsMax) : refuseSecondsDefault;
  return { untilMs: nowMs + Math.max(seconds * 1000, allocationIntervalMs) };
}

/** The filters of one framework. */
export type Refusals = Map<AgentId, readonly Refusal[]>;

type Refusal = {
  readonly role: Role;
  /** Unallocated. */
  readonly refused: Resources;
  readonly untilMs: number;
};

/** Of one framework on one agent. The oldest is dropped: then it is asked once more. */
const refusalsMax = 64;

export function refuseOn(refusals: Refusals, agentId: AgentId, refusal: Refusal): void {
  const others = (refusals.get(agentId) ?? []).filter((older) => !outdoes(refusal, older));
  refusals.set(agentId, [...others, refusal].slice(-refusalsMax));
}

/** Something was refused that holds all of `candidate`, and that is still in force. */
export function isRefused(
  refusals: Refusals,
  agentId: AgentId,
  candidate: { readonly role: Role; readonly resources: Resources },
): boolean {
  const list = refusals.get(agentId) ?? [];
  return list.some(
    ({ role, refused }) => role === candidate.role && contains(refused, candidate.resources),
  );
}

export function dropExpired(refusals: Refusals, nowMs: number): void {
  keep(refusals, ({ untilMs }) => untilMs > nowMs);
}

/** Revived roles, and roles that a framework left. */
export function dropRoles(refusals: Refusals, isDropped: (role: Role) => boolean): void {
  keep(refusals, ({ role }) => !isDropped(role));
}

function keep(refusals: Refusals, isKept: (refusal: Refusal) => boolean): void {
  for (const [agentId, list] of refusals) {
    const kept = list.filter(isKept);
    if (kept.length === 0) refusals.delete(agentId);
    else if (kept.length < list.length) refusals.set(agentId, kept);
  }
}

function outdoes(newer: Refusal, older: Refusal): boolean {
  return (
    newer.role === older.role &&
    newer.untilMs >= older.untilMs &&
    contains(newer.refused, older.refused)
  );
}
