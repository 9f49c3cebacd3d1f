/**
 * Whoever promises has it on disk: a term before it is spoken of, a vote before it is given, and once
 * a term, entries before they are acknowledged.
 */
import type { Message, NodeId, Term } from '#raft/core/types.ts';
import type { DurableLogs } from './durable-logs.ts';
import { Violation } from './violation.ts';

type Of<Kind extends Message['kind']> = Extract<Message, { kind: Kind }>;

export class Promises {
  readonly #logs: DurableLogs;
  /** By `node:term`: whom it voted for. */
  readonly #votes = new Map<string, NodeId>();

  constructor({ logs }: { readonly logs: DurableLogs }) {
    this.#logs = logs;
  }

  /** A message leaves its sender. */
  said(message: Message): void {
    const { from, term, kind } = message;
    const isTrial = kind === 'MsgPreVote' || (kind === 'MsgPreVoteResp' && !message.reject);
    if (!isTrial && term > this.#logs.hard(from).term) {
      throw new Violation('durable-term', `n${from} speaks in term ${term} before it is on disk`);
    }
    if (kind === 'MsgVote') this.#spend(from, term, from);
    if (kind === 'MsgVoteResp' && !message.reject) this.#spend(from, term, message.to);
    if (kind === 'MsgAppResp' && !message.reject) this.#acknowledges(message);
  }

  #spend(voter: NodeId, term: Term, candidate: NodeId): void {
    const key = `${voter}:${term}`;
    const before = this.#votes.get(key);
    if (before !== undefined && before !== candidate) {
      const whom = `n${before} and n${candidate}`;
      throw new Violation('one-vote', `n${voter} voted twice in term ${term}: ${whom}`);
    }
    this.#votes.set(key, candidate);
    const hard = this.#logs.hard(voter);
    if (hard.term === term && hard.vote !== candidate) {
      throw new Violation('durable-vote', `n${voter}'s vote in term ${term} is not on its disk`);
    }
  }

  #acknowledges({ from, term, index }: Of<'MsgAppResp'>): void {
    // With a later term on disk the entry may have been replaced since, rightly.
    if (this.#logs.hard(from).term > term || this.#logs.last(from) >= index) return;
    throw new Violation('durable-append', `n${from} acknowledged ${index} before it was on disk`);
  }
}
