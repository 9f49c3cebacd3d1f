/**
 * Cores alone under a hostile schedule: messages in any order, lost and repeated; writes that take
 * their time while the node goes on; crashes; logs compacted at will, so that snapshots travel. One
 * seed decides all of it. (`chaos/simulation` does the same to whole nodes, but without snapshots.)
 *
 * Replay one run: `SEED=17 npm test -- raft/core/hostile-run.test.ts`.
 */
import test from 'ava';
import { type Random, randomFromSeed } from '#internal/base/random.ts';
import { MemoryLog } from './memory-log.ts';
import { defaultLimits } from './options.ts';
import { RawNode } from './raw-node.ts';
import type { Ready } from './ready.ts';
import { confOf, nodeId, text } from './test-cluster.ts';
import type { Entry, Index, Message, NodeId, Term } from './types.ts';

const { SEED } = process.env;
const seeds = SEED === undefined ? Array.from({ length: 150 }, (_, seed) => seed) : [Number(SEED)];

type Machine = {
  node: RawNode;
  readonly log: MemoryLog;
  applied: Index;
  writing: Ready | undefined;
};

class HostileRun {
  readonly leaders = new Map<Term, NodeId>();
  /** What was applied first at each index. */
  readonly history = new Map<Index, Entry>();
  snapshots = 0;
  readonly #random: Random;
  readonly #ids: readonly NodeId[];
  readonly #machines: Map<NodeId, Machine>;
  readonly #fail: (why: string) => void;
  readonly #flight: Message[] = [];
  #serial = 0;
  #isHostile = true;

  constructor({ fail }: { fail: (why: string) => void }, { seed }: { seed: number }) {
    this.#fail = fail;
    this.#random = randomFromSeed(seed);
    const numbers = this.#random.oneIn(2) ? [1, 2, 3] : [1, 2, 3, 4, 5];
    this.#ids = numbers.map(nodeId);
    this.#machines = new Map(
      this.#ids.map((id) => {
        const log = new MemoryLog({}, { conf: confOf(...numbers) });
        return [id, { node: this.#boot(id, log), log, applied: 0, writing: undefined }];
      }),
    );
  }

  turn(): void {
    const id = this.#ids[this.#random.below(this.#ids.length)]!;
    const machine = this.#machines.get(id)!;
    switch (this.#random.below(8)) {
      case 0:
        machine.node.tick();
        break;
      case 1:
        if (machine.node.propose(text(`${this.#serial}`)).ok) this.#serial += 1;
        break;
      case 2:
        this.#finishWrite(machine);
        break;
      case 3:
        if (this.#isHostile && this.#random.oneIn(20)) this.#crash(id, machine);
        else if (this.#random.oneIn(10)) this.#compact(machine);
        break;
      default:
        this.#deliver();
    }
    this.#carryOut(machine);
  }

  /** From now on nothing is lost and nobody crashes. */
  heal(): void {
    this.#isHostile = false;
  }

  isAgreed(): boolean {
    const last = Math.max(0, ...this.history.keys());
    return [...this.#machines.values()].every(({ applied }) => applied >= last);
  }

  describe(): string {
    return [...this.#machines.values()].map(({ node }) => node.describe()).join('\n');
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
    const { node } = this.#machines.get(message.to)!;
    const result = node.step(message);
    if (!result.ok) this.#fail(`refused: ${JSON.stringify({ message, result })}`);
    this.#report(message, true);
    this.#carryOut(this.#machines.get(message.to)!);
  }

  /** Whoever sends a snapshot learns how that ended. */
  #report({ kind, from, to }: Message, arrived: boolean): void {
    if (kind === 'MsgSnap') this.#machines.get(from)!.node.reportSnapshot(to, arrived);
  }

  #carryOut(machine: Machine): void {
    while (machine.node.hasReady()) {
      const ready = machine.node.ready();
      this.#send(ready.messages);
      for (const entry of ready.committed) this.#apply(machine, entry);
      if (ready.mustSync) {
        machine.writing = ready;
        // Most writes take their time, and the node goes on meanwhile.
        if (this.#random.oneIn(4)) this.#finishWrite(machine);
      } else this.#send(ready.messagesAfterSync);
    }
  }

  #finishWrite(machine: Machine): void {
    const { writing, log, node } = machine;
    if (writing === undefined) return;
    machine.writing = undefined;
    if (writing.snapshot !== undefined) {
      log.install(writing.snapshot);
      machine.applied = writing.snapshot.index;
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

  #apply(machine: Machine, entry: Entry): void {
    const { index, term } = entry;
    if (index !== machine.applied + 1) this.#fail(`applied ${index} after ${machine.applied}`);
    machine.applied = index;
    const known = this.history.get(index) ?? entry;
    if (known.term !== term) this.#fail(`entry ${index} was of term ${known.term}, now ${term}`);
    this.history.set(index, known);
  }

  /** The write on its way is lost, or was on disk already. What was applied is kept. */
  #crash(id: NodeId, machine: Machine): void {
    const { writing, log } = machine;
    machine.writing = undefined;
    if (writing !== undefined && writing.snapshot === undefined && this.#random.oneIn(2)) {
      log.write({ hard: writing.hard, entries: writing.entries });
    }
    machine.node = this.#boot(id, log);
    machine.applied = log.snapshot().index;
  }

  #compact({ log, applied }: Machine): void {
    const index = applied - this.#random.below(3);
    const term = log.term(index);
    if (index <= log.snapshot().index || term === undefined) return;
    log.forget({ index, term, conf: log.snapshot().conf });
  }

  #boot(id: NodeId, log: MemoryLog): RawNode {
    const appliedIndex = log.snapshot().index;
    const limits = {
      ...defaultLimits,
      electionTicks: 5,
      messageBytesMax: 4,
      inflightMessagesMax: 3,
    };
    return new RawNode(
      { log, random: this.#random.fork(`${id}`) },
      { ...limits, id, initial: log.initial, appliedIndex },
    );
  }
}

test('cores stay safe under any schedule, and agree once it is kind', (t) => {
  let snapshots = 0;
  for (const seed of seeds) {
    const fail = (why: string): never => t.fail(`SEED=${seed}: ${why}`);
    const run = new HostileRun({ fail }, { seed });
    for (let turn = 0; turn < 6000; turn++) run.turn();
    t.true(run.leaders.size > 0, `SEED=${seed}: nobody was elected, so the run proves nothing`);
    const decided = run.history.size;
    run.heal();
    for (let turn = 0; turn < 30_000; turn++) {
      if (run.history.size > decided && run.isAgreed()) break;
      run.turn();
    }
    t.true(run.isAgreed() && run.history.size > decided, `SEED=${seed}: ${run.describe()}`);
    snapshots += run.snapshots;
  }
  t.true(SEED !== undefined || snapshots > 100, `only ${snapshots} snapshots travelled`);
});
