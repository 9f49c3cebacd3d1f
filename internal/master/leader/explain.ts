/** Why a framework is not offered something, asked of the leader's allocator. */
import type { Explanation, Question } from '#internal/allocator/explanation.ts';
import type { Lead } from './lead.ts';

/** Answers between two runs: the question is about the next one. */
export function explainOffers(
  lead: Lead,
  question: Omit<Question, 'nowMs'>,
  reply: (explanation: Explanation) => void,
): void {
  if (lead.allocation?.kind === 'under-way') {
    lead.after(0, () => explainOffers(lead, question, reply));
    return;
  }
  reply(lead.allocator.explain({ ...question, nowMs: lead.clock.monotonic() }));
}
