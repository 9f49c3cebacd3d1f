/**
 * The log of one master's machine: node, log and snapshots as `cmd/master` puts them together, with the
 * witness of Raft in each port. Segments and snapshots are small, so that in seconds a log rotates, is
 * compacted, and goes to a late master as a snapshot. Members are changed as an operator changes them.
 */
import type { Random } from '#internal/base/random.ts';
import type { Ledger } from '#internal/master/ledger.ts';
import { masterDefaults } from '#internal/master/leader/master.ts';
import type { State } from '#internal/state/state.ts';
import { StateVersionError } from '#internal/state/version.ts';
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
import { defaultMembershipOptions, Membership } from '#raft/node/membership.ts';
import { openPeerBook, type PeerBook } from '#raft/node/peer-book.ts';
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
  /** The newest version of the state that the program knows: an older one than ours stops at ours. */
  readonly newestVersion: () => number;
  readonly onFault: (fault: unknown) => void;
};

export type NodeLimits = {
  readonly segmentBytes: number;
  readonly snapshotEveryBytes: number;
  readonly snapshotTailBytes: number;
};

export type NodeOptions = NodeLimits & {
  readonly id: number;
  /** Members of the cluster as it began. */
  readonly size: number;
  /** It is none of them, and waits to be told who they are. */
  readonly joins?: boolean;
};

export type ClusterNode = { readonly node: RaftNode; readonly membership: Membership };

const clusterId = 'simulated';
const chunkBytes = 4096;

/** The members of a cluster of that size as it begins. */
export const membersOf = (size: number): ConfState => ({
  voters: Array.from({ length: size }, (_, i) => nodeId(i + 1)),
  outgoing: [],
  learners: [],
  learnersNext: [],
  autoLeave: false,
});

export async function openClusterNode(
  parts: NodeParts,
  options: NodeOptions,
): Promise<ClusterNode> {
  const { ground, life, clock, random, disk, onFault } = parts;
  const { logger, witness } = ground;
  const { size, segmentBytes, snapshotEveryBytes: everyBytes, snapshotTailBytes } = options;
  const id = nodeId(options.id);
  const files = simulatedFiles({ disk, life });
  const see: See = (check) => witness.see(({ raft }) => check(raft));
  const bootstrap = options.joins === true ? { ...membersOf(size), voters: [] } : membersOf(size);
  const log = await openWal(
    { files, clock, logger },
    { folder: '/log', clusterId, nodeId: id, bootstrap, segmentBytes },
  );
  const store = await openSnapshotStore(
    { files, logger },
    { folder: '/snapshots', clusterId, chunkBytes },
  );
  const isLogNew = log.lastIndex() === 0 && log.initial.hard.term === 0;
  const book = await openPeerBook({ files, random, logger }, { path: '/book', id, isLogNew });
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
      book,
      machine: watchedLedger(parts, options),
      connect: watchedConnect(parts, { id: options.id, book }, see),
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
  const membership = new Membership({ clock, logger, node, book }, membershipOptions);
  return { node, membership };
}

/** Whoever does not keep up is given up in the time of a run. */
const membershipOptions = {
  ...defaultMembershipOptions,
  roundsMax: 5,
  stallMsMax: 8000,
};

function watchedConnect(
  { ground, life }: NodeParts,
  { id, book }: { readonly id: number; readonly book: PeerBook },
  see: See,
): RaftNodeDependencies['connect'] {
  const { world, datagrams } = ground;
  const isUp = (machine: string): boolean => world.isUp(machine);
  const connect = memoryPeers(
    { datagrams, life, isUp, acquaintances: book },
    { id: nodeId(id), clusterId, peers: masterName },
  );
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
  { ground, history, life, ledger, newestVersion }: NodeParts,
  { id }: NodeOptions,
): StateMachine {
  const { witness } = ground;
  const understand = ({ version }: State): void => {
    if (version > newestVersion()) throw new StateVersionError(version);
  };
  understand(ledger.state());
  const name = masterName(id);
  return {
    apply(entries) {
      for (const entry of entries) {
        const before = ledger.state();
        ledger.apply([entry]);
        understand(ledger.state());
        witness.see(({ raft }) => raft.applied(nodeId(id), entry, ''));
        history.applied(name, entry, { before, after: ledger.state() });
      }
    },
    appliedIndex: () => ledger.appliedIndex(),
    snapshot: () => ledger.snapshot(),
    async restore(snapshot) {
      await ledger.restore(snapshot);
      if (!life.alive) return;
      understand(ledger.state());
      witness.see(({ raft }) => raft.restored(nodeId(id), snapshot.index, ''));
      history.restored(name, snapshot.index, ledger.state());
    },
  };
}
