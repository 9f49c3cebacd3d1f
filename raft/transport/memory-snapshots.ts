/**
 * Snapshots on the simulated network: questions and answers as datagrams, encoded as on a real wire,
 * which may be lost, late, repeated and out of order. An answer finds its question by number; one
 * that does not come is the asker's to give up.
 */
import type { SimulatedDatagrams } from '#internal/runtime/simulated/datagrams.ts';
import type { Life } from '#internal/runtime/simulated/life.ts';
import type { NodeId } from '#raft/core/types.ts';
import {
  type SnapshotHandlers,
  type SnapshotReply,
  type SnapshotTransport,
  SnapshotTransportError,
} from '#raft/node/snapshot-transport.ts';
import { decodeReply, decodeRequest, encodeReply, encodeRequest } from './snapshot-codec.ts';

export type SnapshotDatagram = {
  readonly clusterId: string;
  readonly kind: 'request' | 'reply';
  readonly from: NodeId;
  readonly number: number;
  readonly bytes: Uint8Array;
};

export type MemorySnapshotsDependencies = {
  /** One for all nodes of a world, apart from that of the messages. */
  readonly datagrams: SimulatedDatagrams<SnapshotDatagram>;
  readonly life: Life;
  readonly isUp: (machine: string) => boolean;
};

export type MemorySnapshotsOptions = {
  readonly id: NodeId;
  readonly clusterId: string;
  readonly machineOf: (peer: NodeId) => string;
};

/** What a node connects by. */
export function memorySnapshots(
  { datagrams, life, isUp }: MemorySnapshotsDependencies,
  { id, clusterId, machineOf }: MemorySnapshotsOptions,
): (handlers: SnapshotHandlers) => SnapshotTransport {
  return (handlers) => {
    let isOpen = true;
    let asked = 0;
    const waiting = new Map<number, (reply: SnapshotReply) => void>();
    const send = (to: string, body: Omit<SnapshotDatagram, 'clusterId' | 'from'>): void =>
      datagrams.send(life, to, { clusterId, from: id, ...body });
    datagrams.bind(life, (datagram, machine) => {
      if (!isOpen || datagram.clusterId !== clusterId) return;
      const { kind, from, number, bytes } = datagram;
      if (kind === 'reply') {
        waiting.get(number)?.(decodeReply(bytes));
        return;
      }
      void onRequest(machine, { from, number, bytes });
    });
    const onRequest = async (
      machine: string,
      { from, number, bytes }: Pick<SnapshotDatagram, 'from' | 'number' | 'bytes'>,
    ): Promise<void> => {
      const reply = await handlers.onRequest(from, decodeRequest(bytes));
      if (isOpen) send(machine, { kind: 'reply', number, bytes: encodeReply(reply) });
    };
    return {
      async ask(peer, request, { signal }) {
        const machine = machineOf(peer);
        if (!isOpen || signal.aborted || !isUp(machine)) throw unreachablePeer(peer);
        const number = ++asked;
        const { promise, resolve, reject } = Promise.withResolvers<SnapshotReply>();
        const giveUp = (): void => reject(unreachablePeer(peer));
        const letGo = (): void => signal.removeEventListener('abort', giveUp);
        // A program that has crashed never comes to the end of this call.
        const forget = life.onEnd(letGo);
        signal.addEventListener('abort', giveUp, { once: true });
        waiting.set(number, resolve);
        try {
          send(machine, { kind: 'request', number, bytes: encodeRequest(request) });
          return await promise;
        } finally {
          waiting.delete(number);
          forget();
          letGo();
        }
      },
      async [Symbol.asyncDispose]() {
        isOpen = false;
        datagrams.unbind(life);
      },
    };
  };
}

const unreachablePeer = (peer: NodeId): SnapshotTransportError =>
  new SnapshotTransportError(`Node ${peer} does not answer`);
