/**
 * Nodes with their real logs, snapshots and books on simulated disks, on a simulated network: for tests
 * of what a node promises. The state of each is the text that was proposed, one word after the other.
 */
import { assert } from '#internal/base/assert.ts';
import { brand } from '#internal/base/brand.ts';
import type { Logger } from '#internal/runtime/logger.ts';
import { simulatedClock } from '#internal/runtime/simulated/clock.ts';
import { SimulatedDatagrams } from '#internal/runtime/simulated/datagrams.ts';
import { SimulatedDisk } from '#internal/runtime/simulated/disk.ts';
import { simulatedFiles } from '#internal/runtime/simulated/files.ts';
import type { Life } from '#internal/runtime/simulated/life.ts';
import { SimulatedNetwork } from '#internal/runtime/simulated/network.ts';
import { SimulatedWorld } from '#internal/runtime/simulated/world.ts';
import type { LogStore } from '#raft/core/log-store.ts';
import type { SnapshotStore } from '#raft/core/snapshot-store.ts';
import type { NodeId } from '#raft/core/types.ts';
import { openSnapshotStore } from '#storage/snapshot/snapshot-store.ts';
import { openWal } from '#storage/wal/wal.ts';
import { type Datagram, memoryPeers } from '#raft/transport/memory.ts';
import { memorySnapshots, type SnapshotDatagram } from '#raft/transport/memory-snapshots.ts';
import { Membership } from '#raft/node/membership.ts';
import { openPeerBook, type PeerBook } from '#raft/node/peer-book.ts';
import {
  defaultRaftNodeOptions,
  openRaftNode,
  type RaftNode,
  type RaftNodeOptions,
} from '#raft/node/raft-node.ts';
import { SessionMachine } from '#raft/node/session-machine.ts';
import type { AppliedEntry, StateMachine, StateSnapshot } from '#raft/node/replicated-log.ts';

export const idOf = (id: number): NodeId => brand<NodeId>(id);
export const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const textOf = (data: Uint8Array): string => new TextDecoder().decode(data);

const withinMs = 120_000;
const quiet: Logger = { debug() {}, info() {}, warn() {}, error() {}, child: () => quiet };

export type Program = {
  readonly life: Life;
  readonly node: RaftNode;
  readonly log: LogStore;
  readonly store: SnapshotStore;
  readonly book: PeerBook;
  readonly words: Words;
  readonly membership: Membership;
};

/** Keeps the words of what it applied, in memory alone. */
export class Words implements StateMachine {
  text = '';
  restored = 0;
  #index = 0;
  readonly #onApplied: ((entry: AppliedEntry) => void) | undefined;

  constructor({ onApplied }: { readonly onApplied?: (entry: AppliedEntry) => void } = {}) {
    this.#onApplied = onApplied;
  }

  apply(entries: readonly AppliedEntry[]): void {
    for (const entry of entries) this.#onApplied?.(entry);
    this.text += entries.map(({ data }) => textOf(data)).join('');
    this.#index = entries.at(-1)?.index ?? this.#index;
  }

  appliedIndex(): number {
    return this.#index;
  }

  snapshot(): StateSnapshot {
    const written = bytes(this.text);
    const chunks = (async function* () {
      for (let at = 0; at < written.length; at += 100) yield written.subarray(at, at + 100);
    })();
    return { index: this.#index, chunks };
  }

  async restore({ index, chunks }: StateSnapshot): Promise<void> {
    const parts: string[] = [];
    for await (const chunk of chunks) parts.push(textOf(chunk));
    this.text = parts.join('');
    this.#index = index;
    this.restored++;
  }
}

export type TestClusterOptions = Partial<RaftNodeOptions> & {
  /** Entries are those of sessions. */
  readonly hasSessions?: boolean;
};

export class TestCluster {
  readonly world: SimulatedWorld;
  readonly network: SimulatedNetwork;
  readonly faults: Map<NodeId, unknown> = new Map();
  readonly programs: Map<NodeId, Program> = new Map();
  readonly #messages: SimulatedDatagrams<Datagram>;
  readonly #snapshots: SimulatedDatagrams<SnapshotDatagram>;
  readonly #options: TestClusterOptions;
  /** By index: what was applied there first. */
  readonly #history = new Map<number, string>();
  readonly #disks = new Map<NodeId, SimulatedDisk>();

  static async start(
    seed: number,
    voters: readonly number[],
    options: TestClusterOptions = {},
  ): Promise<TestCluster> {
    const cluster = new TestCluster(seed, options);
    for (const id of voters) await cluster.boot(id, voters);
    return cluster;
  }

  constructor(seed: number, options: TestClusterOptions) {
    this.world = new SimulatedWorld({ seed });
    this.network = new SimulatedNetwork({ world: this.world });
    this.#messages = new SimulatedDatagrams({ network: this.network }, { name: 'raft' });
    this.#snapshots = new SimulatedDatagrams({ network: this.network }, { name: 'snapshots' });
    this.#options = options;
  }

  /** Starts a node, or starts it again. Without voters it waits to be told who they are. */
  async boot(number: number, voters: readonly number[] = []): Promise<Program> {
    const program = await this.settle(this.open(number, voters));
    if (!program.life.alive)
      throw new Error(`node ${number} fell at its start`, { cause: this.faults.get(idOf(number)) });
    this.programs.set(idOf(number), program);
    return program;
  }

