/**
 * Peers on the simulated network. Every message is a datagram of its own, encoded as on a real wire,
 * so that it may be lost, late, repeated and out of order: worse than streams ever are, and Raft must
 * bear it.
 */
import type { SimulatedDatagrams } from '#internal/runtime/simulated/datagrams.ts';
import type { Life } from '#internal/runtime/simulated/life.ts';
import type { NodeId } from '#raft/core/types.ts';
import type { PeerHandlers, PeerTransport } from '#raft/node/peer-transport.ts';
import { decodeMessages, encodeMessages } from './message-codec.ts';

export type Datagram = { readonly clusterId: string; readonly bytes: Uint8Array };

export type MemoryTransportDependencies = {
  /** One for all nodes of a world. */
  readonly datagrams: SimulatedDatagrams<Datagram>;
  readonly life: Life;
  /** Whether a program runs on a machine: the kernel of one where none does refuses at once. */
  readonly isUp: (machine: string) => boolean;
};

export type MemoryTransportOptions = {
  readonly id: NodeId;
  readonly clusterId: string;
  /** The machines of the others. */
  readonly peers: ReadonlyMap<NodeId, string>;
};

/** What a node connects by. */
export function memoryPeers(
  { datagrams, life, isUp }: MemoryTransportDependencies,
  { id, clusterId, peers }: MemoryTransportOptions,
): (handlers: PeerHandlers) => PeerTransport {
  return (handlers) => {
    let isOpen = true;
    datagrams.bind(life, (datagram) => {
      if (datagram.clusterId !== clusterId) return;
      const messages = decodeMessages(datagram.bytes).filter(({ to }) => to === id);
      if (isOpen && messages.length > 0) handlers.onMessages(messages);
    });
    return {
      send(messages) {
        for (const message of messages) {
          const machine = peers.get(message.to);
          if (!isOpen || machine === undefined) continue;
          if (!isUp(machine)) handlers.onUnreachable(message.to);
          else datagrams.send(life, machine, { clusterId, bytes: encodeMessages([message]) });
        }
      },
      async [Symbol.asyncDispose]() {
        isOpen = false;
        datagrams.unbind(life);
      },
    };
  };
}
