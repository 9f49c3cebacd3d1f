/**
 * The thread of a master that has its log: disk, peers and the node between them, so that nothing that
 * holds up the master proper keeps heartbeats from the other masters. It opens from the disk outwards,
 * and closes in the opposite order.
 */
import { resolve } from 'node:path';
import { assert } from '#internal/base/assert.ts';
import { type GrpcServer, openGrpcServer } from '#internal/rpc/grpc-server.ts';
import { systemClock } from '#internal/runtime/real/clock.ts';
import { systemFiles } from '#internal/runtime/real/files.ts';
import { widenWindows } from '#internal/runtime/real/http2-windows.ts';
import { openLogger } from '#internal/runtime/real/logger.ts';
import { systemRandom } from '#internal/runtime/real/random.ts';
import { threadPort, threadSettings } from '#internal/runtime/real/thread.ts';
import { afterTurn } from '#internal/runtime/real/turn.ts';
import { newestVersion } from '#internal/state/version.ts';
import { membersOf } from '#raft/core/confchange.ts';
import type { LogStore } from '#raft/core/log-store.ts';
import type { SnapshotStore } from '#raft/core/snapshot-store.ts';
import { type NodeId, nodeId } from '#raft/core/types.ts';
import { defaultMembershipOptions, Membership } from '#raft/node/membership.ts';
import { operatorDesk } from '#raft/node/operator-desk.ts';
import { openPeerBook, type PeerBook } from '#raft/node/peer-book.ts';
import type { PeerAddress } from '#raft/node/peer-transport.ts';
import { defaultRaftNodeOptions, openRaftNode, type RaftNode } from '#raft/node/raft-node.ts';
import type { StateMachine } from '#raft/node/replicated-log.ts';
import { carried } from '#raft/thread/carried-error.ts';
import type { ToMachine, ToNode } from '#raft/thread/messages.ts';
import { defaultNodeHostOptions, NodeHost } from '#raft/thread/node-host.ts';
import { defaultGrpcPeersOptions, grpcPeers, peerWindowBytes } from '#raft/transport/grpc.ts';
import { serveOperators } from '#raft/transport/grpc-operators.ts';
import { type Saved, serveSaves } from '#raft/transport/grpc-saves.ts';
import { grpcSnapshots } from '#raft/transport/grpc-snapshots.ts';
import { portableBytes } from '#storage/snapshot/portable-snapshot.ts';
import { openSnapshotStore } from '#storage/snapshot/snapshot-store.ts';
import { openWal } from '#storage/wal/wal.ts';
import type { MasterFlags, Peer } from './flags.ts';
import { layoutOf, segmentBytes, snapshotChunkBytes } from './layout.ts';

/** So that the other thread's turns stay short, however much there is to apply. */
const committedBytesMax = 256 * 1024;

export type LogThreadSettings = {
  readonly flags: MasterFlags;
  /** All masters, this one too. */
  readonly peers: readonly Peer[];
  /** Where the others reach us. */
  readonly advertise: PeerAddress;
  readonly entryBytesMax: number;
};

type Disk = { readonly log: LogStore; readonly store: SnapshotStore; readonly book: PeerBook };

// oxlint-disable-next-line typescript/no-unsafe-type-assertion -- both ends are ours.
const { flags, peers: masters, advertise, entryBytesMax } = threadSettings() as LogThreadSettings;
const port = threadPort<readonly ToMachine[], readonly ToNode[]>();
const [clock, random] = [systemClock(), systemRandom()];
const logger = openLogger({ level: flags.logLevel });
const id = nodeId(flags.nodeId);
const clusterId = flags.cluster;
const stack = new AsyncDisposableStack();
let host: NodeHost | undefined;
/** Of the states of the other masters, as they told at their last handshake. */
const versions = new Map<NodeId, number | undefined>();

try {
  const disk = await openDisk();
  const grpc = stack.use(await openGrpcServer({ host: flags.ip, port: flags.peerPort }));
  stack.use(widenWindows(grpc.port, peerWindowBytes));
  host = new NodeHost(
    {
      port,
      clock,
      logger,
      defer: queueMicrotask,
      open: async (machine, onFault) => await openNode(machine, { ...disk, grpc, onFault }),
      machineVersionOfAll: versionOfAll,
      close: async () => await stack.disposeAsync(),
    },
    defaultNodeHostOptions,
  );
} catch (fault) {
  port.post([{ kind: 'fault', fault: carried(fault) }]);
  await stack.disposeAsync();
  port.close();
}

