/**
 * Which agents are given up, and when (contract 7.4). One that does not answer, or does not come back in
 * time, waits for its turn when the operator has limited how many go in a while: a network that breaks
 * looks like many agents lost at once. Whatever it says while it waits saves it.
 */
import type { AgentId } from '#internal/model/ids.ts';
import type { Timer } from '#internal/runtime/clock.ts';
import type { Lead } from './lead.ts';

/** So many in so long: one each `intervalMs / permits`, the first at once. */
export type RemovalRate = { readonly permits: number; readonly intervalMs: number };

export type Removals = {
  /** Why each is to go, the one that waits longest first. */
  readonly waiting: Map<AgentId, string>;
  /** The next may go then, by the monotonic clock. */
  nextMs: number;
  timer: Timer | undefined;
};

export const newRemovals = (): Removals => ({ waiting: new Map(), nextMs: 0, timer: undefined });

/** The agent is marked unreachable, in its turn. Said again while it waits, it is no news. */
export function giveUp(lead: Lead, id: AgentId, why: string): void {
  const { removals } = lead;
  if (removals.waiting.has(id)) return;
  removals.waiting.set(id, why);
  if (removals.timer === undefined) nextGoes(lead);
  if (removals.waiting.has(id)) lead.logger.warn('agent is given up in its turn', { agentId: id });
}

/** It was heard of: it stays. */
export function spare({ removals, logger }: Lead, id: AgentId): void {
  if (removals.waiting.delete(id)) logger.info('agent is not given up', { agentId: id });
}

export function forgetRemovals({ removals }: Lead): void {
  removals.waiting.clear();
  removals.timer?.cancel();
}

function nextGoes(lead: Lead): void {
  const { removals, options } = lead;
  removals.timer = undefined;
  for (;;) {
    const [next] = removals.waiting;
    if (next === undefined) return;
    const [id, why] = next;
    const waitMs = removals.nextMs - lead.clock.monotonic();
    if (waitMs > 0) {
      removals.timer = lead.after(waitMs, () => nextGoes(lead));
      return;
    }
    removals.waiting.delete(id);
    // On its way in: it will be heard of, or gone again, soon.
    if (lead.reregistering.has(id)) continue;
    markUnreachable(lead, id, why);
    const { permits, intervalMs } = options.agentRemovalRate ?? { permits: 1, intervalMs: 0 };
    removals.nextMs = lead.clock.monotonic() + intervalMs / permits;
  }
}

function markUnreachable(lead: Lead, id: AgentId, why: string): void {
  lead.logger.warn('agent is not reached', { agentId: id, why });
  lead.propose({ kind: 'mark-agent-unreachable', agentId: id, cause: why });
}
