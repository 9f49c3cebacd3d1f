/**
 * Nodes in one room, for tests of the core: messages are delivered when the test says so, disks are
 * `MemoryLog`s that survive `crash`, and links can be cut. No time but ticks, no luck but the seed.
 */
import { assert } from '#internal/base/assert.ts';
import { brand } from '#internal/base/brand.ts';
import { randomFromSeed } from '#internal/base/random.ts';
import { confChangeOf } from './confchange-codec.ts';
import { describeConf } from './describe.ts';
import { MemoryLog } from './memory-log.ts';
import { defaultLimits, type RawNodeOptions } from './options.ts';
import { RawNode } from './raw-node.ts';
import type { Ready, ReadState } from './ready.ts';
import type {
  ConfChange,
  ConfState,
  Entry,
  Index,
  MemberChange,
  Message,
  NodeId,
  SnapshotMark,
} from './types.ts';

export const nodeId = (value: number): NodeId => brand<NodeId>(value);

export const text = (words: string): Uint8Array => new TextEncoder().encode(words);

export const confOf = (...voters: readonly number[]): ConfState => ({
  voters: voters.map(nodeId),
  outgoing: [],
  learners: [],
  learnersNext: [],
  autoLeave: false,
});

export type Limits = Partial<typeof defaultLimits>;

type Extras = {
  readonly appliedIndex?: Index;
  readonly life?: number;
  readonly newestSnapshot?: () => SnapshotMark;
};

export function newNode(
  id: number,
  log: MemoryLog,
  limits: Limits = {},
  { appliedIndex = log.snapshot().index, life = 1, newestSnapshot }: Extras = {},
): RawNode {
  const options: RawNodeOptions = {
    ...defaultLimits,
    ...limits,
    id: nodeId(id),
    initial: log.initial,
    appliedIndex,
  };
  return new RawNode(
    { log, random: randomFromSeed(life === 1 ? id : `${id}, life ${life}`), newestSnapshot },
    options,
  );
}

/** Does what Readies ask for until there is nothing left to do, and returns them. */
export function carryOut(node: RawNode, log: MemoryLog): readonly Ready[] {
  const done: Ready[] = [];
  while (node.hasReady()) {
    const ready = node.ready();
    done.push(ready);
    for (const entry of ready.committed) {
      if (entry.kind === 'conf') node.applyConf(confChangeOf(entry));
    }
    if (!ready.mustSync) continue;
    if (ready.snapshot !== undefined) log.install(ready.snapshot);
    log.write({ hard: ready.hard, entries: ready.entries });
    node.advance();
  }
  return done;
}

export const messagesOf = (readies: readonly Ready[]): readonly Message[] =>
  readies.flatMap(({ messages, messagesAfterSync }) => [...messages, ...messagesAfterSync]);

/** One change in one step, or all of them through a joint configuration that is left by itself. */
export const change = (...changes: readonly MemberChange[]): ConfChange => ({
  transition: 'auto',
  changes,
});

export const addVoter = (id: number): MemberChange => ({ kind: 'add-voter', node: nodeId(id) });
export const addLearner = (id: number): MemberChange => ({ kind: 'add-learner', node: nodeId(id) });
export const removeNode = (id: number): MemberChange => ({ kind: 'remove', node: nodeId(id) });

type Machine = {
  node: RawNode;
  readonly log: MemoryLog;
  applied: Entry[];
  reads: ReadState[];
  lives: number;
  offered: SnapshotMark | undefined;
};

export class TestCluster {
  readonly #machines: Map<NodeId, Machine>;
  readonly #limits: Limits;
  #flight: Message[] = [];
  #isDelivered: (message: Message) => boolean = () => true;

  /** Beyond `size` there are nodes that wait to be told of a configuration. */
  constructor(
    _dependencies: object,
    options: { readonly size: number; readonly waiting?: number; readonly limits?: Limits },
  ) {
    const { size, waiting = 0 } = options;
    const ids = Array.from({ length: size }, (_, i) => i + 1);
    const everybody = Array.from({ length: size + waiting }, (_, i) => i + 1);
    this.#limits = options.limits ?? {};
    this.#machines = new Map(
      everybody.map((id) => {
        const conf = id <= size ? confOf(...ids) : confOf();
        const log = new MemoryLog({}, { conf });
        return [nodeId(id), this.#newMachine(id, log)];
      }),
    );
  }

