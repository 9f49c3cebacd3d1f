/**
 * Sends snapshots to peers that lack what the log has forgotten: one peer at a time, throttled, chunk
 * by chunk, from where the peer says that it is. It gives up when nothing has moved forward for a
 * while, however long the whole takes, or at the first silence when another peer waits; and always
 * tells how it ended: until then the core sends that peer nothing else.
 */
import type { Clock } from '#internal/runtime/clock.ts';
import type { Logger } from '#internal/runtime/logger.ts';
import type { SnapshotReader, SnapshotStore } from '#raft/core/snapshot-store.ts';
import type { Message, NodeId, Term } from '#raft/core/types.ts';
import {
  type SnapshotPart,
  type SnapshotReply,
  type SnapshotTransport,
  SnapshotTransportError,
} from './snapshot-transport.ts';
import { newTokenBucket, take, type TokenBucket } from './token-bucket.ts';

export type SnapshotMessage = Extract<Message, { kind: 'MsgSnap' }>;

export type SnapshotSenderDependencies = {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly store: Pick<SnapshotStore, 'open'>;
  readonly transport: SnapshotTransport;
  /** Called once for each `send`. */
  readonly onEnd: (peer: NodeId, arrived: boolean) => void;
  /** Our own disk gave something else than was written: this node must stop. */
  readonly onFault: (fault: unknown) => void;
};

export type SnapshotSenderOptions = {
  readonly bytesPerSecondMax: number;
  /** Without a step forward for so long, sending is given up. */
  readonly stallMsMax: number;
  /** An answer that does not come is asked for again after so long. */
  readonly askTimeoutMs: number;
  readonly retryPauseMs: number;
};

export class SnapshotSender {
  readonly #dependencies: SnapshotSenderDependencies;
  readonly #options: SnapshotSenderOptions;
  /** One for each peer at most: the core asks again only after `onEnd`. */
  readonly #waiting = new Map<NodeId, SnapshotMessage>();
  #sending: { readonly message: SnapshotMessage; readonly abort: AbortController } | undefined;
  #bucket: TokenBucket;
  #bytesSent = 0;
  #isStopped = false;

