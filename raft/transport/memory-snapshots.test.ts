import test from 'ava';
import { brand } from '#internal/base/brand.ts';
import { SimulatedDatagrams } from '#internal/runtime/simulated/datagrams.ts';
import { SimulatedNetwork } from '#internal/runtime/simulated/network.ts';
import { SimulatedWorld } from '#internal/runtime/simulated/world.ts';
import type { NodeId } from '#raft/core/types.ts';
import type { SnapshotRequest } from '#raft/node/snapshot-transport.ts';
import { memorySnapshots, type SnapshotDatagram } from './memory-snapshots.ts';
import { type SnapshotEndpoint, snapshotTransportSuite } from './snapshot-transport.suite.ts';

const never = new Promise<never>(() => {});

snapshotTransportSuite(test, async () => {
  const world = new SimulatedWorld({ seed: 1 });
  const network = new SimulatedNetwork({ world });
  const datagrams = new SimulatedDatagrams<SnapshotDatagram>({ network }, { name: 'snapshots' });
  return {
    async open(id, { clusterId } = { clusterId: 'test' }) {
      const received: [NodeId, SnapshotRequest][] = [];
      const connect = memorySnapshots(
        { datagrams, life: world.boot(`n${id}`), isUp: (machine) => world.isUp(machine) },
        { id, clusterId, machineOf: (peer) => `n${peer}` },
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
      return endpoint;
    },
    crash: async (id) => world.crash(`n${id}`),
    settle: (promise) => world.settle(promise, { withinMs: 60_000 }),
    soon() {
      const abort = new AbortController();
      world.schedule(1000, 'patience', () => abort.abort());
      return abort.signal;
    },
    async [Symbol.asyncDispose]() {
      for (const id of [1, 2]) world.crash(`n${brand<NodeId>(id)}`);
    },
  };
});
