/**
 * How nodes reach each other: one long-lived stream per peer and direction, in order while it lasts,
 * lossy when it breaks. `raft/transport/grpc.ts` is the real one, `raft/transport/memory.ts` runs on
 * the simulated network; both pass `raft/transport/peer-transport.suite.ts`.
 */
import type { Message, NodeId } from '#raft/core/types.ts';

export type PeerTransport = AsyncDisposable & {
  /**
   * Queues messages for their peers and returns at once. What does not fit into a peer's bounded
   * queue, or finds it unreachable, is dropped and told to `onUnreachable`: Raft repeats itself.
   */
  send(messages: readonly Message[]): void;
  /** The peer was removed from the cluster, for ever: nothing goes to it or comes from it. */
  retire(peer: NodeId): void;
};

export type PeerHandlers = {
  onMessages(messages: readonly Message[]): void;
  onUnreachable(peer: NodeId): void;
};

/** Where a peer listens for gRPC. */
export type PeerAddress = { readonly host: string; readonly port: number };
