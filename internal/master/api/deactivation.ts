/** Agents that operators keep new work from, as they are shown (contract 10.6). */
import type { Agent } from '#internal/model/cluster.ts';
import type { DrainInfo } from '#proto/gen/mesos/v1.ts';
import type { MasterView } from '../door.ts';

/** It is connected, and may be offered. */
export const isActive = ({ connectedAgents }: MasterView, agent: Agent): boolean =>
  connectedAgents.has(agent.id) && agent.deactivation === undefined;

/** How far the drain is, and since when; undefined while nobody drains the agent. */
export function drainInfo({
  deactivation,
}: Agent): { readonly info: DrainInfo; readonly sinceMs: number } | undefined {
  if (deactivation === undefined || deactivation.kind === 'deactivated') return undefined;
  const { kind, sinceMs, maxGraceMs, isGoneThen } = deactivation;
  const max_grace_period =
    maxGraceMs === undefined ? undefined : { nanoseconds: BigInt(Math.round(maxGraceMs * 1e6)) };
  const config = { ...(max_grace_period && { max_grace_period }), mark_gone: isGoneThen };
  return { info: { state: kind === 'drained' ? 'DRAINED' : 'DRAINING', config }, sinceMs };
}
