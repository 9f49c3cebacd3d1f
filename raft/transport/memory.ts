/**
 * Peers on the simulated network. Every message is a datagram of its own, encoded as on a real wire,
 * so that it may be lost, late, repeated and out of order: worse than streams ever are, and Raft must
 * bear it.
 */
import type { SimulatedDatagrams } from '#internal/runtime/simulated/datagrams.ts';
import type { Life } from '#internal/runtime/simulated/life.ts';
import type { NodeId } from '#raft/core/types.ts';
import type { Acquaintances } from '#raft/node/peer-book.ts';
import type { PeerHandlers, PeerTransport } from '#raft/node/peer-transport.ts';
import { decodeMessages, encodeMessages } from './message-codec.ts';

export type Datagram = {
  readonly clusterId: string;
  readonly from: NodeId;
  /** The handshake of streams, with every message. */
  readonly birth: string;
  readonly bytes: Uint8Array;
};

export type MemoryTransportDependencies = {
  /** One for all nodes of a world. */
  readonly datagrams: SimulatedDatagrams<Datagram>;
  readonly life: Life;
  /** Whether a program runs on a machine: the kernel of one where none does refuses at once. */
  readonly isUp: (machine: string) => boolean;
  /** Without them everybody is who they say. */
  readonly acquaintances?: Acquaintances;
};

export type MemoryTransportOptions = {
  readonly id: NodeId;
  readonly clusterId: string;
  /** The machines of the others: those that are known, or a name for each. */
  readonly peers: ReadonlyMap<NodeId, string> | ((peer: NodeId) => string | undefined);
};

/** What a node connects by. */
export function memoryPeers(
  { datagrams, life, isUp, acquaintances }: MemoryTransportDependencies,
  { id, clusterId, peers }: MemoryTransportOptions,
): (handlers: PeerHandlers) => PeerTransport {
  const machineOf = (peer: NodeId): string | undefined =>
    typeof peers === 'function' ? peers(peer) : peers.get(peer);
  const birth = acquaintances?.birth ?? '';
  return (handlers) => {
    let isOpen = true;
    const retired = new Set<NodeId>();
    datagrams.bind(life, (datagram) => {
      const { from } = datagram;
      if (datagram.clusterId !== clusterId || retired.has(from)) return;
      if (acquaintances?.acquaint(from, datagram.birth) !== undefined) return;
      const messages = decodeMessages(datagram.bytes).filter(
        ({ to, from: sender }) => to === id && sender === from,
      );
      if (isOpen && messages.length > 0) handlers.onMessages(messages);
    });
    return {
      send(messages) {
        for (const message of messages) {
          const machine = machineOf(message.to);
          if (!isOpen || machine === undefined || retired.has(message.to)) continue;
          if (!isUp(machine)) handlers.onUnreachable(message.to);
          else {
            const bytes = encodeMessages([message]);
            datagrams.send(life, machine, { clusterId, from: id, birth, bytes });
          }
        }
      },
      retire: (peer) => void retired.add(peer),
      async [Symbol.asyncDispose]() {
        isOpen = false;
        datagrams.unbind(life);
      },
    };
  };
}
