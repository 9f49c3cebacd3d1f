/**
 * `altiplano master`: builds the real ports, wires them, and runs until asked to stop.
 *
 * It opens from the disk outwards (log, applied state, gRPC, Raft, the leader's part, HTTP) and closes
 * in the opposite order, so that nobody talks to a room whose floor is gone.
 */
import { resolve } from 'node:path';
import type { Random } from '#internal/base/random.ts';
import { newUuid } from '#internal/base/uuid.ts';
import { build, mesosVersion } from '#internal/config/version.ts';
import { masterHandler } from '#internal/master/api/master-handler.ts';
import { Master, masterDefaults } from '#internal/master/leader/master.ts';
import { type Ledger, openLedger } from '#internal/master/ledger.ts';
import type { MasterAddress } from '#internal/model/cluster.ts';
import { masterId } from '#internal/model/ids.ts';
import { type GrpcServer, openGrpcServer } from '#internal/rpc/grpc-server.ts';
import { acceptGrpcLinks, agentLinkOptions } from '#internal/rpc/link-grpc.ts';
import type { Clock } from '#internal/runtime/clock.ts';
import type { Logger } from '#internal/runtime/logger.ts';
import { systemClock } from '#internal/runtime/real/clock.ts';
import { systemFiles } from '#internal/runtime/real/files.ts';
import { httpListener } from '#internal/runtime/real/http-server.ts';
import { openLogger } from '#internal/runtime/real/logger.ts';
import { systemRandom } from '#internal/runtime/real/random.ts';
import { afterTurn } from '#internal/runtime/real/turn.ts';
import { openTelemetry } from '#internal/telemetry/open-telemetry.ts';
import { masterSideCodec } from '#internal/wire/agent-link-codec.ts';
import type { LogStore } from '#raft/core/log-store.ts';
import type { SnapshotStore } from '#raft/core/snapshot-store.ts';
import { type NodeId, nodeId } from '#raft/core/types.ts';
import { leave } from '#raft/node/hand-over.ts';
import { openPeerBook, type PeerBook } from '#raft/node/peer-book.ts';
import { defaultRaftNodeOptions, openRaftNode, type RaftNode } from '#raft/node/raft-node.ts';
import type { PeerAddress } from '#raft/node/peer-transport.ts';
import { defaultGrpcPeersOptions, grpcPeers } from '#raft/transport/grpc.ts';
import { grpcSnapshots } from '#raft/transport/grpc-snapshots.ts';
import { openLevelStore } from '#storage/level/level-store.ts';
import { openSnapshotStore } from '#storage/snapshot/snapshot-store.ts';
import { openWal } from '#storage/wal/wal.ts';
import { advertisedIp } from '../advertised-ip.ts';
import { explain } from '../explain.ts';
import { readCommandLine } from '../read-command-line.ts';
import { openStopRequest } from '../stopping.ts';
import { textFlags } from '../text-flags.ts';
import { warnWhile } from '../warn-while.ts';
import { type MasterFlags, masterProgram, parsePeer, type Peer } from './flags.ts';

const segmentBytes = 64 * 1024 * 1024;
const snapshotChunkBytes = 256 * 1024;
const bodyBytesMax = 64 * 1024 * 1024;
const streamBacklogBytesMax = 64 * 1024 * 1024;
const streamDrainTimeoutMs = 5000;
const mirrorIntervalMs = 1000;
/** A disk that failed, or a bug: a supervisor may start us again, on what is durable. */
const faultStatus = 70;

export async function run(argv: readonly string[]): Promise<number> {
  const flags = readCommandLine(masterProgram, argv);
  if (typeof flags === 'number') return flags;
  const logger = openLogger({ level: flags.logLevel });
  using stop = openStopRequest(systemClock(), flags);
  try {
    await using stack = new AsyncDisposableStack();
    await openMaster(stack, flags, logger);
    await stop.asked;
    logger.info('stopping');
    return 0;
  } catch (error) {
    const line = explain(error);
    if (line === undefined) throw error;
    console.error(`altiplano master: ${line}`);
    return 1;
  }
}

async function openMaster(
  stack: AsyncDisposableStack,
  flags: MasterFlags,
  logger: Logger,
): Promise<void> {
  const telemetry = await openTelemetry({ env: process.env, serviceName: 'altiplano-master' });
  if (telemetry !== undefined) stack.use(telemetry);
  const clock = systemClock();
  const random = systemRandom();
  const self = selfFrom(flags, newUuid(random));
  logger.info('starting a master', { ...flags, masterId: self.id });

  const disk = await openDisk(stack, flags, { clock, random, logger });
  const { ledger } = disk;
  const grpc = stack.use(await openGrpcServer({ host: flags.ip, port: flags.grpcPort }));
  const { server } = grpc;
  const replicated = await openRaft(flags, { clock, random, logger, self, server, ...disk });
  stack.defer(async () => await leave(replicated));

  const master = new Master(
    { clock, random, logger, ledger, replicated },
    {
      ...masterDefaults,
      self,
      nodeId: flags.nodeId,
      version: mesosVersion,
      allocationIntervalMs: flags.allocationInterval,
      offerTimeoutMs: flags.offerTimeout === 0 ? undefined : flags.offerTimeout,
      agentPingTimeoutMs: flags.agentPingTimeout,
      agentPingTimeoutsMax: flags.maxAgentPingTimeouts,
      agentReregisterTimeoutMs: flags.agentReregisterTimeout,
    },
  );
  stack.defer(() => master.stop());
  acceptGrpcLinks(
    { server: grpc.server, clock, codec: masterSideCodec },
    agentLinkOptions,
    master.acceptAgent,
  );
  master.start();
  const { peers } = flags;
  const isLeaderless = (): boolean => replicated.standing().leader === undefined;
  stack.use(
    warnWhile(clock, isLeaderless, () =>
      logger.warn('no leader: a majority of the masters must be up and reach each other', {
        peers,
      }),
    ),
  );

  const handler = masterHandler(
    { door: master, clock, random, counters: () => countersOf(replicated) },
    {
      build: { version: mesosVersion, ...build, user: 'altiplano', gitSha: undefined },
      cluster: flags.cluster,
      flags: textFlags(flags),
      streamBacklogBytesMax,
      streamDrainTimeoutMs,
    },
  );
  const { ip: host, port } = flags;
  stack.use(await httpListener({ logger }).listen({ host, port, bodyBytesMax }, handler));
  logger.info('listening', { http: `${host}:${port}`, grpc: `${host}:${flags.grpcPort}` });
}