  constructor(dependencies: SnapshotSenderDependencies, options: SnapshotSenderOptions) {
    const { bytesPerSecondMax } = options;
    this.#dependencies = dependencies;
    this.#options = options;
    this.#bucket = newTokenBucket(
      bytesPerSecondMax,
      bytesPerSecondMax / 4,
      dependencies.clock.monotonic(),
    );
  }

  get bytesSent(): number {
    return this.#bytesSent;
  }

  send(message: SnapshotMessage): void {
    if (this.#isStopped) return;
    this.#waiting.set(message.to, message);
    this.#next();
  }

  /** We lead in another term, or not at all: what is under way serves nobody. */
  abandonBefore(term: Term): void {
    for (const [peer, message] of this.#waiting) {
      if (message.term < term) this.#waiting.delete(peer);
    }
    if (this.#sending !== undefined && this.#sending.message.term < term) {
      this.#sending.abort.abort();
    }
  }

  stop(): void {
    this.#isStopped = true;
    this.#waiting.clear();
    this.#sending?.abort.abort();
  }

  #next(): void {
    if (this.#isStopped || this.#sending !== undefined) return;
    const [message] = this.#waiting.values();
    if (message === undefined) return;
    this.#waiting.delete(message.to);
    const abort = new AbortController();
    this.#sending = { message, abort };
    void this.#sendNext(message, abort.signal);
  }

  /** Never rejects. */
  async #sendNext(message: SnapshotMessage, signal: AbortSignal): Promise<void> {
    const { onEnd, onFault } = this.#dependencies;
    try {
      const arrived = await this.#sendWhole(message, signal);
      this.#sending = undefined;
      if (this.#isStopped) return;
      onEnd(message.to, arrived);
      this.#next();
    } catch (fault) {
      this.#sending = undefined;
      if (!this.#isStopped) onFault(fault);
    }
  }

  async #sendWhole(message: SnapshotMessage, signal: AbortSignal): Promise<boolean> {
    const { store, logger } = this.#dependencies;
    const { to: peer, snapshot } = message;
    const reader = await store.open(snapshot);
    // A newer one has taken its place: the core is told no, and asks for that one.
    if (reader === undefined) return false;
    const fields = { peer, index: snapshot.index, bytes: reader.manifest.sizeBytes };
    logger.info('Sending a snapshot', fields);
    try {
      const reply = await this.#converse(reader, message, signal);
      if (reply.kind === 'taken') logger.info('A snapshot has arrived', fields);
      else logger.warn('A snapshot did not arrive', { ...fields, reply });
      return reply.kind === 'taken';
    } finally {
      await reader.close();
    }
  }

  /** Offers, and then does what the peer says, until it has all, refuses, or is silent for too long. */
  async #converse(
    reader: SnapshotReader,
    { to: peer, term }: SnapshotMessage,
    signal: AbortSignal,
  ): Promise<SnapshotReply> {
    const { clock } = this.#dependencies;
    const offer: SnapshotPart = { kind: 'offer', manifest: reader.encoded };
    let part: SnapshotPart = offer;
    let farthest = -1;
    let movedAtMs = clock.monotonic();
    while (!signal.aborted && clock.monotonic() - movedAtMs < this.#options.stallMsMax) {
      const reply = await this.#ask(peer, { term, ...part }, signal);
      if (reply === undefined) {
        // Whoever waits may be the one that the cluster lacks; this one may never answer.
        if (this.#waiting.size > 0) return { kind: 'refused', why: 'silent, and another waits' };
        // Where the peer is now, only it knows.
        part = offer;
        await pause(clock, this.#options.retryPauseMs, signal);
        continue;
      }
      if (reply.kind !== 'continue') return reply;
      if (reply.offset > farthest) movedAtMs = clock.monotonic();
      farthest = Math.max(farthest, reply.offset);
      part = await partAt(reader, reply.offset);
      if (part.kind === 'chunk') await this.#throttle(part.chunk.bytes.length, signal);
    }
    return { kind: 'refused', why: signal.aborted ? 'given up' : 'no step forward for too long' };
  }

  /** Undefined when there is no answer. */
  async #ask(
    peer: NodeId,
    request: Parameters<SnapshotTransport['ask']>[1],
    signal: AbortSignal,
  ): Promise<SnapshotReply | undefined> {
    const { clock, transport } = this.#dependencies;
    const patience = new AbortController();
    const timer = clock.after(this.#options.askTimeoutMs, () => patience.abort());
    try {
      const both = AbortSignal.any([signal, patience.signal]);
      return await transport.ask(peer, request, { signal: both });
    } catch (fault) {
      if (fault instanceof SnapshotTransportError) return undefined;
      throw fault;
    } finally {
      timer.cancel();
    }
  }

  async #throttle(bytes: number, signal: AbortSignal): Promise<void> {
    const { clock } = this.#dependencies;
    const { bucket, waitMs } = take(this.#bucket, bytes, clock.monotonic());
    this.#bucket = bucket;
    this.#bytesSent += bytes;
    if (waitMs > 0) await pause(clock, waitMs, signal);
  }
}

async function partAt(reader: SnapshotReader, offset: number): Promise<SnapshotPart> {
  const chunk = await reader.chunk(offset);
  if (chunk !== undefined) return { kind: 'chunk', chunk };
  const { index, term: at } = reader.manifest.mark;
  return { kind: 'finish', index, at };
}

/** Ends early when the signal fires: who waits looks at it. */
const pause = (clock: Clock, delayMs: number, signal: AbortSignal): Promise<void> =>
  clock.sleep(delayMs, { signal }).catch(() => {});
