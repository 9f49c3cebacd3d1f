import test from 'ava';
import { brand } from '#internal/base/brand.ts';
import { type GrpcServer, openGrpcServer } from '#internal/rpc/grpc-server.ts';
import { systemClock } from '#internal/runtime/real/clock.ts';
import { systemRandom } from '#internal/runtime/real/random.ts';
import { findFreePort } from '#internal/testing/free-port.ts';
import type { NodeId } from '#raft/core/types.ts';
import type { SnapshotRequest, SnapshotTransport } from '#raft/node/snapshot-transport.ts';
import { grpcSnapshots } from './grpc-snapshots.ts';
import { type SnapshotEndpoint, snapshotTransportSuite } from './snapshot-transport.suite.ts';

const host = '127.0.0.1';
const clock = systemClock();
const quiet = { debug() {}, info() {}, warn() {}, error() {}, child: () => quiet };
const never = new Promise<never>(() => {});

snapshotTransportSuite(test, async () => {
  const ports = new Map<NodeId, number>();
  for (const id of [1, 2]) {
    ports.set(brand<NodeId>(id), await findFreePort(host, systemRandom()));
  }
  const running = new Map<NodeId, { server: GrpcServer; transport: SnapshotTransport }>();
  const crash = async (id: NodeId): Promise<void> => {
    const program = running.get(id);
    running.delete(id);
    await program?.transport[Symbol.asyncDispose]();
    await program?.server[Symbol.asyncDispose]();
  };
  return {
    async open(id, { clusterId } = { clusterId: 'test' }) {
      await crash(id);
      const server = await openGrpcServer({ host, port: ports.get(id)! });
      const received: [NodeId, SnapshotRequest][] = [];
      const connect = grpcSnapshots(
        { logger: quiet, server: server.server },
        { id, clusterId, addressOfPeer: (peer) => ({ host, port: ports.get(peer)! }) },
      );
      const endpoint: SnapshotEndpoint = {
        transport: connect({
          onRequest: async (from, request) => {
            received.push([from, request]);
            return endpoint.answer ?? (await never);
          },
        }),
        received,
        answer: { kind: 'taken' },
      };
      running.set(id, { server, transport: endpoint.transport });
      return endpoint;
    },
    crash,
    settle: (promise) => promise,
    soon() {
      const abort = new AbortController();
      clock.after(1000, () => abort.abort());
      return abort.signal;
    },
    async [Symbol.asyncDispose]() {
      for (const id of running.keys()) await crash(id);
    },
  };
});
