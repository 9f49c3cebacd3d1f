/**
 * The agents that a new leader finds in the log, until they are back or their time is over. While most
 * are missing, shares and guarantees cannot be judged: where some role has a quota, nothing is offered
 * until four fifths are back (contract 2.2). When more are missing at the end than the operator thinks
 * possible, it is the master that is cut off, not they: it gives up rather than them.
 */
import { isNoQuota } from '#internal/model/policy.ts';
import type { Timer } from '#internal/runtime/clock.ts';
import type { Lead } from './lead.ts';
import { giveUp } from './removals.ts';

export type Recovery = {
  /** How many there were. */
  readonly agents: number;
  readonly end: Timer;
  /** Nothing is offered until so many of them are back. */
  awaited: number;
};

/** Of the agents that were known, so many must be back before quotas can be judged. */
const quorumOfAgents = 0.8;

/** Called when all agents of the log are among the peers. */
export function beginRecovery(lead: Lead): void {
  const agents = lead.peers.size;
  const hasQuota = !lead.state.quotas.every(isNoQuota);
  const awaited = hasQuota ? Math.ceil(agents * quorumOfAgents) : 0;
  const end = lead.after(lead.options.agentReregisterTimeoutMs, () => endRecovery(lead));
  lead.recovery = { agents, end, awaited };
  if (awaited > 0) lead.logger.info('nothing is offered until agents are back', { awaited });
}

/** One of them is back. */
export function recoveredAgentCame({ recovery }: Lead): void {
  if (recovery !== undefined && recovery.awaited > 0) recovery.awaited--;
}

export const isHeld = ({ recovery }: Lead): boolean => (recovery?.awaited ?? 0) > 0;

function endRecovery(lead: Lead): void {
  const { recovery, options } = lead;
  lead.recovery = undefined;
  const missing = [...lead.peers.values()].filter(
    ({ id, presence }) => presence.kind === 'recovered' && !lead.reregistering.has(id),
  );
  const { agentReregisterTimeoutMs, recoveryAgentRemovalLimit: limit } = options;
  const share = missing.length / Math.max(1, recovery?.agents ?? 0);
  if (share > limit) {
    const percent = `${Math.round(share * 100)} %`;
    lead.abandon(
      `${missing.length} of ${recovery?.agents} agents (${percent}) did not come back within ` +
        `${agentReregisterTimeoutMs / 1000} seconds, which is more than --recovery-agent-removal-limit ` +
        'lets go: this master gives up, rather than them',
    );
    return;
  }
  const seconds = agentReregisterTimeoutMs / 1000;
  for (const { id } of missing) {
    giveUp(lead, id, `Agent did not re-register within ${seconds} seconds`);
  }
}
