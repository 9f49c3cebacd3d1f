/**
 * One node of a key-value service, as a process: our log, our Raft, our peers over gRPC, and on the
 * same port a part of etcd's API. Its argument is JSON (`KvNodeOptions`); it says `listening`, and its
 * standing at each change, as lines of JSON. It ends on SIGTERM, and with whoever holds its input.
 */
import type { KvNodeOptions } from './kv-node-options.ts';
import { openGrpcServer } from '#internal/rpc/grpc-server.ts';
import { systemClock } from '#internal/runtime/real/clock.ts';
import { systemFiles } from '#internal/runtime/real/files.ts';
import { openLogger } from '#internal/runtime/real/logger.ts';
import { systemRandom } from '#internal/runtime/real/random.ts';
import { afterTurn } from '#internal/runtime/real/turn.ts';
import { nodeId } from '#raft/core/types.ts';
import { leave } from '#raft/node/hand-over.ts';
import { defaultRaftNodeOptions, openRaftNode } from '#raft/node/raft-node.ts';
import { SessionMachine } from '#raft/node/session-machine.ts';
import { defaultGrpcPeersOptions, grpcPeers } from '#raft/transport/grpc.ts';
import { openWal } from '#storage/wal/wal.ts';
import { countingFiles } from './counting-files.ts';
import { openKeeping } from './kv-keeping.ts';
import { KvMachine } from './kv-machine.ts';
import { serveKv } from './kv-service.ts';

// oxlint-disable-next-line typescript/no-unsafe-type-assertion -- both ends are ours.
const options = JSON.parse(process.argv[2] ?? '{}') as KvNodeOptions;
const { id, clusterId, folder, peers, tickMs, electionTicks, segmentBytes, joins } = options;
const own = peers.find((peer) => peer.id === id);
if (own === undefined) throw new Error(`node ${id} is none of the peers`);

const logger = openLogger({ level: 'warn' });
const [clock, random] = [systemClock(), systemRandom()];
const disk = { syncs: 0, writtenBytes: 0 };
const say = (line: object): void => console.log(JSON.stringify(line));

const grpc = await openGrpcServer({ host: own.host, port: own.port });
const voters = joins === true ? [] : peers.map((peer) => nodeId(peer.id));
const log = await openWal(
  { files: countingFiles(systemFiles(), disk), clock, logger, onFault },
  {
    folder,
    clusterId,
    nodeId: nodeId(id),
    bootstrap: { voters, outgoing: [], learners: [], learnersNext: [], autoLeave: false },
    segmentBytes,
  },
);
const machine = new KvMachine(id);
const sessions = new SessionMachine({ inner: machine });
const others = peers.filter((peer) => peer.id !== id);
const keeping = await openKeeping({ log, logger, random, server: grpc.server }, options);
const node = await openRaftNode(
  {
    clock,
    random,
    logger,
    log,
    machine: sessions,
    ...keeping?.parts,
    connect: grpcPeers(
      { clock, random, logger, server: grpc.server, ...keeping?.acquaintances },
      {
        ...defaultGrpcPeersOptions,
        id: nodeId(id),
        clusterId,
        peers: new Map(others.map((peer) => [nodeId(peer.id), peer])),
        advertise: own,
      },
    ),
    defer: afterTurn,
    onFault,
  },
  { ...defaultRaftNodeOptions, ...keeping?.options, id: nodeId(id), tickMs, electionTicks },
);
keeping?.serve({ clock, node }, { roundMs: tickMs * electionTicks });
node.watch((standing) => say({ kind: 'standing', standing }));

await serveKv({ node, machine, disk }, { host: own.host, port: own.kvPort });
say({ kind: 'listening' });

process.stdin.resume().on('end', () => process.exit(1));
process.once('SIGTERM', () => void stop());

function onFault(fault: unknown): never {
  console.error(fault);
  process.exit(70);
}

async function stop(): Promise<void> {
  await leave(node);
  await keeping?.close();
  await log.close();
  await grpc[Symbol.asyncDispose]();
  process.exit(0);
}
