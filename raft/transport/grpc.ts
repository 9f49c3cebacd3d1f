/**
 * Peers over gRPC: a node dials one long-lived stream to each of the others and listens for theirs,
 * on the server that it is given. Messages go one way on each; the other way says only whether the
 * caller is welcome. One stream, since a call for each message would cost several times as much.
 */
import {
  Metadata,
  type Server,
  type ServerDuplexStream,
  type ServiceDefinition,
} from '@grpc/grpc-js';
import type { Random } from '#internal/base/random.ts';
import { addressOf } from '#internal/rpc/grpc-server.ts';
import { toRpcStatus } from '#internal/rpc/status.ts';
import type { Clock } from '#internal/runtime/clock.ts';
import type { Logger } from '#internal/runtime/logger.ts';
import type { Message, NodeId } from '#raft/core/types.ts';
import type { PeerAddress, PeerHandlers, PeerTransport } from '#raft/node/peer-transport.ts';
import { CodecError } from './codec-error.ts';
import { type Host, welcome } from './handshake.ts';
import { decodeMessages } from './message-codec.ts';
import { PeerLink, type PeerLinkOptions, streamPath } from './peer-link.ts';

export type GrpcPeersDependencies = {
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  /** Shared with other services; opened and closed by the caller. */
  readonly server: Server;
};

export type GrpcPeersOptions = Omit<PeerLinkOptions, 'address' | 'hello'> & {
  readonly id: NodeId;
  readonly clusterId: string;
  /** The others, and where they listen. Nobody else is let in. */
  readonly peers: ReadonlyMap<NodeId, PeerAddress>;
};

export const defaultGrpcPeersOptions: Omit<GrpcPeersOptions, 'id' | 'clusterId' | 'peers'> = {
  queueBytesMax: 32 << 20,
  frameBytesMax: 1 << 20,
  dialTimeoutMs: 5000,
  pauseMsMin: 50,
  pauseMsMax: 1000,
};

/** What a node connects by. One at a time on a server: the service has one owner. */
export const grpcPeers =
  (dependencies: GrpcPeersDependencies, options: GrpcPeersOptions) =>
  (handlers: PeerHandlers): PeerTransport =>
    new GrpcPeers(dependencies, options, handlers);

type Call = ServerDuplexStream<Uint8Array, Uint8Array>;

class GrpcPeers implements PeerTransport {
  readonly #dependencies: GrpcPeersDependencies;
  readonly #handlers: PeerHandlers;
  readonly #host: Host;
  readonly #links = new Map<NodeId, PeerLink>();
  readonly #calls = new Set<Call>();
  #isOpen = true;

  constructor(
    dependencies: GrpcPeersDependencies,
    options: GrpcPeersOptions,
    handlers: PeerHandlers,
  ) {
    const { id, clusterId, peers } = options;
    this.#dependencies = dependencies;
    this.#handlers = handlers;
    this.#host = { clusterId, id, isMember: (peer) => peers.has(peer) };
    dependencies.server.addService(service, { stream: (call: Call) => this.#onCall(call) });
    for (const [peer, { host, port }] of peers) {
      const { clock, random, logger } = dependencies;
      const onUnreachable = (): void => this.#onUnreachable(peer);
      const hello = { clusterId, from: id, to: peer };
      const link = new PeerLink(
        { clock, random: random.fork(`peer ${peer}`), logger, onUnreachable },
        { ...options, address: addressOf(host, port), hello },
      );
      this.#links.set(peer, link);
    }
  }

  send(messages: readonly Message[]): void {
    if (!this.#isOpen || messages.length === 0) return;
    for (const [peer, own] of Map.groupBy(messages, ({ to }) => to)) {
      this.#links.get(peer)?.send(own);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#dependencies.server.removeService(service);
    for (const link of this.#links.values()) link.close();
    const stopping = toRpcStatus({ kind: 'unavailable', message: 'This node is stopping' });
    for (const call of this.#calls) call.emit('error', stopping);
    this.#calls.clear();
  }

  #onCall(call: Call): void {
    // Whatever breaks a call ends it; the peer dials again.
    call.on('error', () => this.#calls.delete(call));
    const welcomed = welcome(call.metadata, this.#host);
    if (!welcomed.ok) {
      const message = welcomed.refusal;
      this.#dependencies.logger.warn('Refusing a peer', { message, address: call.getPeer() });
      call.emit('error', toRpcStatus({ kind: 'wrong-peer', message }));
      return;
    }
    const from = welcomed.value;
    this.#calls.add(call);
    call.sendMetadata(new Metadata());
    call.on('data', (frame: Uint8Array) => this.#onFrame(call, from, frame));
    call.on('cancelled', () => this.#calls.delete(call));
    call.on('end', () => {
      this.#calls.delete(call);
      call.end();
    });
  }

  #onFrame(call: Call, from: NodeId, frame: Uint8Array): void {
    if (!this.#isOpen || !this.#calls.has(call)) return;
    try {
      const messages = decodeMessages(frame);
      const own = messages.filter(
        ({ to, from: sender }) => to === this.#host.id && sender === from,
      );
      if (own.length < messages.length) {
        this.#dependencies.logger.warn('Dropping messages in a wrong name', { peer: from });
      }
      if (own.length > 0) this.#handlers.onMessages(own);
    } catch (fault) {
      if (!(fault instanceof CodecError)) throw fault;
      this.#dependencies.logger.warn('A peer sends no messages', { peer: from, error: fault });
      call.emit('error', toRpcStatus({ kind: 'malformed', message: fault.message }));
    }
  }

  #onUnreachable(peer: NodeId): void {
    if (this.#isOpen) this.#handlers.onUnreachable(peer);
  }
}

const asBuffer = (bytes: Uint8Array): Buffer =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
/** A plain array: a `Buffer` behaves differently in small ways, and the core shall not know. */
const asBytes = (buffer: Buffer): Uint8Array =>
  new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.byteLength);

const service: ServiceDefinition = {
  stream: {
    path: streamPath,
    requestStream: true,
    responseStream: true,
    requestSerialize: asBuffer,
    requestDeserialize: asBytes,
    responseSerialize: asBuffer,
    responseDeserialize: asBytes,
  },
};
