import test from 'ava';
import { SimulatedDatagrams } from '#internal/runtime/simulated/datagrams.ts';
import { SimulatedNetwork } from '#internal/runtime/simulated/network.ts';
import { SimulatedWorld } from '#internal/runtime/simulated/world.ts';
import { brand } from '#internal/base/brand.ts';
import type { Message, NodeId } from '#raft/core/types.ts';
import { type Datagram, memoryPeers } from './memory.ts';
import { type Neighbourhood, peerTransportSuite } from './peer-transport.suite.ts';

const ids = [1, 2, 3].map((id) => brand<NodeId>(id));

peerTransportSuite(test, async () => {
  const world = new SimulatedWorld({ seed: 1 });
  const network = new SimulatedNetwork({ world });
  const datagrams = new SimulatedDatagrams<Datagram>({ network }, { name: 'raft' });
  const place: Neighbourhood = {
    async open(id, { clusterId } = { clusterId: 'test' }) {
      const received: Message[] = [];
      const unreachable = new Set<NodeId>();
      const connect = memoryPeers(
        { datagrams, life: world.boot(`n${id}`), isUp: (machine) => world.isUp(machine) },
        { id, clusterId, peers: new Map(ids.map((peer) => [peer, `n${peer}`])) },
      );
      const transport = connect({
        onMessages: (messages) => void received.push(...messages),
        onUnreachable: (peer) => void unreachable.add(peer),
      });
      return { id, transport, received, unreachable };
    },
    crash: async (id) => world.crash(`n${id}`),
    async until(condition, nudge) {
      for (let tries = 0; tries < 1000; tries++) {
        nudge();
        if (await world.runUntil(condition, { withinMs: 5 })) return;
      }
      throw new Error('it never came');
    },
    async [Symbol.asyncDispose]() {
      for (const id of ids) world.crash(`n${id}`);
    },
  };
  return place;
});
