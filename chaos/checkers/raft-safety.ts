/**
 * The promises of Raft, checked as a run goes: it is told what nodes write, say, apply and restore,
 * and throws `Violation` at the first thing that must not be.
 *
 * - election safety: one leader a term, and one vote a node and term;
 * - leader completeness: who leads has, on disk, all that anybody applied in an earlier term;
 * - state-machine safety: one entry an index, in order, without a gap, never another one; one state and
 *   one verdict an index, also where a snapshot came instead of entries;
 * - what is applied is on the disks of a quorum of the configuration in force, of both halves of a
 *   joint one; configurations follow from what was decided;
 * - terms, votes, commit and applied indexes never go back while a node lives;
 * - only an entry of the leader's own term decides (§3.6.2).
 *
 * `DurableLogs` adds log matching and the promises of the log store, `Promises` that whoever promises
 * has it on disk.
 */
import { confChangeOf } from '#raft/core/confchange-codec.ts';
import type { LogReader } from '#raft/core/log-store.ts';
import type { Status } from '#raft/core/ready.ts';
import type {
  ConfState,
  Entry,
  HardState,
  Index,
  Message,
  NodeId,
  SnapshotMark,
  Term,
} from '#raft/core/types.ts';
import { type LogOperation, DurableLogs } from './durable-logs.ts';
import { Promises } from './raft-promises.ts';
import {
  type Configuration,
  Configurations,
  isQuorum,
  isSameConfiguration,
} from './raft-configurations.ts';
import { Violation } from './violation.ts';

/** What a state machine is given. */
export type Command = {
  readonly index: Index;
  readonly term: Term;
  readonly data: Uint8Array;
};

type Of<Kind extends Message['kind']> = Extract<Message, { kind: Kind }>;

/** What a node says of itself at the end of a turn. */
export type View = Pick<Status, 'term' | 'vote' | 'commit' | 'applied' | 'last' | 'conf'>;

/** What was decided at an index is true for ever; it was decided in no later term. */
type Decided = Pick<Entry, 'term' | 'kind' | 'data'> & { readonly decidedBy: Term };

export class RaftSafety {
  readonly #logs = new DurableLogs();
  readonly #promises: Promises;
  readonly #configurations: Configurations;
  readonly #leaders = new Map<Term, NodeId>();
  /** Of index 1, 2, … */
  readonly #history: Decided[] = [];
  /** By index: a fingerprint of the state when all up to it was applied, and a verdict. */
  readonly #states = new Map<Index, string>();
  readonly #verdicts = new Map<Index, string>();
  #compactions = 0;
  #restores = 0;
  /** The newest term in which somebody led. */
  #newestTerm: Term = 0;
  /** How far each node is in its present life. */
  readonly #applied = new Map<NodeId, Index>();
  readonly #views = new Map<NodeId, View>();
  /** The commit index that each term's leader spoke of last. */
  readonly #commits = new Map<Term, Index>();

  constructor(_dependencies: object, options: { readonly initial: ConfState }) {
    this.#configurations = new Configurations({}, options);
    this.#promises = new Promises({ logs: this.#logs });
    for (const id of options.initial.voters) this.joined(id);
  }

  /** Terms in which somebody led. */
  get leaders(): number {
    return this.#leaders.size;
  }

  /** The last entry that somebody applied. */
  get lastApplied(): Index {
    return this.#history.length;
  }

  /** The newest configuration that somebody applied, and how many came before it. */
  get configuration(): Configuration {
    return this.#configurations.newest;
  }

  get changes(): number {
    return this.#configurations.changes;
  }

  /** Snapshots that took the place of a log, and of a state. */
  get compactions(): number {
    return this.#compactions;
  }

  get restores(): number {
    return this.#restores;
  }

  /** How far `id` came since it woke up. */
  appliedBy(id: NodeId): Index {
    return this.#applied.get(id) ?? 0;
  }

