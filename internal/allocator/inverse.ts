/** Who is asked to leave agents that will be under maintenance (contract 3.8). */
import type { AgentId, FrameworkId } from '#internal/model/ids.ts';
import type { AgentBook, Books } from './books.ts';
import type { InverseAllocation, RefusalFilter } from './event.ts';

/** Every active framework that holds something there, unless it was asked and is left alone still. */
export function inverseOffers(books: Books, nowMs: number): readonly InverseAllocation[] {
  return [...books.scheduled].flatMap((agent) => ofAgent(agent, nowMs));
}

export function answered(
  { agents }: Books,
  agentId: AgentId,
  frameworkId: FrameworkId,
  filter: RefusalFilter | undefined,
): void {
  const asked = agents.get(agentId)?.inverse.get(frameworkId);
  if (asked === undefined) return;
  asked.isOutstanding = false;
  asked.untilMs = filter?.untilMs ?? -Infinity;
}

function ofAgent(agent: AgentBook, nowMs: number): readonly InverseAllocation[] {
  const { id: agentId, unavailability, inverse } = agent;
  if (unavailability === undefined) return [];
  const holders = new Set(agent.parts.map(({ client }) => client.framework));
  const ids = new Set([...holders].map(({ id }) => id));
  for (const id of inverse.keys()) if (!ids.has(id)) inverse.delete(id);
  const offers: InverseAllocation[] = [];
  for (const { id: frameworkId, isActive } of holders) {
    const asked = inverse.get(frameworkId);
    const isLeftAlone = asked !== undefined && (asked.isOutstanding || asked.untilMs > nowMs);
    if (!isActive || isLeftAlone) continue;
    inverse.set(frameworkId, { isOutstanding: true, untilMs: -Infinity });
    offers.push({ frameworkId, agentId, unavailability });
  }
  return offers;
}
