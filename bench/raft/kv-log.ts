/** The log of a node of the key-value service: our disk, our peers over gRPC, and our Raft on them. */
import { openGrpcServer } from '#internal/rpc/grpc-server.ts';
import { systemClock } from '#internal/runtime/real/clock.ts';
import { systemFiles } from '#internal/runtime/real/files.ts';
import { widenWindows } from '#internal/runtime/real/http2-windows.ts';
import { openLogger } from '#internal/runtime/real/logger.ts';
import { systemRandom } from '#internal/runtime/real/random.ts';
import { afterTurn } from '#internal/runtime/real/turn.ts';
import { nodeId } from '#raft/core/types.ts';
import { defaultRaftNodeOptions, openRaftNode, type RaftNode } from '#raft/node/raft-node.ts';
import type { StateMachine } from '#raft/node/replicated-log.ts';
import { SessionMachine } from '#raft/node/session-machine.ts';
import { defaultGrpcPeersOptions, grpcPeers, peerWindowBytes } from '#raft/transport/grpc.ts';
import { openWal } from '#storage/wal/wal.ts';
import { countingFiles, type DiskCounts } from './counting-files.ts';
import { openKeeping } from './kv-keeping.ts';
import type { KvNodeOptions } from './kv-node-options.ts';

export type KvLog = {
  /** Once. */
  begin(machine: StateMachine): Promise<RaftNode>;
  /** After the node has stopped. */
  close(): Promise<void>;
};

export type KvLogDependencies = {
  readonly disk: DiskCounts;
  readonly onFault: (fault: unknown) => void;
};

export async function openKvLog(
  { disk, onFault }: KvLogDependencies,
  options: KvNodeOptions,
): Promise<KvLog> {
  const { id, clusterId, folder, peers, tickMs, electionTicks, segmentBytes, joins } = options;
  const own = peers.find((peer) => peer.id === id);
  if (own === undefined) throw new Error(`node ${id} is none of the peers`);
  const logger = openLogger({ level: 'warn' });
  const [clock, random] = [systemClock(), systemRandom()];
  const grpc = await openGrpcServer({ host: own.host, port: own.port });
  const windows = widenWindows(grpc.port, peerWindowBytes);
  const { server } = grpc;
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
  const keeping = await openKeeping({ log, logger, random, server }, options);
  const others = peers.filter((peer) => peer.id !== id);
  const connect = grpcPeers(
    { clock, random, logger, server, ...keeping?.acquaintances },
    {
      ...defaultGrpcPeersOptions,
      id: nodeId(id),
      clusterId,
      peers: new Map(others.map((peer) => [nodeId(peer.id), peer])),
      advertise: own,
    },
  );
  return {
    async begin(inner) {
      const machine = new SessionMachine({ inner });
      const node = await openRaftNode(
        {
          clock,
          random,
          logger,
          log,
          machine,
          ...keeping?.parts,
          connect,
          defer: afterTurn,
          onFault,
        },
        { ...defaultRaftNodeOptions, ...keeping?.options, id: nodeId(id), tickMs, electionTicks },
      );
      keeping?.serve({ clock, node }, { roundMs: tickMs * electionTicks });
      return node;
    },
    async close() {
      await keeping?.close();
      await log.close();
      windows[Symbol.dispose]();
      await grpc[Symbol.asyncDispose]();
    },
  };
}
