/**
 * Our stream to one peer: dialed, and dialed again with a growing pause when it breaks. Messages that
 * find it down or full are dropped and told, never kept for later: Raft says them again, and better.
 */
import type { Client, ClientDuplexStream, Metadata, ServiceError } from '@grpc/grpc-js';
import { status } from '@grpc/grpc-js';
import type { Random } from '#internal/base/random.ts';
import { reasonFrom } from '#internal/rpc/grpc-channel.ts';
import type { Clock, Timer } from '#internal/runtime/clock.ts';
import type { Logger } from '#internal/runtime/logger.ts';
import type { Message } from '#raft/core/types.ts';
import { type Hello, metadataFromHello } from './handshake.ts';
import { encodeMessages, messageBytes } from './message-codec.ts';

export type PeerLinkDependencies = {
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  /** Opens a channel: in the clear, or as the operator wants it. */
  readonly dial: (address: string) => Client;
  /** Looks at how the peer presents itself; says why it is not the one. */
  readonly onWelcome: (metadata: Metadata) => string | undefined;
  readonly onUnreachable: () => void;
};

export type PeerLinkOptions = {
  /** `host:port`. */
  readonly address: string;
  readonly hello: Hello;
  /** Messages that wait for the stream to take them, in bytes. Beyond it they are dropped. */
  readonly queueBytesMax: number;
  /** Messages in one frame, in bytes. A larger message travels alone. */
  readonly frameBytesMax: number;
  readonly dialTimeoutMs: number;
  /** The pause before the next attempt: drawn from the upper half, doubled up to the greatest. */
  readonly pauseMsMin: number;
  readonly pauseMsMax: number;
};

export const streamPath = '/altiplano.raft.v1.Peers/Stream';

type Call = ClientDuplexStream<Uint8Array, Uint8Array>;
type State =
  | { readonly kind: 'pausing'; readonly timer: Timer }
  | { readonly kind: 'dialing' | 'open'; readonly client: Client; readonly call: Call }
  | { readonly kind: 'closed' };

export class PeerLink {
  readonly #dependencies: PeerLinkDependencies;
  readonly #options: PeerLinkOptions;
  #state: State;
  #queue: Message[] = [];
  #queuedBytes = 0;
  /** The stream has enough; it says when it wants more. */
  #isFull = false;
  /** Since a stream last stood. */
  #failures = 0;
  #reason: string | undefined;

  constructor(dependencies: PeerLinkDependencies, options: PeerLinkOptions) {
    this.#dependencies = dependencies;
    this.#options = options;
    this.#state = this.#dial();
  }

  send(messages: readonly Message[]): void {
    const bytes = messages.reduce((sum, message) => sum + messageBytes(message), 0);
    const fits = this.#queuedBytes + bytes <= this.#options.queueBytesMax;
    if (this.#state.kind !== 'open' || !fits) {
      this.#dependencies.onUnreachable();
      return;
    }
    this.#queue.push(...messages);
    this.#queuedBytes += bytes;
    this.#flush();
  }

  close(): void {
    const state = this.#state;
    this.#state = { kind: 'closed' };
    this.#drop();
    if (state.kind === 'pausing') state.timer.cancel();
    if (state.kind === 'dialing' || state.kind === 'open') {
      state.call.cancel();
      state.client.close();
    }
  }

  #dial(): State {
    const { clock, logger, dial, onWelcome } = this.#dependencies;
    const { address, hello, dialTimeoutMs } = this.#options;
    const client = dial(address);
    const call: Call = client.makeBidiStreamRequest(
      streamPath,
      toBuffer,
      asIs,
      metadataFromHello(hello),
    );
    const timer = clock.after(dialTimeoutMs, () => call.cancel());
    // The first metadata is the peer's welcome.
    call.on('metadata', (metadata: Metadata) => {
      timer.cancel();
      if (this.#state.kind !== 'dialing' || this.#state.call !== call) return;
      const whyNot = onWelcome(metadata);
      if (whyNot !== undefined) {
        call.cancel();
        this.#onEnd(call, { code: status.FAILED_PRECONDITION, details: whyNot });
        return;
      }
      logger.info('Connected to a peer', { peer: hello.to, address });
      this.#state = { kind: 'open', client, call };
      this.#failures = 0;
      this.#reason = undefined;
    });
    call.on('drain', () => {
      this.#isFull = false;
      this.#flush();
    });
    call.on('error', (fault: ServiceError) => {
      timer.cancel();
      this.#onEnd(call, fault);
    });
    call.on('end', () => {
      timer.cancel();
      this.#onEnd(call, undefined);
    });
    // Nothing is said this way, but the end of the stream is read like data.
    call.resume();
    return { kind: 'dialing', client, call };
  }

  #onEnd(call: Call, fault: Pick<ServiceError, 'code' | 'details'> | undefined): void {
    const { clock, logger, onUnreachable } = this.#dependencies;
    const state = this.#state;
    if ((state.kind !== 'dialing' && state.kind !== 'open') || state.call !== call) return;
    const { hello, address } = this.#options;
    const isRefused = fault?.code === status.FAILED_PRECONDITION;
    const reason = fault === undefined ? undefined : reasonFrom(fault.details);
    const fields = { peer: hello.to, address, reason };
    if (isRefused) logger.error('This node and a peer do not go together', fields);
    // Told once, not with every attempt.
    else if (this.#reason !== reason) logger.info('No stream to a peer', fields);
    this.#reason = reason;
    state.client.close();
    this.#drop();
    this.#failures++;
    const timer = clock.after(this.#pauseMs(isRefused), () => {
      this.#state = this.#dial();
    });
    this.#state = { kind: 'pausing', timer };
    onUnreachable();
  }

  /** What is refused today will be tomorrow, until somebody mends it: no hurry. */
  #pauseMs(isRefused: boolean): number {
    const { pauseMsMin, pauseMsMax } = this.#options;
    const grown = pauseMsMin * 2 ** Math.min(this.#failures - 1, 20);
    const pauseMs = isRefused ? pauseMsMax : Math.min(grown, pauseMsMax);
    return pauseMs / 2 + this.#dependencies.random.below(Math.ceil(pauseMs / 2) + 1);
  }

  #flush(): void {
    while (this.#state.kind === 'open' && !this.#isFull && this.#queue.length > 0) {
      this.#isFull = !this.#state.call.write(encodeMessages(this.#takeFrame()));
    }
  }

  #takeFrame(): readonly Message[] {
    let count = 0;
    let bytes = 0;
    for (const message of this.#queue) {
      const size = messageBytes(message);
      if (count > 0 && bytes + size > this.#options.frameBytesMax) break;
      bytes += size;
      count++;
    }
    this.#queuedBytes -= bytes;
    return this.#queue.splice(0, count);
  }

  #drop(): void {
    this.#queue = [];
    this.#queuedBytes = 0;
    this.#isFull = false;
  }
}

const toBuffer = (bytes: Uint8Array): Buffer =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
const asIs = (bytes: Buffer): Uint8Array => bytes;
