/**
 * The log of one master's machine: node, log and snapshots as `cmd/master` puts them together, with the
 * witness of Raft in each port. Segments and snapshots are small, so that in seconds a log rotates, is
 * compacted, and goes to a late master as a snapshot. The members never change.
 */
import type { Random } from '#internal/base/random.ts';
import type { Ledger } from '#internal/master/ledger.ts';
import { masterDefaults } from '#internal/master/leader/master.ts';
import type { SimulatedClock } from '#internal/runtime/simulated/clock.ts';
import type { SimulatedDisk } from '#internal/runtime/simulated/disk.ts';
import { simulatedFiles } from '#internal/runtime/simulated/files.ts';
import type { Life } from '#internal/runtime/simulated/life.ts';
import { type ConfState, nodeId } from '#raft/core/types.ts';
import {
  defaultRaftNodeOptions,
  openRaftNode,
  type RaftNode,
  type RaftNodeDependencies,
} from '#raft/node/raft-node.ts';
import type { StateMachine } from '#raft/node/replicated-log.ts';
import { defaultSnapshotOptions, type SnapshotMeans } from '#raft/node/snapshot-desk.ts';
import { memoryPeers } from '#raft/transport/memory.ts';
import { memorySnapshots } from '#raft/transport/memory-snapshots.ts';
import { openSnapshotStore } from '#storage/snapshot/snapshot-store.ts';
import { openWal } from '#storage/wal/wal.ts';
import { type Ground, masterName } from './cluster-ground.ts';
import type { ClusterHistory } from './cluster-history.ts';
import { type See, watchedLog, watchedPeers } from './raft-doors.ts';

export type NodeParts = {
  readonly ground: Ground;
  readonly history: ClusterHistory;
  readonly life: Life;
  readonly clock: SimulatedClock;
  readonly random: Random;
  readonly disk: SimulatedDisk;
  readonly ledger: Ledger;
  readonly onFault: (fault: unknown) => void;
};

export type NodeLimits = {
  readonly segmentBytes: number;
  readonly snapshotEveryBytes: number;
  readonly snapshotTailBytes: number;
};

export type NodeOptions = NodeLimits & { readonly id: number; readonly size: number };

const clusterId = 'simulated';
const chunkBytes = 4096;

/** The members of a cluster of that size, for ever. */
export const membersOf = (size: number): ConfState => ({
  voters: Array.from({ length: size }, (_, i) => nodeId(i + 1)),
  outgoing: [],
  learners: [],
  learnersNext: [],
  autoLeave: false,
});

export async function openClusterNode(parts: NodeParts, options: NodeOptions): Promise<RaftNode> {
  const { ground, life, clock, random, disk, onFault } = parts;
  const { logger, witness } = ground;
  const { size, segmentBytes, snapshotEveryBytes: everyBytes, snapshotTailBytes } = options;
  const id = nodeId(options.id);
  const files = simulatedFiles({ disk, life });
  const see: See = (check) => witness.see(({ raft }) => check(raft));
  const bootstrap = membersOf(size);
  const log = await openWal(
    { files, clock, logger },
    { folder: '/log', clusterId, nodeId: id, bootstrap, segmentBytes },
  );
  const store = await openSnapshotStore(
    { files, logger },
    { folder: '/snapshots', clusterId, chunkBytes },
  );
  see((safety) => safety.recovered(id, log.initial.hard, log));
  // Its state is as old as its mirror.
  const { ledger } = parts;
  see((safety) => safety.restored(id, ledger.appliedIndex(), ''));
  let node: RaftNode | undefined;
  const look = (): void => {
    const status = node?.status();
    if (life.alive && status !== undefined) see((safety) => safety.looked(id, status));
  };
  node = await openRaftNode(
    {
      clock,
      random: random.fork('raft'),
      logger,
      log: watchedLog(id, log, see),
      machine: watchedLedger(parts, options),
      connect: watchedConnect(parts, options, see),
      snapshots: { store, connect: connectSnapshots(parts, options) },
      defer: (turn) =>
        queueMicrotask(() => {
          turn();
          look();
        }),
      onFault,
    },
    {
      ...defaultRaftNodeOptions,
      id,
      entryBytesMax: 2 * masterDefaults.entryBytesMax,
      snapshots: {
        ...defaultSnapshotOptions,
        everyBytes,
        tailBytes: snapshotTailBytes,
        askTimeoutMs: 500,
        stallMsMax: 5000,
      },
    },
  );
  return node;
}

function watchedConnect(
  { ground, life }: NodeParts,
  { id, size }: NodeOptions,
  see: See,
): RaftNodeDependencies['connect'] {
  const { world, datagrams } = ground;
  const others = membersOf(size).voters.filter((other) => other !== nodeId(id));
  const peers = new Map(others.map((other) => [other, masterName(other)]));
  const isUp = (machine: string): boolean => world.isUp(machine);
  const connect = memoryPeers({ datagrams, life, isUp }, { id: nodeId(id), clusterId, peers });
  return (handlers) =>
    watchedPeers(connect(handlers), (message) => see((safety) => safety.said(message)));
}

function connectSnapshots(
  { ground, life }: NodeParts,
  { id }: NodeOptions,
): SnapshotMeans['connect'] {
  const { world, snapshots: datagrams } = ground;
  const isUp = (machine: string): boolean => world.isUp(machine);
  return memorySnapshots(
    { datagrams, life, isUp },
    { id: nodeId(id), clusterId, machineOf: masterName },
  );
}

/** Entries one at a time, so that each state is seen at its index. */
function watchedLedger(
  { ground, history, life, ledger }: NodeParts,
  { id }: NodeOptions,
): StateMachine {
  const { witness } = ground;
  const name = masterName(id);
  return {
    apply(entries) {
      for (const entry of entries) {
        const before = ledger.state();
        ledger.apply([entry]);
        witness.see(({ raft }) => raft.applied(nodeId(id), entry, ''));
        history.applied(name, entry, { before, after: ledger.state() });
      }
    },
    appliedIndex: () => ledger.appliedIndex(),
    snapshot: () => ledger.snapshot(),
    async restore(snapshot) {
      await ledger.restore(snapshot);
      if (!life.alive) return;
      witness.see(({ raft }) => raft.restored(nodeId(id), snapshot.index, ''));
      history.restored(name, snapshot.index, ledger.state());
    },
  };
}