  node(id: number): RawNode {
    return this.#machine(id).node;
  }

  log(id: number): MemoryLog {
    return this.#machine(id).log;
  }

  /** The data of the proposals that node `id` has applied since it woke up. */
  applied(id: number): readonly string[] {
    const normal = this.#machine(id).applied.filter(({ kind }) => kind === 'normal');
    return normal.map(({ data }) => new TextDecoder().decode(data));
  }

  /** The configuration in force at node `id`. */
  conf(id: number): string {
    return describeConf(this.node(id).status().conf);
  }

  /** The answers to reads that node `id` got since it woke up. */
  reads(id: number): readonly ReadState[] {
    return this.#machine(id).reads;
  }

  /** Proposes without carrying out anything. */
  reconfigure(id: number, wanted: ConfChange): void {
    const proposed = this.node(id).proposeConf(wanted);
    assert(proposed.ok, `node ${id} refused: ${JSON.stringify(proposed)}`);
  }

  /** The terms of all entries that node `id` has on disk. */
  terms(id: number): readonly number[] {
    const log = this.log(id);
    return log.entries(log.firstIndex(), log.lastIndex() + 1, Infinity).map(({ term }) => term);
  }

  /** From now on only messages that `isDelivered` arrive; without it, all of them. */
  filter(isDelivered: (message: Message) => boolean = () => true): void {
    this.#isDelivered = isDelivered;
  }

  /** From now on node `id` has a snapshot at `mark` to send; without it, where its log begins. */
  offer(id: number, mark: SnapshotMark): void {
    this.#machine(id).offered = mark;
  }

  isolate(...ids: readonly number[]): void {
    this.filter(({ from, to }) => !ids.includes(from) && !ids.includes(to));
  }

  /** Carries out and delivers until nobody has anything to say. */
  run(): void {
    for (let round = 0; round < 1000; round++) {
      for (const machine of this.#machines.values()) this.#carryOut(machine);
      if (this.#flight.length === 0) return;
      const arriving = this.#flight.filter((message) => this.#isDelivered(message));
      this.#flight = [];
      for (const message of arriving) {
        const result = this.#machine(message.to).node.step(message);
        assert(result.ok, `a message was refused: ${JSON.stringify({ message, result })}`);
      }
    }
    assert(false, 'the cluster never comes to rest');
  }

  /** So many ticks for everybody, each followed by all that it causes. */
  tick(count: number): void {
    for (let i = 0; i < count; i++) {
      for (const { node } of this.#machines.values()) node.tick();
      this.run();
    }
  }

  elect(id: number): void {
    this.node(id).campaign();
    this.run();
    assert(this.node(id).status().role === 'leader', `node ${id} was not elected`);
  }

  /** Proposes without carrying out anything. */
  propose(id: number, words: string): void {
    assert(this.node(id).propose(text(words)).ok, `node ${id} refused ${words}`);
  }

  /** Everything in memory is gone; the disk stays. */
  crash(id: number): void {
    const machine = this.#machine(id);
    machine.lives += 1;
    machine.node = this.#boot(id, machine);
    machine.applied = [];
    machine.reads = [];
    this.#flight = this.#flight.filter(({ to }) => to !== id);
  }

  #newMachine(id: number, log: MemoryLog): Machine {
    const node = newNode(id, log, this.#limits);
    const machine = { node, log, applied: [], reads: [], lives: 1, offered: undefined };
    machine.node = this.#boot(id, machine);
    return machine;
  }

  #boot(id: number, machine: Machine): RawNode {
    const { log, lives: life } = machine;
    const newestSnapshot = (): SnapshotMark => machine.offered ?? log.snapshot();
    return newNode(id, log, this.#limits, { life, newestSnapshot });
  }

  #carryOut({ node, log, applied, reads }: Machine): void {
    const done = carryOut(node, log);
    reads.push(...done.flatMap(({ readStates }) => readStates));
    applied.push(...done.flatMap(({ committed }) => committed));
    this.#flight.push(...messagesOf(done));
  }

  #machine(id: number): Machine {
    const machine = this.#machines.get(nodeId(id));
    assert(machine !== undefined, `there is no node ${id}`);
    return machine;
  }
}
