/**
 * How snapshots travel: questions and answers beside the stream of messages, on a channel of their
 * own, so that a large one holds up neither heartbeats nor entries. `raft/transport/grpc-snapshots.ts`
 * is the real one, `raft/transport/memory-snapshots.ts` runs on the simulated network; both pass
 * `raft/transport/snapshot-transport.suite.ts`.
 */
import type { SnapshotChunk } from '#raft/core/snapshot-store.ts';
import type { Index, NodeId, Term } from '#raft/core/types.ts';

export type SnapshotRequest = {
  /** The term that the sender leads. */
  readonly term: Term;
} & SnapshotPart;

export type SnapshotPart =
  /** What is to come, as its store encodes it: first, and again after a break. */
  | { readonly kind: 'offer'; readonly manifest: Uint8Array }
  | { readonly kind: 'chunk'; readonly chunk: SnapshotChunk }
  /** All chunks are there: make it durable, and take it. */
  | { readonly kind: 'finish'; readonly index: Index; readonly at: Term };

export type SnapshotReply =
  /** Go on from here; all before it is there and right. The snapshot's size: finish. */
  | { readonly kind: 'continue'; readonly offset: number }
  /** It is durable there, or was before: nothing more is to be sent. */
  | { readonly kind: 'taken' }
  | { readonly kind: 'refused'; readonly why: string };

export type SnapshotTransport = AsyncDisposable & {
  /**
   * Rejects with `SnapshotTransportError` when there is no answer to be had: then the peer may or may
   * not have heard. `signal` ends the waiting.
   */
  ask(
    peer: NodeId,
    request: SnapshotRequest,
    options: { readonly signal: AbortSignal },
  ): Promise<SnapshotReply>;
};

export type SnapshotHandlers = {
  /** Never rejects. */
  onRequest(from: NodeId, request: SnapshotRequest): Promise<SnapshotReply>;
};

export class SnapshotTransportError extends Error {
  override readonly name: string = 'SnapshotTransportError';
  readonly code = 'UNREACHABLE' as const;
}