  /** The configuration that `id` will find in force when it starts again: what it knows is decided. */
  configurationOnDisk(id: NodeId): Configuration {
    const known = Math.max(this.#logs.hard(id).commit, this.#logs.snapshot(id).index);
    return this.#configurations.at(known);
  }

  /** Changes of the membership on the disk of `id` that nobody has applied. */
  undecidedChanges(id: NodeId): readonly Entry[] {
    return this.#logs.beyond(id, this.lastApplied).filter(({ kind }) => kind === 'conf');
  }

  /** `id` is new, with an empty disk. */
  joined(id: NodeId): void {
    this.#logs.joined(id);
    this.#applied.set(id, 0);
  }

  /** What `id` had on disk is gone, or will never be read again. */
  lost(id: NodeId): void {
    this.#logs.lost(id);
  }

  began(id: NodeId, operation: LogOperation): void {
    if (operation.kind !== 'append') {
      this.#compactions += 1;
      this.#standsFor(id, operation.mark);
    }
    this.#logs.began(id, operation);
  }

  ended(id: NodeId, operation: LogOperation): void {
    this.#logs.ended(id, operation);
  }

  /** A node wakes up with this log, and a state machine that starts over. */
  recovered(id: NodeId, hard: HardState, log: LogReader): void {
    this.#logs.recovered(id, hard, log);
    this.#applied.set(id, 0);
    this.#views.delete(id);
  }

  /** A message leaves its sender. */
  said(message: Message): void {
    this.#promises.said(message);
    const { kind } = message;
    if (kind === 'MsgApp' || kind === 'MsgHeartbeat' || kind === 'MsgSnap') this.#leads(message);
  }

  /** `id` gave a command to its state machine. */
  applied(id: NodeId, command: Command, verdict: string): void {
    const { index, term, data } = command;
    const before = this.appliedBy(id);
    if (index <= before) {
      throw new Violation('apply-order', `n${id} applied ${index} after ${before}`);
    }
    for (let at = before + 1; at < index; at++) this.#skips(id, at);
    this.#decide(id, { index, term, kind: 'normal', data });
    this.#applied.set(id, index);
    this.#isTheSame(this.#verdicts, index, `n${id} came to the verdict`, verdict);
  }

  /** The state machine of `id` stands where all up to `index` is applied. */
  stands(id: NodeId, index: Index, state: string): void {
    this.#isTheSame(this.#states, index, `n${id} has the state`, state);
  }

  /** A snapshot took the place of the state of `id`. */
  restored(id: NodeId, index: Index, state: string): void {
    if (index > this.lastApplied) {
      throw new Violation('snapshot', `n${id} restored ${index}, which nobody has applied`);
    }
    this.stands(id, index, state);
    this.#applied.set(id, index);
    this.#restores += 1;
  }

  /** A turn of `id` is over. */
  looked(id: NodeId, view: View): void {
    const { term, vote, commit, applied, last, conf } = view;
    for (let at = this.appliedBy(id) + 1; at <= applied; at++) this.#skips(id, at);
    this.#applied.set(id, Math.max(applied, this.appliedBy(id)));
    if (applied > commit || commit > last) {
      throw new Violation('order', `n${id} applied ${applied}, decided ${commit} of ${last}`);
    }
    const before = this.#views.get(id);
    this.#views.set(id, view);
    if (conf !== before?.conf) this.#isMember(id, view);
    if (before === undefined) return;
    const isBack = term < before.term || commit < before.commit || applied < before.applied;
    const isOtherVote = term === before.term && before.vote !== undefined && vote !== before.vote;
    if (isBack || isOtherVote) {
      const tell = (of: View): string => `${of.term}/${of.vote} ${of.commit} ${of.applied}`;
      throw new Violation('monotonic', `n${id} is at ${tell(view)} after ${tell(before)}`);
    }
  }

  /** A client was told that its command was applied at `index`, in `term`. */
  acknowledged(index: Index, term: Term, data: Uint8Array): void {
    const command = this.#history[index - 1];
    if (command === undefined || !isSame(command, { term, kind: 'normal', data })) {
      throw new Violation('acknowledgement', `a client was told of ${index}, which is not so`);
    }
  }

  /** An entry that is no command: `id` has it on its disk. */
  #skips(id: NodeId, index: Index): void {
    const entry = this.#logs.entry(id, index);
    if (entry === undefined || entry.kind === 'normal') {
      throw new Violation('apply-order', `n${id} is beyond ${index}, but left it out`);
    }
    this.#decide(id, entry);
  }

