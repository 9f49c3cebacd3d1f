/** What every message must be before the core looks at it: numbers that are whole, entries in order. */
import type { Entry, Message } from './types.ts';

/** Undefined when the message can be; otherwise why it cannot. */
export function whyMalformed(message: Message): string | undefined {
  for (const [name, value] of Object.entries(message)) {
    if (typeof value === 'number' && !(Number.isSafeInteger(value) && value >= 0)) {
      return `${name} ${value} is not a whole number`;
    }
  }
  if (message.term === 0) return 'nobody speaks in term 0';
  if (message.kind === 'MsgApp') return whyBadEntries(message);
  if (message.kind === 'MsgSnap' && message.snapshot.term > message.term) {
    return `a snapshot of term ${message.snapshot.term}, sent in term ${message.term}`;
  }
  return undefined;
}

function whyBadEntries(message: Extract<Message, { kind: 'MsgApp' }>): string | undefined {
  let before: Pick<Entry, 'index' | 'term'> = { index: message.prevIndex, term: message.prevTerm };
  for (const entry of message.entries) {
    if (entry.index !== before.index + 1) return `entry ${entry.index} follows ${before.index}`;
    if (entry.term < before.term) return `term ${entry.term} follows term ${before.term}`;
    before = entry;
  }
  if (before.term > message.term) return `term ${before.term} in a message of term ${message.term}`;
  return undefined;
}
