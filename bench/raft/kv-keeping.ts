/**
 * What a node of the key-value service keeps beside its log when it is asked to, as a master does:
 * snapshots, the book of its peers, and a desk for operators.
 */
import type { Random } from '#internal/base/random.ts';
import type { GrpcServer } from '#internal/rpc/grpc-server.ts';
import type { Clock } from '#internal/runtime/clock.ts';
import type { Logger } from '#internal/runtime/logger.ts';
import { systemFiles } from '#internal/runtime/real/files.ts';
import type { LogStore } from '#raft/core/log-store.ts';
import { type NodeId, nodeId } from '#raft/core/types.ts';
import { defaultMembershipOptions, Membership } from '#raft/node/membership.ts';
import { operatorDesk } from '#raft/node/operator-desk.ts';
import { openPeerBook } from '#raft/node/peer-book.ts';
import type { PeerAddress } from '#raft/node/peer-transport.ts';
import {
  defaultRaftNodeOptions,
  type RaftNode,
  type RaftNodeDependencies,
  type RaftNodeOptions,
} from '#raft/node/raft-node.ts';
import type { GrpcPeersDependencies } from '#raft/transport/grpc.ts';
import { serveOperators } from '#raft/transport/grpc-operators.ts';
import { grpcSnapshots } from '#raft/transport/grpc-snapshots.ts';
import { openSnapshotStore } from '#storage/snapshot/snapshot-store.ts';
import type { KvNodeOptions } from './kv-node-options.ts';

export type Keeping = {
  readonly parts: Required<Pick<RaftNodeDependencies, 'snapshots' | 'book'>>;
  readonly acquaintances: Required<Pick<GrpcPeersDependencies, 'acquaintances' | 'onLearnt'>>;
  readonly options: Pick<RaftNodeOptions, 'snapshots'>;
  serve(parts: ServeParts, options: { readonly roundMs: number }): void;
  close(): Promise<void>;
};

type ServeParts = { readonly clock: Clock; readonly node: RaftNode };

type KeepingDependencies = {
  readonly log: LogStore;
  readonly logger: Logger;
  readonly random: Random;
  readonly server: GrpcServer['server'];
};

/** Small, so that even a short test sends many. */
const chunkBytes = 16 * 1024;

/** Undefined when nothing of it is asked for. */
export async function openKeeping(
  dependencies: KeepingDependencies,
  options: KvNodeOptions,
): Promise<Keeping | undefined> {
  const { log, logger, random, server } = dependencies;
  const { folder, clusterId, peers, snapshots } = options;
  if (snapshots === undefined) return undefined;
  const [files, id] = [systemFiles(), nodeId(options.id)];
  const isLogNew = log.lastIndex() === 0 && log.initial.hard.term === 0;
  const book = await openPeerBook(
    { files, random, logger },
    { path: `${folder}/peers`, id, isLogNew },
  );
  const store = await openSnapshotStore(
    { files, logger },
    { folder: `${folder}/snapshots`, clusterId, chunkBytes },
  );
  const addresses = new Map<NodeId, PeerAddress>(peers.map((peer) => [nodeId(peer.id), peer]));
  const addressOf = (peer: NodeId): PeerAddress | undefined => addresses.get(peer);
  return {
    parts: {
      book,
      snapshots: {
        store,
        connect: grpcSnapshots(
          { logger, server, acquaintances: book },
          { id, clusterId, addressOfPeer: addressOf },
        ),
      },
    },
    acquaintances: {
      acquaintances: book,
      onLearnt: (peer, address) => void addresses.set(peer, address),
    },
    options: { snapshots: { ...defaultRaftNodeOptions.snapshots, ...snapshots } },
    serve({ clock, node }, { roundMs }) {
      const membership = new Membership(
        { clock, logger, node, book },
        { ...defaultMembershipOptions, roundMs },
      );
      serveOperators({ server, desk: operatorDesk({ node, membership, addressOf }) });
    },
    async close() {
      await book[Symbol.asyncDispose]();
      await store.close();
    },
  };
}