  #decide(id: NodeId, { index, term, kind, data }: Entry): void {
    const first = this.#history[index - 1];
    if (first !== undefined) {
      if (isSame(first, { term, kind, data })) return;
      const told = `term ${term}, but term ${first.term} was applied before`;
      throw new Violation('state-machine', `n${id} applied ${index} of ${told}`);
    }
    if (index !== this.lastApplied + 1) {
      throw new Violation('apply-order', `n${id} applied ${index} before ${this.lastApplied + 1}`);
    }
    const has = (voter: NodeId): boolean => this.#logs.has(voter, { index, term });
    const deciders = this.#configurations.decidersOf(index);
    if (!deciders.some((conf) => isQuorum(conf, has))) {
      const { voters, outgoing } = this.#configurations.at(index);
      const tell = (ids: readonly NodeId[]): string => `${ids.filter(has).join()} of ${ids.join()}`;
      const disks = `${tell(voters)} and ${tell(outgoing)}`;
      throw new Violation('quorum', `n${id} applied ${index} of term ${term} with it on ${disks}`);
    }
    this.#history.push({ term, kind, data, decidedBy: this.#newestTerm });
    if (kind === 'conf') {
      this.#configurations.decided(index, confChangeOf({ index, term, kind, data }));
    }
  }

  /** A mark that takes the place of entries stands for what was decided, with the members of then. */
  #standsFor(id: NodeId, { index, term, conf }: SnapshotMark): void {
    if (index > 0 && this.#history[index - 1]?.term !== term) {
      throw new Violation('snapshot', `n${id} keeps ${index} of term ${term}, which is not so`);
    }
    this.#isInForce(id, index, conf);
  }

  /** A node without voters waits to be told who they are; one that gets a snapshot has its members. */
  #isMember(id: NodeId, { conf, applied, commit }: View): void {
    if (conf.voters.length === 0) return;
    const isAhead = applied < commit;
    if (isAhead && isSameConfiguration(conf, this.#configurations.at(commit))) return;
    this.#isInForce(id, applied, conf);
  }

  #isInForce(id: NodeId, index: Index, conf: ConfState): void {
    const right = this.#configurations.at(index);
    if (isSameConfiguration(conf, right)) return;
    const told = `${JSON.stringify(conf)}, not ${JSON.stringify(right)}`;
    throw new Violation('membership', `n${id} has at ${index} the members ${told}`);
  }

  #isTheSame(known: Map<Index, string>, index: Index, who: string, what: string): void {
    const first = known.get(index);
    if (first === undefined) known.set(index, what);
    else if (first !== what) {
      throw new Violation('state-machine', `${who} ${what} at ${index}, others ${first}`);
    }
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
    for (let at = this.#logs.snapshot(leader).index; at < this.#history.length; at++) {
      const owed = this.#history[at];
      // A leader that was slow to speak owes nothing to those who were elected after it.
      if (owed === undefined || owed.decidedBy >= term) continue;
      if (this.#logs.has(leader, { index: at + 1, term: owed.term })) continue;
      const what = `entry ${at + 1} of term ${owed.term}`;
      throw new Violation('leader-completeness', `n${leader} leads term ${term} without ${what}`);
    }
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
}

function isSame(one: Omit<Decided, 'decidedBy'>, other: Omit<Decided, 'decidedBy'>): boolean {
  const isPlace = one.term === other.term && one.kind === other.kind;
  return isPlace && Buffer.compare(one.data, other.data) === 0;
}