/** The log, its snapshots and the acquaintances, under the work directory. */
async function openDisk(): Promise<Disk> {
  const files = systemFiles();
  const workDir = resolve(flags.workDir);
  const layout = layoutOf(workDir);
  await files.makeFolder(workDir);
  const log = await openWal(
    { files, logger, clock, onFault: (fault) => host?.fail(fault) },
    {
      folder: layout.log,
      clusterId,
      nodeId: id,
      bootstrap: {
        voters: flags.join ? [] : masters.map((peer) => nodeId(peer.id)),
        outgoing: [],
        learners: [],
        learnersNext: [],
        autoLeave: false,
      },
      segmentBytes,
    },
  );
  stack.defer(async () => await log.close());
  const store = await openSnapshotStore(
    { files, logger },
    { folder: layout.snapshots, clusterId, chunkBytes: snapshotChunkBytes },
  );
  stack.defer(async () => await store.close());
  const isLogNew = log.lastIndex() === 0 && log.initial.hard.term === 0;
  const book = stack.use(
    await openPeerBook({ files, random, logger }, { path: layout.peers, id, isLogNew }),
  );
  return { log, store, book };
}

type NodeParts = Disk & {
  readonly grpc: GrpcServer;
  readonly onFault: (fault: unknown) => void;
};

async function openNode(machine: StateMachine, parts: NodeParts): Promise<RaftNode> {
  const { log, store, book, onFault } = parts;
  const { server } = parts.grpc;
  const others = masters.filter((peer) => peer.id !== flags.nodeId);
  const peers = new Map(others.map((peer) => [nodeId(peer.id), peer]));
  const addresses = new Map<NodeId, PeerAddress>([...peers, [id, advertise]]);
  const onLearnt = (peer: NodeId, address: PeerAddress): void => void addresses.set(peer, address);
  const addressOfPeer = (peer: NodeId): PeerAddress | undefined => addresses.get(peer);
  const node = await openRaftNode(
    {
      clock,
      random,
      logger,
      log,
      machine,
      defer: afterTurn,
      book,
      connect: grpcPeers(
        {
          clock,
          random,
          logger,
          server,
          acquaintances: book,
          onLearnt,
          onMachineVersion: (peer, version) => void versions.set(peer, version),
        },
        {
          ...defaultGrpcPeersOptions,
          id,
          clusterId,
          peers,
          advertise,
          machineVersion: newestVersion,
        },
      ),
      snapshots: {
        store,
        connect: grpcSnapshots(
          { logger, server, acquaintances: book },
          { id, clusterId, addressOfPeer },
        ),
      },
      onFault,
    },
    {
      ...defaultRaftNodeOptions,
      id,
      committedBytesMax,
      entryBytesMax,
      tickMs: flags.heartbeatInterval,
      electionTicks: Math.ceil(flags.electionTimeout / flags.heartbeatInterval),
      stallTicks: Math.ceil(flags.electionTimeout / flags.heartbeatInterval),
    },
  );
  const membership = new Membership(
    { clock, logger, node, book },
    { ...defaultMembershipOptions, roundMs: flags.electionTimeout },
  );
  serveOperators({ server, desk: operatorDesk({ node, membership, addressOf: addressOfPeer }) });
  serveSaves({ server, save: async () => await save(node, machine) });
  return node;
}

/** Undefined while some member has not told, or does not know of versions. */
function versionOfAll(node: RaftNode): number | undefined {
  const known = membersOf(node.status().conf).map((member) =>
    member === id ? newestVersion : versions.get(member),
  );
  return known.some((version) => version === undefined)
    ? undefined
    : Math.min(...known.map((version) => version ?? 0));
}

/** All that was decided when it was asked for, whichever master is asked. */
async function save(node: RaftNode, machine: StateMachine): Promise<Saved> {
  assert(machine.snapshot !== undefined, 'a machine that makes no snapshots');
  const read = await node.read();
  if (read.kind === 'refused') {
    return { kind: 'refused', why: `this master cannot read the state (${read.reason})` };
  }
  const { term } = node.standing();
  return { kind: 'bytes', bytes: portableBytes({ clusterId, term, ...machine.snapshot() }) };
}