  async open(number: number, voters: readonly number[]): Promise<Program> {
    const id = idOf(number);
    const { world } = this;
    const life = world.boot(`n${id}`);
    life.onEnd(() => this.programs.delete(id));
    const files = simulatedFiles({ disk: this.disk(id), life });
    const clock = simulatedClock({ world, life });
    const random = world.random(`node ${id} ${world.events}`);
    const conf = { outgoing: [], learners: [], learnersNext: [], autoLeave: false };
    const log = await openWal(
      { files, logger: quiet, clock },
      {
        folder: '/node/log',
        clusterId,
        nodeId: id,
        bootstrap: { voters: voters.map(idOf), ...conf },
        segmentBytes: 1 << 16,
      },
    );
    const store = await openSnapshotStore(
      { files, logger: quiet },
      { folder: '/node/snapshots', clusterId, chunkBytes: 256 },
    );
    const isLogNew = log.lastIndex() === 0 && log.initial.hard.term === 0;
    const book = await openPeerBook(
      { files, random, logger: quiet },
      { path: '/node/book', id, isLogNew },
    );
    const words = new Words({ onApplied: (entry) => this.#check(id, entry) });
    const { hasSessions = false, ...options } = this.#options;
    const isUp = (machine: string): boolean => world.isUp(machine);
    const node = await openRaftNode(
      {
        clock,
        random,
        logger: quiet,
        log,
        machine: hasSessions ? new SessionMachine({ inner: words }) : words,
        book,
        connect: memoryPeers(
          { datagrams: this.#messages, life, isUp, acquaintances: book },
          { id, clusterId, peers: machineOf },
        ),
        snapshots: {
          store,
          connect: memorySnapshots(
            { datagrams: this.#snapshots, life, isUp },
            { id, clusterId, machineOf },
          ),
        },
        onFault: (fault) => {
          this.faults.set(id, fault);
          this.crash(number);
        },
      },
      { ...defaultRaftNodeOptions, ...options, id },
    );
    const membership = new Membership({ clock, logger: quiet, node, book });
    return { life, node, log, store, book, words, membership };
  }

  disk(id: number): SimulatedDisk {
    const disk =
      this.#disks.get(idOf(id)) ?? new SimulatedDisk({ world: this.world }, { name: `n${id}` });
    this.#disks.set(idOf(id), disk);
    return disk;
  }

  /** The node's disk is gone, and with it all that it knew. */
  wipe(id: number): void {
    this.crash(id);
    this.#disks.delete(idOf(id));
  }

  /** State-machine safety: one index, one command. */
  #check(id: NodeId, { index, term, data }: AppliedEntry): void {
    const told = `${term} ${textOf(data)}`;
    const first = this.#history.get(index) ?? told;
    this.#history.set(index, first);
    if (first !== told) this.faults.set(id, new Error(`${index} is ${told}, but was ${first}`));
  }

  /** As somebody does who means well and cleans up. */
  async removeLog(id: number): Promise<void> {
    const life = this.world.boot(`n${id}`);
    const files = simulatedFiles({ disk: this.disk(id), life });
    await this.settle(files.remove('/node/log'));
    await this.settle(files.syncFolder('/node'));
    this.crash(id);
  }

  crash(id: number): void {
    this.world.crash(`n${id}`);
    this.programs.delete(idOf(id));
  }

  program(id: number): Program {
    const program = this.programs.get(idOf(id));
    if (program === undefined) throw new Error(`node ${id} does not run`);
    return program;
  }

  async leader({ not }: { readonly not?: NodeId | undefined } = {}): Promise<Program> {
    const find = (): Program | undefined =>
      [...this.programs].find(([id, { node }]) => id !== not && node.standing().ready)?.[1];
    let found = find();
    await this.until(() => (found = find()) !== undefined);
    assert(found !== undefined, 'a leader that was found is there');
    return found;
  }

  /** Asks whoever leads until the word is applied, once: words are unique, so one can look. */
  async write(word: string): Promise<void> {
    for (;;) {
      const { node } = await this.leader();
      const proposal = await this.settle(node.propose(bytes(word)));
      if (proposal.kind === 'applied') return;
      await this.world.runFor(10);
      if (proposal.reason === 'unknown' && (await this.readText()).includes(word)) return;
    }
  }

  /** The text as everybody must agree that it is now. */
  async readText(): Promise<string> {
    for (;;) {
      const { node, words } = await this.leader();
      const read = await this.settle(node.read());
      if (read.kind === 'current') return words.text;
      await this.world.runFor(10);
    }
  }

  async untilAll(text: string, ids: readonly number[]): Promise<void> {
    await this.until(() => ids.every((id) => this.programs.get(idOf(id))?.words.text === text));
  }

  async until(condition: () => boolean): Promise<void> {
    if (await this.world.runUntil(condition, { withinMs })) return;
    const now = [...this.programs].map(([id, { node, words }]) => {
      const { role, term, applied, last, conf } = node.status();
      return { id, role, term, applied, last, voters: conf.voters, text: words.text.slice(-40) };
    });
    throw new Error(`it never came: ${JSON.stringify(now)}`, { cause: [...this.faults] });
  }

  settle<T>(promise: Promise<T>): Promise<T> {
    return this.world.settle(promise, { withinMs });
  }
}

const clusterId = 'test';

const machineOf = (peer: NodeId): string => `n${peer}`;
