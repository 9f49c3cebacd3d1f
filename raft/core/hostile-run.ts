/**
 * Cores alone under a hostile schedule: messages in any order, lost and repeated; writes that take
 * their time while the node goes on; crashes; logs compacted at will, so that snapshots travel; with
 * `members`, nodes that come and go. One seed decides all of it. (`chaos/simulation` does such things
 * to whole nodes.)
 *
 * It calls `fail` at the first thing that must not be: two leaders in a term, two entries or two
 * configurations at one index, a gap, a refused message, a read that is older than its question.
 */
import { assert } from '#internal/base/assert.ts';
import { type Random, randomFromSeed } from '#internal/base/random.ts';
import { confChangeOf } from './confchange-codec.ts';
import { membersOf } from './confchange.ts';
import { describeConf } from './describe.ts';
import { MemoryLog } from './memory-log.ts';
import { defaultLimits } from './options.ts';
import { RawNode } from './raw-node.ts';
import type { Ready } from './ready.ts';
import { confOf, nodeId, text } from './test-cluster.ts';
import type {
  ConfChange,
  ConfState,
  Entry,
  Index,
  MemberChange,
  Message,
  NodeId,
  SnapshotMark,
  Term,
} from './types.ts';

type Machine = {
  node: RawNode;
  readonly log: MemoryLog;
  applied: Index;
  readonly writing: Ready[];
  /** Handed out, and waiting for a state machine that takes its time. */
  readonly applying: Entry[];
  /** What a state machine's newest snapshot stands for; the log may begin before it. */
  kept: SnapshotMark | undefined;
  /** What was applied anywhere when a read was asked for, by its context. */
  readonly reads: Map<number, Index>;
};

export class HostileRun {
  readonly leaders: Map<Term, NodeId> = new Map<Term, NodeId>();
  /** What was applied first at each index. */
  readonly history: Map<Index, Entry> = new Map<Index, Entry>();
  readonly confs: Map<Index, ConfState> = new Map<Index, ConfState>();
  snapshots = 0;
  answeredReads = 0;
  transfers = 0;
  jointConfs = 0;
  readonly #random: Random;
  readonly #withMembers: boolean;
  readonly #writesMax: number;
  readonly #reportsApplied: boolean;
  readonly #machines: Map<NodeId, Machine>;
  readonly #fail: (why: string) => void;
  readonly #flight: Message[] = [];
  #serial = 0;
  #lastApplied: Index = 0;
  #isHostile = true;

  constructor(
    { fail }: { fail: (why: string) => void },
    { seed, members }: { seed: number; members: boolean },
  ) {
    this.#fail = fail;
    this.#random = randomFromSeed(seed);
    this.#withMembers = members;
    this.#writesMax = 1 + this.#random.below(3);
    this.#reportsApplied = this.#random.oneIn(2);
    const founders = this.#random.oneIn(2) ? [1, 2, 3] : [1, 2, 3, 4, 5];
    const all = members ? [1, 2, 3, 4, 5, 6, 7] : founders;
    this.#machines = new Map(
      all.map((number) => {
        const id = nodeId(number);
        const conf = founders.includes(number) ? confOf(...founders) : confOf();
        const log = new MemoryLog({}, { conf });
        const node = this.#boot(id, log, () => undefined);
        return [
          id,
          { node, log, applied: 0, writing: [], kept: undefined, applying: [], reads: new Map() },
        ];
      }),
    );
    // Now that there are machines, they can be asked for their snapshots.
    for (const [id, machine] of this.#machines) machine.node = this.#bootAgain(id, machine);
  }

