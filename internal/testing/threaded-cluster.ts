/**
 * Nodes whose state machines are in other threads, on simulated disks and a simulated network. A
 * machine `n1` has the thread of the node, `m1` that of the state machine: each can be paused alone.
 */
import { assert } from '#internal/base/assert.ts';
import type { Clock } from '#internal/runtime/clock.ts';
import type { MessagePort } from '#internal/runtime/message-port.ts';
import { simulatedClock } from '#internal/runtime/simulated/clock.ts';
import { SimulatedDatagrams } from '#internal/runtime/simulated/datagrams.ts';
import { SimulatedDisk } from '#internal/runtime/simulated/disk.ts';
import { simulatedFiles } from '#internal/runtime/simulated/files.ts';
import type { Life } from '#internal/runtime/simulated/life.ts';
import { simulatedPipe } from '#internal/runtime/simulated/message-port.ts';
import { SimulatedNetwork } from '#internal/runtime/simulated/network.ts';
import { SimulatedWorld } from '#internal/runtime/simulated/world.ts';
import type { LogStore } from '#raft/core/log-store.ts';
import type { SnapshotStore } from '#raft/core/snapshot-store.ts';
import type { NodeId } from '#raft/core/types.ts';
import { defaultRaftNodeOptions, openRaftNode, type RaftNode } from '#raft/node/raft-node.ts';
import type { Proposal, StateMachine } from '#raft/node/replicated-log.ts';
import { defaultSnapshotOptions, type SnapshotOptions } from '#raft/node/snapshot-desk.ts';
import type { ToMachine, ToNode } from '#raft/thread/messages.ts';
import { defaultNodeHostOptions, NodeHost } from '#raft/thread/node-host.ts';
import { defaultThreadedNodeOptions, ThreadedNode } from '#raft/thread/threaded-node.ts';
import { type Datagram, memoryPeers } from '#raft/transport/memory.ts';
import { memorySnapshots, type SnapshotDatagram } from '#raft/transport/memory-snapshots.ts';
import { openSnapshotStore } from '#storage/snapshot/snapshot-store.ts';
import { openWal } from '#storage/wal/wal.ts';
import { bytes, idOf, Words } from './raft-cluster.ts';

const ids = [1, 2, 3];
const clusterId = 'threads';
const withinMs = 120_000;
const quiet = { debug() {}, info() {}, warn() {}, error() {}, child: () => quiet };

export type ThreadedProgram = {
  readonly id: number;
  readonly node: ThreadedNode;
  /** As it is in its own thread. */
  readonly inner: () => RaftNode;
  readonly words: Words;
  /** In its thread, so that it is paused with it. */
  readonly propose: (word: string) => Promise<Proposal>;
};

export type ThreadedClusterOptions = {
  readonly underWayBytesMax?: number;
  readonly snapshots?: SnapshotOptions;
};

export class ThreadedCluster {
  readonly world: SimulatedWorld;
  readonly network: SimulatedNetwork;
  readonly disks: ReadonlyMap<number, SimulatedDisk>;
  readonly programs: Map<number, ThreadedProgram> = new Map();
  readonly faults: Map<number, unknown> = new Map();
  readonly #messages: SimulatedDatagrams<Datagram>;
  readonly #snapshots: SimulatedDatagrams<SnapshotDatagram>;
  readonly #options: ThreadedClusterOptions;

  static async start(seed: number, options: ThreadedClusterOptions = {}): Promise<ThreadedCluster> {
    const cluster = new ThreadedCluster(seed, options);
    for (const id of ids) await cluster.boot(id);
    return cluster;
  }

  constructor(seed: number, options: ThreadedClusterOptions) {
    this.world = new SimulatedWorld({ seed });
    this.network = new SimulatedNetwork({ world: this.world });
    this.disks = new Map(
      ids.map((id) => [id, new SimulatedDisk({ world: this.world }, { name: `n${id}` })]),
    );
    this.#messages = new SimulatedDatagrams({ network: this.network }, { name: 'raft' });
    this.#snapshots = new SimulatedDatagrams({ network: this.network }, { name: 'snapshots' });
    this.#options = options;
  }

  async boot(id: number): Promise<ThreadedProgram> {
    const { world } = this;
    const clock = simulatedClock({ world, life: world.boot(`m${id}`) });
    const { ofMachine: port, inner } = await this.#openHost(id, clock);
    const words = new Words();
    const defer = (callback: () => void): void => void clock.after(0, callback);
    const onFault = (fault: unknown): void => {
      this.faults.set(id, fault);
      this.crash(id);
    };
    const node = new ThreadedNode({ port, clock, defer, onFault }, defaultThreadedNodeOptions);
    await this.settle(node.opened);
    await this.settle(node.begin(words));
    const propose = (word: string): Promise<Proposal> => {
      const { promise, resolve } = Promise.withResolvers<Proposal>();
      clock.after(0, () => resolve(node.propose(bytes(word))));
      return promise;
    };
    const program = { id, node, inner, words, propose };
    this.programs.set(id, program);
    return program;
  }

