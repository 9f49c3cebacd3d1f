/** What the calls of operators have in common: they wait for the log. */
import type { Answer } from '../../door.ts';
import { done, unavailable } from '../events.ts';
import type { Decision, Lead } from '../lead.ts';

export type Reply = (answer: Answer) => void;

/**
 * Decides, and answers when it was carried out. When this leadership ends first the answer is 503: the
 * decision may have been taken or not, and every one of these calls can be made again.
 */
export function decide(
  lead: Lead,
  decision: Decision,
  reply: Reply,
  answer: () => Answer = () => done,
): void {
  lead.waiting.add(reply);
  const isTaken = lead.propose(decision, () => {
    if (lead.waiting.delete(reply)) reply(answer());
  });
  if (isTaken || !lead.waiting.delete(reply)) return;
  reply({ status: 413, text: 'The call is too large for the log' });
}

/** Answers whoever waits: nothing is decided any more. */
export function dropWaiting(lead: Lead, why: string): void {
  for (const reply of lead.waiting) reply(unavailable(why));
  lead.waiting.clear();
}
