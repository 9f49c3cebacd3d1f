/** What would have to change for an offer: agents that the same things keep away, the least first. */
import type { AgentExplanation, Reason, Remedy } from './explanation.ts';

/** None when there is an offer already. */
export function remediesFor(agents: readonly AgentExplanation[]): readonly Remedy[] {
  const withheld = agents.filter((one) => one.kind === 'withheld');
  if (withheld.length < agents.length) return [];
  const groups = Map.groupBy(withheld, ({ reasons }) => kindsOf(reasons));
  const remedies = Array.from(groups.values(), (group) => {
    const sorted = group.toSorted((one, other) => costOf(one.reasons) - costOf(other.reasons));
    return { reasons: sorted[0]?.reasons ?? [], agents: sorted.map(({ agentId }) => agentId) };
  });
  return remedies.toSorted((one, other) => costOf(one.reasons) - costOf(other.reasons));
}

/** From what passes by itself, over what a framework can do and what an operator can, to what is so. */
const costs: readonly Reason['kind'][] = [
  'refused',
  'outranked',
  'role-suppressed',
  'framework-inactive',
  'role-not-subscribed',
  'held',
  'below-need',
  'quota-limit',
  'quota-headroom',
  'agent-barred',
  'constraint',
  'capability',
  'gpus-not-wanted',
  'other-region',
  'reserved',
  'below-minimum',
];

const kindsOf = (reasons: readonly Reason[]): string =>
  reasons.map((reason) => reason.kind).join(' ');

/** One thing less to change weighs more than an easier thing; of two waits the shorter is less. */
function costOf(reasons: readonly Reason[]): number {
  const worst = Math.max(...reasons.map(({ kind }) => costs.indexOf(kind)));
  const waitsMs = reasons.map((one) => (one.kind === 'refused' ? one.remainingMs : 0));
  // A year of waiting, the longest there is, is less than one step.
  return reasons.length * 100 + worst + Math.max(...waitsMs) / 1e12;
}
