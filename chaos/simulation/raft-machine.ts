/**
 * One machine of the simulated cluster: a disk that outlives its programs, a clock of its own, and
 * what a master runs of Raft, put together as a master does: the node, its log, its snapshots, its
 * book of peers, sessions around the state. The witness stands in each port (`raft-doors.ts`).
 */
import type { Random } from '#internal/base/random.ts';
import type { Logger } from '#internal/runtime/logger.ts';
import { type SimulatedClock, simulatedClock } from '#internal/runtime/simulated/clock.ts';
import type { SimulatedDatagrams } from '#internal/runtime/simulated/datagrams.ts';
import { SimulatedDisk } from '#internal/runtime/simulated/disk.ts';
import { simulatedFiles } from '#internal/runtime/simulated/files.ts';
import type { Life } from '#internal/runtime/simulated/life.ts';
import type { SimulatedWorld } from '#internal/runtime/simulated/world.ts';
import type { LogStore } from '#raft/core/log-store.ts';
import type { SnapshotStore } from '#raft/core/snapshot-store.ts';
import type { ConfState, Message, NodeId } from '#raft/core/types.ts';
import { leave } from '#raft/node/hand-over.ts';
import { defaultMembershipOptions, Membership } from '#raft/node/membership.ts';
import { openPeerBook, type PeerBook } from '#raft/node/peer-book.ts';
import {
  defaultRaftNodeOptions,
  openRaftNode,
  type RaftNode,
  type RaftNodeDependencies,
  type RaftNodeOptions,
} from '#raft/node/raft-node.ts';
import { SessionMachine } from '#raft/node/session-machine.ts';
import { defaultSessionLimits } from '#raft/node/session-table.ts';
import { defaultSnapshotOptions, type SnapshotMeans } from '#raft/node/snapshot-desk.ts';
import { type Datagram, memoryPeers } from '#raft/transport/memory.ts';
import { memorySnapshots, type SnapshotDatagram } from '#raft/transport/memory-snapshots.ts';
import { openSnapshotStore } from '#storage/snapshot/snapshot-store.ts';
import { openWal } from '#storage/wal/wal.ts';
import {
  type See,
  watchedAcquaintances,
  watchedLog,
  watchedMachine,
  watchedPeers,
  watchedSnapshots,
} from './raft-doors.ts';
import type { RaftLimits } from './raft-faults.ts';
import { type Ending, endingOf } from './raft-endings.ts';
import { Register } from './raft-register.ts';
import type { Witness } from './raft-witness.ts';

export type MachineDependencies = {
  readonly world: SimulatedWorld;
  readonly messages: SimulatedDatagrams<Datagram>;
  readonly snapshots: SimulatedDatagrams<SnapshotDatagram>;
  readonly witness: Witness;
  readonly logger: Logger;
  /** Hears what machines say to each other, as it leaves them. */
  readonly overhear: (name: string, message: Message) => void;
  /** A part of a snapshot is on its way to a machine, or is being installed there. */
  readonly onSnapshotPart: (name: string) => void;
  readonly onRefusedPeer: (peer: NodeId) => void;
  readonly onEnded: (ending: Ending) => void;
};

export type MachineOptions = {
  readonly id: NodeId;
  /** What the operator told it when it was set up; a new one waits to be told who the voters are. */
  readonly bootstrap: ConfState;
  readonly limits: RaftLimits;
  readonly syncMsMax: number;
  readonly syncFails: number;
  /** Seconds of its clock a true second. */
  readonly clockRate: number;
  /** Came back with an empty disk under an old id: what it does must not count anywhere. */
  readonly isWiped: boolean;
};

/** What runs on a machine while it is up. */
export type Program = {
  readonly life: Life;
  readonly clock: SimulatedClock;
  readonly node: RaftNode;
  readonly register: Register;
  readonly book: PeerBook;
  readonly membership: Membership;
  readonly log: LogStore;
  readonly store: SnapshotStore;
};

/**
 * `damaged`: bytes changed under it. `useless`: its program refused to start from what is left, or it
 * was given up.
 */
export type Condition = 'sound' | 'damaged' | 'wiped' | 'useless';

