/**
 * The promises of Raft, checked as a run goes: it is told what nodes write, say, apply and answer to
 * clients, and throws `Violation` at the first thing that must not be.
 *
 * - election safety: one leader a term, and one vote a node and term;
 * - leader completeness: who leads has, on disk, all that anybody applied;
 * - state-machine safety: one command an index, in order, without a gap, never another one;
 * - what is applied is on the disks of a quorum, and so is what a client was told of;
 * - whoever promises (a vote, an acknowledgement, a term) has it on disk;
 * - only an entry of the leader's own term decides (§3.6.2).
 *
 * `DurableLogs` adds log matching and the promises of the log store.
 */
import type { LogBatch, LogReader } from '#raft/core/log-store.ts';
import type { HardState, Index, Message, NodeId, Term } from '#raft/core/types.ts';
import { DurableLogs } from './durable-logs.ts';
import { Violation } from './violation.ts';

/** What a state machine is given. */
export type Command = {
  readonly index: Index;
  readonly term: Term;
  readonly data: Uint8Array;
};

type Of<Kind extends Message['kind']> = Extract<Message, { kind: Kind }>;

export class RaftSafety {
  readonly #logs: DurableLogs;
  readonly #quorum: number;
  readonly #leaders = new Map<Term, NodeId>();
  /** By `node:term`: whom it voted for. */
  readonly #votes = new Map<string, NodeId>();
  /** By index: what was applied first, and is true for ever. It was decided in no later term. */
  readonly #history = new Map<Index, Command & { readonly decidedBy: Term }>();
  #lastApplied: Index = 0;
  /** The newest term in which somebody led. */
  #newestTerm: Term = 0;
  /** How far each node is in its present life. */
  readonly #applied = new Map<NodeId, Index>();
  /** The commit index that each term's leader spoke of last. */
  readonly #commits = new Map<Term, Index>();

  constructor(_dependencies: object, options: { readonly voters: readonly NodeId[] }) {
    this.#logs = new DurableLogs({}, options);
    // Counted here once more: what is checked must not lend the checker its arithmetic.
    this.#quorum = Math.floor(options.voters.length / 2) + 1;
  }

  /** Terms in which somebody led. */
  get leaders(): number {
    return this.#leaders.size;
  }

  /** Commands that somebody applied. */
  get decided(): number {
    return this.#history.size;
  }

  /** The index of the last of them. */
  get lastApplied(): Index {
    return this.#lastApplied;
  }

  /** How far `id` came since it woke up. */
  appliedBy(id: NodeId): Index {
    return this.#applied.get(id) ?? 0;
  }

  writing(id: NodeId, batch: LogBatch): void {
    this.#logs.writing(id, batch);
  }

  written(id: NodeId): void {
    this.#logs.written(id);
  }

  /** A node wakes up with this log, and a state machine that starts over. */
  recovered(id: NodeId, hard: HardState, log: LogReader): void {
    this.#logs.recovered(id, hard, log);
    this.#applied.set(id, 0);
  }

  /** A message leaves its sender. */
  said(message: Message): void {
    const { from, term, kind } = message;
    const isTrial = kind === 'MsgPreVote' || (kind === 'MsgPreVoteResp' && !message.reject);
    if (!isTrial && term > this.#logs.hard(from).term) {
      throw new Violation('durable-term', `n${from} speaks in term ${term} before it is on disk`);
    }
    if (kind === 'MsgApp' || kind === 'MsgHeartbeat' || kind === 'MsgSnap') this.#leads(message);
    if (kind === 'MsgVote') this.#spend(from, term, from);
    if (kind === 'MsgVoteResp' && !message.reject) this.#spend(from, term, message.to);
    if (kind === 'MsgAppResp' && !message.reject) this.#acknowledges(message);
  }

  /** `id` gave a command to its state machine. */
  applied(id: NodeId, command: Command): void {
    this.#isNext(id, command.index);
    this.#applied.set(id, command.index);
    const first = this.#history.get(command.index);
    if (first === undefined) {
      this.#onQuorum(command, `n${id} applied`);
      this.#history.set(command.index, { ...command, decidedBy: this.#newestTerm });
      this.#lastApplied = Math.max(this.#lastApplied, command.index);
    } else if (!isSame(first, command)) {
      const told = `term ${command.term}, but term ${first.term} was applied before`;
      throw new Violation('state-machine', `n${id} applied ${command.index} of ${told}`);
    }
  }

  /** A client was told that its command was applied at `index`, in `term`. */
  acknowledged(index: Index, term: Term, data: Uint8Array): void {
    const command = this.#history.get(index);
    if (command === undefined || !isSame(command, { index, term, data })) {
      throw new Violation('acknowledgement', `a client was told of ${index}, which is not so`);
    }
    this.#onQuorum(command, 'a client was told of');
  }

  /** Indexes rise; what is left out are entries that are no commands. */
  #isNext(id: NodeId, index: Index): void {
    const before = this.#applied.get(id) ?? 0;
    if (index <= before)
      throw new Violation('apply-order', `n${id} applied ${index} after ${before}`);
    for (let at = before + 1; at < index; at++) {
      if (this.#logs.entry(id, at)?.kind === 'noop') continue;
      throw new Violation('apply-order', `n${id} applied ${index}, but left out ${at}`);
    }
  }

  #onQuorum({ index, term }: Command, what: string): void {
    const copies = this.#logs.copies(index, term);
    if (copies >= this.#quorum) return;
    throw new Violation('quorum', `${what} ${index} of term ${term} with ${copies} on disk`);
  }

  #leads(message: Of<'MsgApp' | 'MsgHeartbeat' | 'MsgSnap'>): void {
    const { from, term } = message;
    const known = this.#leaders.get(term);
    if (known !== undefined && known !== from) {
      throw new Violation('election', `term ${term} has two leaders, n${known} and n${from}`);
    }
    if (known === undefined) {
      this.#leaders.set(term, from);
      this.#newestTerm = Math.max(this.#newestTerm, term);
      this.#isComplete(from, term);
    }
    if (message.kind === 'MsgApp') this.#decides(message);
  }

  #isComplete(leader: NodeId, term: Term): void {
    // A leader that was slow to speak owes nothing to those who were elected after it.
    const owed = [...this.#history.values()].filter(({ decidedBy }) => decidedBy < term);
    const lacking = owed.find(
      ({ index, term: of }) => this.#logs.entry(leader, index)?.term !== of,
    );
    if (lacking === undefined) return;
    const what = `entry ${lacking.index} of term ${lacking.term}`;
    throw new Violation('leader-completeness', `n${leader} leads term ${term} without ${what}`);
  }

  /** What a leader's first MsgApp calls committed it had heard of; what later ones add it decided. */
  #decides({ from, term, commit }: Of<'MsgApp'>): void {
    const before = this.#commits.get(term) ?? commit;
    this.#commits.set(term, Math.max(before, commit));
    if (commit <= before) return;
    // The leader's own disk may lag behind a quorum of others: then there is nothing to compare.
    const entry = this.#logs.entry(from, commit);
    if (entry === undefined || entry.term === term) return;
    const what = `${commit} of term ${entry.term}`;
    throw new Violation('current-term', `n${from}, leading term ${term}, decided ${what}`);
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

const isSame = (one: Command, other: Command): boolean =>
  one.term === other.term && Buffer.compare(one.data, other.data) === 0;
