/**
 * One machine of the simulated cluster: a disk that outlives its programs, a clock of its own, and
 * the real node over the real log. What the node writes, says and applies is told to the witness on
 * its way through the ports.
 */
import type { Random } from '#internal/base/random.ts';
import { FilesError } from '#internal/runtime/files.ts';
import type { Logger } from '#internal/runtime/logger.ts';
import { simulatedClock } from '#internal/runtime/simulated/clock.ts';
import type { SimulatedDatagrams } from '#internal/runtime/simulated/datagrams.ts';
import { SimulatedDisk } from '#internal/runtime/simulated/disk.ts';
import { simulatedFiles } from '#internal/runtime/simulated/files.ts';
import type { Life } from '#internal/runtime/simulated/life.ts';
import type { SimulatedWorld } from '#internal/runtime/simulated/world.ts';
import type { LogStore } from '#raft/core/log-store.ts';
import type { ConfState, Message, NodeId } from '#raft/core/types.ts';
import type { PeerTransport } from '#raft/node/peer-transport.ts';
import {
  defaultRaftNodeOptions,
  RaftNode,
  type RaftNodeDependencies,
} from '#raft/node/raft-node.ts';
import type { Proposal, StateMachine } from '#raft/node/replicated-log.ts';
import { type Datagram, memoryPeers } from '#raft/transport/memory.ts';
import { openWal } from '#storage/wal/wal.ts';
import { WalError } from '#storage/wal/wal-error.ts';
import type { RaftLimits } from './raft-faults.ts';
import type { Witness } from './raft-witness.ts';

type Dependencies = {
  readonly world: SimulatedWorld;
  readonly datagrams: SimulatedDatagrams<Datagram>;
  readonly witness: Witness;
  readonly logger: Logger;
  /** Hears what machines say to each other, as it leaves them. */
  readonly overhear: (name: string, message: Message) => void;
};

export type MachineOptions = {
  readonly id: NodeId;
  readonly conf: ConfState;
  readonly limits: RaftLimits;
  readonly syncMsMax: number;
  readonly syncFails: number;
  /** Seconds of its clock a true second. */
  readonly clockRate: number;
};

export class RaftMachine {
  readonly id: NodeId;
  readonly name: string;
  readonly disk: SimulatedDisk;
  readonly #dependencies: Dependencies;
  readonly #options: MachineOptions;
  readonly #random: Random;
  #lives = 0;
  #node: RaftNode | undefined;

  constructor(dependencies: Dependencies, options: MachineOptions) {
    const { world } = dependencies;
    this.id = options.id;
    this.name = machineName(options.id);
    this.disk = new SimulatedDisk({ world }, { name: this.name, syncMsMax: options.syncMsMax });
    this.disk.setSyncFails(options.syncFails);
    this.#random = world.random(this.name);
    this.#dependencies = dependencies;
    this.#options = options;
  }

  get isLeader(): boolean {
    return this.#node?.standing().kind === 'leader';
  }

  /** Undefined while nobody is there to be asked. */
  propose(data: Uint8Array): Promise<Proposal> | undefined {
    return this.#node?.propose(data);
  }

  start(): void {
    const { world } = this.#dependencies;
    if (world.isUp(this.name)) return;
    const life = world.boot(this.name);
    this.#lives += 1;
    this.#open(life).catch((fault: unknown) => this.#onFault(life, fault));
    life.onEnd(() => {
      this.#node = undefined;
    });
  }

  crash(kind: 'process' | 'power'): void {
    this.#dependencies.world.crash(this.name, kind);
  }

  pause(durationMs: number): void {
    this.#dependencies.world.pause(this.name, durationMs);
  }

  async #open(life: Life): Promise<void> {
    const { world, logger, witness } = this.#dependencies;
    const { id, conf, limits, clockRate } = this.#options;
    const files = simulatedFiles({ disk: this.disk, life });
    const clock = simulatedClock({ world, life }, { rate: clockRate });
    const store = await openWal(
      { files, clock, logger },
      { folder: '/raft', clusterId, nodeId: id, bootstrap: conf, segmentBytes: 1 << 16 },
    );
    witness.see((safety) => safety.recovered(id, store.initial.hard, store));
    this.#node = new RaftNode(
      {
        clock,
        random: this.#random.fork(`life ${this.#lives}`),
        logger,
        log: watchedLog(id, store, witness),
        machine: watchedMachine(id, witness),
        connect: (handlers) => this.#connect(life)(handlers),
        onFault: (fault) => this.#onFault(life, fault),
      },
      { ...defaultRaftNodeOptions, ...limits, id },
    );
  }

  #connect(life: Life): RaftNodeDependencies['connect'] {
    const { world, datagrams, witness, overhear } = this.#dependencies;
    const { id, conf } = this.#options;
    const others = conf.voters.filter((voter) => voter !== id);
    const peers = new Map(others.map((peer) => [peer, machineName(peer)]));
    const isUp = (machine: string): boolean => world.isUp(machine);
    const connect = memoryPeers({ datagrams, life, isUp }, { id, clusterId, peers });
    const onSaid = (message: Message): void => {
      witness.see((safety) => safety.said(message));
      overhear(this.name, message);
    };
    return (handlers) => watchedTransport(connect(handlers), onSaid);
  }

  /** A program that cannot write stops, and its supervisor starts it again. */
  #onFault(life: Life, fault: unknown): void {
    const { world, witness } = this.#dependencies;
    if (!isDiskFault(fault)) witness.fail(`${this.name} stopped`, fault);
    if (!life.alive) return;
    this.crash('process');
    world.schedule(100, `${this.name} supervisor`, () => this.start());
  }
}

const clusterId = 'simulated';

const machineName = (id: NodeId): string => `n${id}`;

/** A sync that failed, as the plan wants it. Anything else that a log complains of is ours. */
function isDiskFault(fault: unknown): boolean {
  if (!(fault instanceof WalError)) return fault instanceof FilesError;
  return fault.cause instanceof FilesError;
}

function watchedLog(id: NodeId, store: LogStore, witness: Witness): LogStore {
  return {
    initial: store.initial,
    firstIndex: () => store.firstIndex(),
    lastIndex: () => store.lastIndex(),
    term: (index) => store.term(index),
    entries: (from, to, bytesMax) => store.entries(from, to, bytesMax),
    snapshot: () => store.snapshot(),
    compact: (mark, options) => store.compact(mark, options),
    installSnapshot: (mark) => store.installSnapshot(mark),
    hasRoom: () => store.hasRoom(),
    close: () => store.close(),
    async append(batch) {
      witness.see((safety) => safety.writing(id, batch));
      await store.append(batch);
      witness.see((safety) => safety.written(id));
    },
  };
}

function watchedTransport(
  transport: PeerTransport,
  onSaid: (message: Message) => void,
): PeerTransport {
  return {
    send(messages) {
      for (const message of messages) onSaid(message);
      transport.send(messages);
    },
    retire: (peer) => transport.retire(peer),
    [Symbol.asyncDispose]: () => transport[Symbol.asyncDispose](),
  };
}

/** Remembers nothing but how far it is: the witness compares what each machine applied. */
function watchedMachine(id: NodeId, witness: Witness): StateMachine {
  let at = 0;
  return {
    apply(entries) {
      for (const entry of entries) {
        witness.see((safety) => safety.applied(id, entry));
        at = entry.index;
      }
    },
    appliedIndex: () => at,
  };
}