export class RaftMachine {
  readonly id: NodeId;
  readonly name: string;
  readonly disk: SimulatedDisk;
  readonly #dependencies: MachineDependencies;
  readonly #options: MachineOptions;
  readonly #random: Random;
  readonly #see: See;
  readonly #logger: Logger;
  #condition: Condition;
  #lives = 0;
  #program: Program | undefined;
  #stopping: Program | undefined;

  constructor(dependencies: MachineDependencies, options: MachineOptions) {
    const { world, witness } = dependencies;
    const { id, syncMsMax, isWiped } = options;
    this.id = id;
    this.name = machineName(id);
    const luck = isWiped ? `${this.name} wiped` : this.name;
    this.disk = new SimulatedDisk({ world }, { name: luck, syncMsMax });
    this.disk.setSyncFails(options.syncFails);
    this.#random = world.random(luck);
    this.#condition = isWiped ? 'wiped' : 'sound';
    this.#see = isWiped ? () => {} : (check) => witness.see(check);
    this.#logger = dependencies.logger.child({ machine: this.name });
    this.#dependencies = dependencies;
    this.#options = options;
  }

  get isLeader(): boolean {
    return this.#program?.node.standing().kind === 'leader';
  }

  get condition(): Condition {
    return this.#condition;
  }

  /** Undefined while it is down or starts. */
  get program(): Program | undefined {
    return this.#program;
  }

