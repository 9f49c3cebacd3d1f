/** A drain as operators ask for it. */
import type { DrainConfig } from '#proto/gen/mesos/v1.ts';
import type { AgentState } from '../core/state.ts';

export function drainConfig({
  maxGraceMs,
  isGoneThen,
}: NonNullable<AgentState['drain']>): DrainConfig {
  const nanoseconds =
    BigInt(Math.round(Math.min(maxGraceMs, Number.MAX_SAFE_INTEGER))) * 1_000_000n;
  return {
    ...(Number.isFinite(maxGraceMs) && { max_grace_period: { nanoseconds } }),
    mark_gone: isGoneThen,
  };
}
