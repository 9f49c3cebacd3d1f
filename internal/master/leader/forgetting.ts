/**
 * What the log remembers of agents that are away has bounds (contract 2.2): now and then those that are
 * unreachable or gone for too long are forgotten, and of more than are worth remembering the oldest.
 */
import type { AgentId } from '#internal/model/ids.ts';
import type { State } from '#internal/state/state.ts';
import { batches } from './batches.ts';
import type { Lead } from './lead.ts';

export type MemoryLimits = { readonly ageMsMax: number; readonly agentsMax: number };

/** Goes on until the leadership is over. */
export function forgetNowAndThen(lead: Lead): void {
  lead.forgetting = lead.after(lead.options.memoryIntervalMs, () => {
    const { clock, options, logger } = lead;
    const ids = forgettable(lead.state, clock.now(), options.memory);
    if (ids.length > 0) logger.info('agents are forgotten', { agents: ids.length });
    for (const agentIds of batches(ids, () => 0, options)) {
      lead.propose({ kind: 'forget-agents', agentIds });
    }
    forgetNowAndThen(lead);
  });
}

/** Of the unreachable ones and of the gone ones, those beyond the limits. */
export function forgettable(state: State, nowMs: number, limits: MemoryLimits): readonly AgentId[] {
  const unreachable = [...state.agents.values()].flatMap(({ id, reach }) =>
    reach.kind === 'unreachable' ? [[id, reach.sinceMs] as const] : [],
  );
  return [...beyond(unreachable, nowMs, limits), ...beyond([...state.goneAgents], nowMs, limits)];
}

type Away = readonly [id: AgentId, sinceMs: number];

function beyond(
  away: readonly Away[],
  nowMs: number,
  { ageMsMax, agentsMax }: MemoryLimits,
): readonly AgentId[] {
  const oldestFirst = away.toSorted(([, one], [, other]) => one - other);
  const tooMany = Math.max(0, away.length - agentsMax);
  return oldestFirst
    .filter(([, sinceMs], n) => n < tooMany || nowMs - sinceMs > ageMsMax)
    .map(([id]) => id);
}