  /** Ends both threads, as the end of a process does. */
  crash(id: number): void {
    for (const name of [`n${id}`, `m${id}`]) if (this.world.isUp(name)) this.world.crash(name);
    this.programs.delete(id);
  }

  program(id: number): ThreadedProgram {
    const program = this.programs.get(id);
    if (program === undefined) throw new Error(`node ${id} does not run`);
    return program;
  }

  /** Who leads by the word of its node's own thread. */
  async leader({ not }: { readonly not?: number } = {}): Promise<ThreadedProgram> {
    const find = (): ThreadedProgram | undefined =>
      [...this.programs.values()].find(({ id, inner }) => id !== not && inner().standing().ready);
    await this.until(() => find()?.node.standing().ready === true);
    const found = find();
    assert(found !== undefined, 'a leader that was found is there');
    return found;
  }

  async until(condition: () => boolean): Promise<void> {
    if (await this.world.runUntil(condition, { withinMs })) return;
    throw new Error('it never came', { cause: [...this.faults] });
  }

  settle<T>(promise: Promise<T>): Promise<T> {
    return this.world.settle(promise, { withinMs });
  }

  /** The thread of the node, and the other thread's end of the pipe to it. */
  async #openHost(id: number, machineClock: Clock): Promise<OpenedHost> {
    const { world } = this;
    const life = world.boot(`n${id}`);
    const clock = simulatedClock({ world, life });
    const [port, ofMachine] = simulatedPipe<readonly ToMachine[], readonly ToNode[]>([
      clock,
      machineClock,
    ]);
    const { log, store } = await this.settle(this.#openDisk(id, life, clock));
    const isUp = (machine: string): boolean => world.isUp(machine);
    const { underWayBytesMax, snapshots = defaultSnapshotOptions } = this.#options;
    let node: RaftNode | undefined;
    const open = async (
      machine: StateMachine,
      onFault: (fault: unknown) => void,
    ): Promise<RaftNode> => {
      node = await openRaftNode(
        {
          clock,
          random: world.random(`node ${id} ${world.events}`),
          logger: quiet,
          log,
          machine,
          connect: memoryPeers(
            { datagrams: this.#messages, life, isUp },
            { id: idOf(id), clusterId, peers: machineOf },
          ),
          snapshots: {
            store,
            connect: memorySnapshots(
              { datagrams: this.#snapshots, life, isUp },
              { id: idOf(id), clusterId, machineOf },
            ),
          },
          onFault,
        },
        { ...defaultRaftNodeOptions, snapshots, committedBytesMax: 1 << 14, id: idOf(id) },
      );
      return node;
    };
    const host = new NodeHost(
      {
        port,
        clock,
        logger: quiet,
        defer: (callback) => void clock.after(0, callback),
        open,
        close: async () => {
          await store.close();
          await log.close();
        },
      },
      {
        ...defaultNodeHostOptions,
        ...(underWayBytesMax === undefined ? {} : { underWayBytesMax }),
      },
    );
    const inner = (): RaftNode => {
      if (node === undefined) throw new Error(`node ${id} has not begun`);
      return node;
    };
    return { ofMachine, inner, host };
  }

  async #openDisk(
    id: number,
    life: Life,
    clock: Clock,
  ): Promise<{ readonly log: LogStore; readonly store: SnapshotStore }> {
    const disk = this.disks.get(id);
    if (disk === undefined) throw new Error(`there is no disk ${id}`);
    const files = simulatedFiles({ disk, life });
    const conf = { outgoing: [], learners: [], learnersNext: [], autoLeave: false };
    const log = await openWal(
      { files, logger: quiet, clock },
      {
        folder: '/node/log',
        clusterId,
        nodeId: idOf(id),
        bootstrap: { voters: ids.map(idOf), ...conf },
        segmentBytes: 1 << 16,
      },
    );
    const store = await openSnapshotStore(
      { files, logger: quiet },
      { folder: '/node/snapshots', clusterId, chunkBytes: 256 },
    );
    return { log, store };
  }
}

type OpenedHost = {
  readonly ofMachine: MessagePort<readonly ToNode[], readonly ToMachine[]>;
  readonly inner: () => RaftNode;
  readonly host: NodeHost;
};

const machineOf = (peer: NodeId): string => `n${peer}`;