  turn(): void {
    const id = this.#anybody();
    const machine = this.#machine(id);
    switch (this.#random.below(9)) {
      case 0:
        machine.node.tick();
        break;
      case 1:
        if (!this.#isHostile && !this.#random.oneIn(20)) break;
        if (machine.node.propose(text(`${this.#serial}`)).ok) this.#serial += 1;
        break;
      case 2:
        this.#finishWrite(machine);
        break;
      case 3:
        if (this.#isHostile && this.#random.oneIn(20)) this.#crash(id, machine);
        else if (this.#random.oneIn(10)) this.#compact(machine);
        break;
      case 4:
        this.#applyAll(machine);
        this.#disturb(machine);
        break;
      default:
        for (let i = this.#isHostile ? 1 : 4; i > 0; i--) this.#deliver();
    }
    this.#carryOut(machine);
  }

  /** From now on nothing is lost and nobody crashes, and the membership stays. */
  heal(): void {
    this.#isHostile = false;
  }

  /** Every member has all that anybody has, and nothing is half changed. */
  isAgreed(): boolean {
    const conf = this.confs.get(Math.max(0, ...this.confs.keys()));
    const members = conf === undefined ? this.#founders() : membersOf(conf);
    return (
      (conf?.outgoing.length ?? 0) === 0 &&
      members.every((id) => this.#machine(id).applied >= this.#lastApplied)
    );
  }

  describe(): string {
    return [...this.#machines.values()].map(({ node }) => node.describe()).join('\n');
  }

  #founders(): readonly NodeId[] {
    const told = [...this.#machines.values()].find(({ log }) => log.snapshot().conf.voters[0]);
    return told?.log.snapshot().conf.voters ?? [];
  }

  /** What an operator may do at any time. */
  #disturb(machine: Machine): void {
    const { node, reads } = machine;
    const throwsOf = this.#random.below(8);
    if (throwsOf < 4) {
      if (node.readIndex(this.#serial).ok) reads.set(this.#serial, this.#lastApplied);
      this.#serial += 1;
    } else if (throwsOf === 4 && this.#isHostile) {
      if (node.transferLeader(this.#anybody(), 5).ok) this.transfers += 1;
    } else if (throwsOf === 5 && this.#isHostile) node.forgetLeader();
    else if (this.#withMembers) this.#changeMembers(node);
  }

  #changeMembers(node: RawNode): void {
    const isStuck = node.status().conf.outgoing.length > 0;
    if (!this.#isHostile && !isStuck) return;
    const count = isStuck ? 0 : 1 + this.#random.below(3);
    const kinds = ['add-voter', 'add-voter', 'add-learner', 'remove'] as const;
    const changes = Array.from({ length: count }, (): MemberChange => ({
      kind: this.#oneOf(kinds),
      node: this.#anybody(),
    }));
    const transition = isStuck ? 'auto' : this.#oneOf(['auto', 'implicit', 'explicit'] as const);
    node.proposeConf({ transition, changes } satisfies ConfChange);
  }

  #anybody(): NodeId {
    return this.#oneOf([...this.#machines.keys()]);
  }

  #oneOf<Thing>(things: readonly Thing[]): Thing {
    const found = things[this.#random.below(things.length)];
    assert(found !== undefined, 'there is nothing to choose from');
    return found;
  }

  #machine(id: NodeId): Machine {
    const machine = this.#machines.get(id);
    assert(machine !== undefined, `there is no node ${id}`);
    return machine;
  }

  #deliver(): void {
    const at = this.#random.below(Math.max(1, this.#flight.length));
    const message = this.#flight[at];
    if (message === undefined) return;
    const isRepeated = this.#isHostile && this.#random.oneIn(10);
    if (!isRepeated) this.#flight.splice(at, 1);
    if (this.#isHostile && this.#random.oneIn(8)) {
      this.#report(message, false);
      return;
    }
    const { node } = this.#machine(message.to);
    const result = node.step(message);
    if (!result.ok) this.#fail(`refused: ${JSON.stringify({ message, result })}`);
    this.#report(message, true);
    this.#carryOut(this.#machine(message.to));
  }

  /** Whoever sends a snapshot learns how that ended. */
  #report({ kind, from, to }: Message, arrived: boolean): void {
    if (kind === 'MsgSnap') this.#machine(from).node.reportSnapshot(to, arrived);
  }

  #carryOut(machine: Machine): void {
    while (machine.node.hasReady()) {
      const ready = machine.node.ready();
      this.#send(ready.messages);
      machine.applying.push(...ready.committed);
      if (!this.#reportsApplied || this.#random.oneIn(4)) this.#applyAll(machine);
      for (const { context, index } of ready.readStates) this.#answer(machine, context, index);
      for (const context of ready.lostReads) machine.reads.delete(context);
      if (ready.mustSync) {
        machine.writing.push(ready);
        // Most writes take their time, and the node goes on meanwhile.
        if (this.#random.oneIn(4)) this.#finishWrite(machine);
      } else this.#send(ready.messagesAfterSync);
    }
  }

  #answer({ reads }: Machine, context: number, index: Index): void {
    const known = reads.get(context);
    if (known === undefined) this.#fail(`read ${context} was answered, but nobody waits for it`);
    else if (index < known) this.#fail(`a read was told ${index}, when ${known} was applied`);
    reads.delete(context);
    this.answeredReads += 1;
  }

  #finishWrite(machine: Machine): void {
    const { log, node } = machine;
    const writing = machine.writing.shift();
    if (writing === undefined) return;
    if (writing.snapshot !== undefined) {
      // What is older than the snapshot is not worth applying any more.
      machine.applying.splice(0);
      log.install(writing.snapshot);
      machine.applied = writing.snapshot.index;
      machine.kept = writing.snapshot;
      this.snapshots += 1;
    }
    log.write({ hard: writing.hard, entries: writing.entries });
    this.#send(writing.messagesAfterSync);
    node.advance();
  }

  #send(messages: readonly Message[]): void {
    for (const message of messages) {
      const { kind, term, from } = message;
      if (kind === 'MsgApp' || kind === 'MsgHeartbeat') {
        const known = this.leaders.get(term) ?? from;
        if (known !== from) this.#fail(`term ${term} has two leaders, ${known} and ${from}`);
        this.leaders.set(term, from);
      }
    }
    this.#flight.push(...messages);
  }

  #applyAll(machine: Machine): void {
    const { applying, node } = machine;
    const last = applying.at(-1)?.index;
    if (last === undefined) return;
    for (const entry of applying.splice(0)) this.#apply(machine, entry);
    if (this.#reportsApplied) node.appliedTo(last);
  }

  #apply(machine: Machine, entry: Entry): void {
    const { index, term, kind } = entry;
    if (index !== machine.applied + 1) this.#fail(`applied ${index} after ${machine.applied}`);
    machine.applied = index;
    const known = this.history.get(index) ?? entry;
    if (known.term !== term) this.#fail(`entry ${index} was of term ${known.term}, now ${term}`);
    this.history.set(index, known);
    this.#lastApplied = Math.max(this.#lastApplied, index);
    if (kind !== 'conf') return;
    machine.node.applyConf(confChangeOf(entry));
    if (this.#reportsApplied) machine.node.appliedTo(index);
    // Unknown when a snapshot that came meanwhile has made it old.
    const conf = machine.node.markAt(index)?.conf;
    if (conf === undefined) return;
    const first = this.confs.get(index);
    if (first === undefined && conf.outgoing.length > 0) this.jointConfs += 1;
    if (first !== undefined && describeConf(first) !== describeConf(conf)) {
      this.#fail(`the configuration at ${index} was ${describeConf(first)}, now another one`);
    }
    this.confs.set(index, conf);
  }

  /** Writes on their way are lost, or were on disk already. What was applied is kept. */
  #crash(id: NodeId, machine: Machine): void {
    const { writing, log } = machine;
    for (const { hard, entries, snapshot } of writing.splice(0)) {
      if (snapshot !== undefined || this.#random.oneIn(2)) break;
      log.write({ hard, entries });
    }
    machine.node = this.#bootAgain(id, machine);
    machine.applied = log.snapshot().index;
    machine.kept = undefined;
    machine.applying.splice(0);
    machine.reads.clear();
  }

  /** The log keeps a tail of what the snapshot stands for. */
  #compact(machine: Machine): void {
    const { log, applied, node } = machine;
    const begin = log.snapshot().index;
    const kept = node.markAt(applied);
    if (kept === undefined || applied <= begin) return;
    machine.kept = kept;
    const mark = node.markAt(applied - this.#random.below(3));
    if (mark !== undefined && mark.index > begin) log.forget(mark);
  }

  #bootAgain(id: NodeId, machine: Machine): RawNode {
    return this.#boot(id, machine.log, () => machine.kept);
  }

  #boot(id: NodeId, log: MemoryLog, kept: () => SnapshotMark | undefined): RawNode {
    const appliedIndex = log.snapshot().index;
    const limits = {
      ...defaultLimits,
      electionTicks: 5,
      messageBytesMax: 4,
      inflightMessagesMax: 3,
      readsMax: 8,
      writesMax: this.#writesMax,
      reportsApplied: this.#reportsApplied,
    };
    const newestSnapshot = (): SnapshotMark => {
      const newest = kept();
      return newest !== undefined && newest.index > log.snapshot().index ? newest : log.snapshot();
    };
    return new RawNode(
      { log, random: this.#random.fork(`${id} ${this.#serial}`), newestSnapshot },
      { ...limits, id, initial: log.initial, appliedIndex },
    );
  }
}