  start(): void {
    const { world } = this.#dependencies;
    if (world.isUp(this.name) || this.#condition === 'useless') return;
    this.#logger.info('Starting');
    const life = world.boot(this.name);
    this.#lives += 1;
    life.onEnd(() => {
      this.#program = undefined;
    });
    this.#open(life).catch((fault: unknown) => this.#onFault(life, fault));
  }

  crash(kind: 'process' | 'power'): void {
    this.#logger.info('Crashing', { kind });
    this.#dependencies.world.crash(this.name, kind);
  }

  pause(durationMs: number): void {
    this.#logger.info('Pausing', { durationMs });
    this.#dependencies.world.pause(this.name, durationMs);
  }

  /** Whatever it was in the middle of, frozen or about to stop: it runs on, or again. */
  revive(): void {
    this.#dependencies.world.resume(this.name);
    if (this.#stopping === this.#program) this.crash('process');
    this.start();
  }

  /**
   * In good order: hands over, closes what it has open, ends. Whoever cannot wait crashes it. False when
   * it did not come to that: nothing ran, or its disk failed it on the way.
   */
  async stop(): Promise<boolean> {
    const program = this.#program;
    if (program === undefined || this.#stopping === program) return false;
    this.#stopping = program;
    const { node, book, store, log, life } = program;
    try {
      await leave(node);
      await book[Symbol.asyncDispose]();
      await store.close();
      await log.close();
    } catch (fault) {
      this.#onFault(life, fault);
      return false;
    }
    if (life.alive) this.crash('process');
    return true;
  }

  /** For ever: nobody starts it again. */
  giveUp(): void {
    this.crash('power');
    this.#condition = 'useless';
  }

  /** Its disk was changed behind its back. */
  damaged(): void {
    if (this.#condition === 'sound') this.#condition = 'damaged';
  }

  async #open(life: Life): Promise<void> {
    const { world, witness } = this.#dependencies;
    const { id, limits, clockRate } = this.#options;
    const files = simulatedFiles({ disk: this.disk, life });
    const clock = simulatedClock({ world, life }, { rate: clockRate });
    const random = this.#random.fork(`life ${this.#lives}`);
    const logger = this.#logger;
    const onFault = (fault: unknown): void => this.#onFault(life, fault);
    const log = await this.#openLog({ files, clock, logger, onFault });
    const store = await openSnapshotStore(
      { files, logger },
      { folder: '/node/snapshots', clusterId, chunkBytes: limits.chunkBytes },
    );
    const isLogNew = log.lastIndex() === 0 && log.initial.hard.term === 0;
    const book = await openPeerBook(
      { files, random, logger },
      { path: '/node/book', id, isLogNew },
    );
    const register = new Register({
      onPut: (index, put) => this.#see(() => witness.oracle.performed(index, put)),
    });
    const sessions = new SessionMachine(
      { inner: register },
      { ...defaultSessionLimits, sessionsMax: limits.sessionsMax },
    );
    const node = await openRaftNode(
      {
        clock,
        random,
        logger,
        log,
        book,
        machine: watchedMachine({ id, life, see: this.#see }, sessions, register),
        connect: this.#connect(life, book),
        snapshots: { store, connect: this.#connectSnapshots(life) },
        defer: (turn) =>
          queueMicrotask(() => {
            turn();
            this.#look(life);
          }),
        onFault,
      },
      nodeOptions(id, limits),
    );
    const tMs = tickMs * limits.electionTicks;
    const membership = new Membership(
      { clock, logger, node, book },
      { ...defaultMembershipOptions, roundsMax: 5, roundMs: tMs, stallMsMax: 8 * tMs },
    );
    this.#program = { life, clock, node, register, book, membership, log, store };
    this.#look(life);
  }

  async #openLog(means: Parameters<typeof openWal>[0]): Promise<LogStore> {
    const { id, bootstrap, limits } = this.#options;
    const { segmentBytes } = limits;
    const store = await openWal(means, {
      folder: '/node/log',
      clusterId,
      nodeId: id,
      bootstrap,
      segmentBytes,
    });
    this.#see((safety) => safety.recovered(id, store.initial.hard, store));
    return watchedLog(id, store, this.#see);
  }

  #look(life: Life): void {
    const program = this.#program;
    if (program?.life !== life || !life.alive) return;
    this.#see((safety) => safety.looked(this.id, program.node.status()));
  }

  #connect(life: Life, book: PeerBook): RaftNodeDependencies['connect'] {
    const { world, messages: datagrams, overhear, onRefusedPeer } = this.#dependencies;
    const acquaintances = watchedAcquaintances(book, onRefusedPeer);
    const isUp = (machine: string): boolean => world.isUp(machine);
    const connect = memoryPeers(
      { datagrams, life, isUp, acquaintances },
      { id: this.id, clusterId, peers: machineName },
    );
    const onSaid = (message: Message): void => {
      this.#see((safety) => safety.said(message));
      overhear(this.name, message);
    };
    return (handlers) => watchedPeers(connect(handlers), onSaid);
  }

  #connectSnapshots(life: Life): SnapshotMeans['connect'] {
    const { world, snapshots: datagrams, onSnapshotPart } = this.#dependencies;
    const isUp = (machine: string): boolean => world.isUp(machine);
    const connect = memorySnapshots(
      { datagrams, life, isUp },
      { id: this.id, clusterId, machineOf: machineName },
    );
    return (handlers) =>
      watchedSnapshots(connect(handlers), (peer) => onSnapshotPart(machineName(peer)));
  }

  /** A program that cannot go on stops. Its supervisor starts it again, if that is of any use. */
  #onFault(life: Life, fault: unknown): void {
    const { world, witness, onEnded } = this.#dependencies;
    const ending = endingOf(fault);
    this.#logger.info('Stopping', { fault });
    const isRight = ending !== undefined && (ending !== 'refused' || this.#condition !== 'sound');
    if (isRight) onEnded(ending);
    else witness.fail(`${this.name} stopped`, fault);
    if (!life.alive) return;
    this.crash('process');
    if (ending === 'refused') {
      this.#condition = 'useless';
      this.#see((safety) => safety.lost(this.id));
    } else world.schedule(500, `${this.name} supervisor`, () => this.start());
  }
}

export const tickMs = 100;

const clusterId = 'simulated';

export const machineName = (id: NodeId): string => `n${id}`;

const nodeOptions = (id: NodeId, limits: RaftLimits): RaftNodeOptions => ({
  ...defaultRaftNodeOptions,
  id,
  tickMs,
  electionTicks: limits.electionTicks,
  messageBytesMax: limits.messageBytesMax,
  inflightMessagesMax: limits.inflightMessagesMax,
  uncommittedBytesMax: limits.uncommittedBytesMax,
  // No clock is off by more than a fifth (`raft-faults.ts`).
  lease: limits.hasLease ? { tickMs, driftMax: 0.2 } : undefined,
  snapshots: {
    ...defaultSnapshotOptions,
    everyBytes: limits.snapshotEveryBytes,
    tailBytes: limits.snapshotTailBytes,
    askTimeoutMs: 500,
    stallMsMax: 5000,
  },
});