type Disk = {
  readonly log: LogStore;
  readonly ledger: Ledger;
  readonly store: SnapshotStore;
  readonly book: PeerBook;
};

type RaftParts = Disk & {
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly self: MasterAddress;
  readonly server: GrpcServer['server'];
};

async function openRaft(flags: MasterFlags, parts: RaftParts): Promise<RaftNode> {
  const { clock, random, logger, log, ledger, server, store, book, self } = parts;
  const id = nodeId(flags.nodeId);
  const clusterId = flags.cluster;
  const others = peersOf(flags).filter((peer) => peer.id !== flags.nodeId);
  const peers = new Map(others.map((peer) => [nodeId(peer.id), peer]));
  const addresses = new Map<NodeId, PeerAddress>(peers);
  return await openRaftNode(
    {
      clock,
      random,
      logger,
      log,
      machine: ledger,
      defer: afterTurn,
      book,
      connect: grpcPeers(
        {
          clock,
          random,
          logger,
          server,
          acquaintances: book,
          onLearnt: (peer, address) => void addresses.set(peer, address),
        },
        {
          ...defaultGrpcPeersOptions,
          id,
          clusterId,
          peers,
          advertise: { host: self.ip, port: self.grpcPort },
        },
      ),
      snapshots: {
        store,
        connect: grpcSnapshots(
          { logger, server, acquaintances: book },
          { id, clusterId, addressOfPeer: (peer) => addresses.get(peer) },
        ),
      },
      onFault: (fault) => endOnFault(fault, logger),
    },
    {
      ...defaultRaftNodeOptions,
      id,
      entryBytesMax: 2 * masterDefaults.entryBytesMax,
      tickMs: flags.heartbeatInterval,
      electionTicks: Math.ceil(flags.electionTimeout / flags.heartbeatInterval),
      stallTicks: Math.ceil(flags.electionTimeout / flags.heartbeatInterval),
    },
  );
}

/** The log, what was applied from it, its snapshots and the acquaintances, under the work directory. */
async function openDisk(
  stack: AsyncDisposableStack,
  flags: MasterFlags,
  parts: { readonly clock: Clock; readonly random: Random; readonly logger: Logger },
): Promise<Disk> {
  const { clock, random, logger } = parts;
  const files = systemFiles();
  const workDir = resolve(flags.workDir);
  await files.makeFolder(workDir);
  const id = nodeId(flags.nodeId);
  const clusterId = flags.cluster;
  const log = await openWal(
    { files, logger, clock },
    {
      folder: `${workDir}/log`,
      clusterId,
      nodeId: id,
      bootstrap: {
        voters: flags.join ? [] : peersOf(flags).map((peer) => nodeId(peer.id)),
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
    { folder: `${workDir}/snapshots`, clusterId, chunkBytes: snapshotChunkBytes },
  );
  stack.defer(async () => await store.close());
  const isLogNew = log.lastIndex() === 0 && log.initial.hard.term === 0;
  const book = stack.use(
    await openPeerBook({ files, random, logger }, { path: `${workDir}/peers`, id, isLogNew }),
  );
  const mirror = stack.use(await openLevelStore({ path: `${workDir}/state` }));
  const ledger = stack.use(await openLedger({ mirror, clock, logger }, { mirrorIntervalMs }));
  return { log, ledger, store, book };
}

/** The log's figures among the master's, as `raft/term`. */
const countersOf = (replicated: RaftNode): readonly (readonly [string, number])[] =>
  replicated.figures().map(({ name, value }) => [`raft/${name}`, value]);

function selfFrom(flags: MasterFlags, id: string): MasterAddress {
  return {
    id: masterId(id),
    hostname: flags.hostname,
    ip: advertisedIp(flags.advertiseIp ?? flags.ip),
    httpPort: flags.port,
    grpcPort: flags.grpcPort,
  };
}

/** A master without peers is a cluster of its own. */
function peersOf({ peers, nodeId: own, ip, grpcPort }: MasterFlags): readonly Peer[] {
  if (peers.length === 0) return [{ id: own, host: ip, port: grpcPort }];
  return peers.flatMap((peer) => parsePeer(peer) ?? []);
}

/** Nothing is tried again after a failed sync or a broken invariant: the process ends at once. */
function endOnFault(fault: unknown, logger: Logger): void {
  logger.error('the log failed, so this master ends', { error: fault });
  console.error(`altiplano master: ${explain(fault) ?? String(fault)}`);
  process.exit(faultStatus);
}
