/**
 * Peers over gRPC: a node dials one long-lived stream to each of the others and listens for theirs,
 * on the server that it is given. Messages go one way on each; the other way says only who answers.
 * One stream, since a call for each message would cost several times as much.
 *
 * Whoever is of the cluster may call, also one that we do not know to be a member: a new leader may
 * know of changes that have not come to us, and only it can tell. Where it listens it says itself.
 */
import {
  type Client,
  type Metadata,
  type Server,
  type ServerDuplexStream,
  type ServiceDefinition,
} from '@grpc/grpc-js';
import type { Random } from '#internal/base/random.ts';
import { openGrpcClient } from '#internal/rpc/grpc-channel.ts';
import { addressOf } from '#internal/rpc/grpc-server.ts';
import { toRpcStatus } from '#internal/rpc/status.ts';
import type { Clock } from '#internal/runtime/clock.ts';
import type { Logger } from '#internal/runtime/logger.ts';
import type { Message, NodeId } from '#raft/core/types.ts';
import { type Acquaintances, passingAcquaintances } from '#raft/node/peer-book.ts';
import type { PeerAddress, PeerHandlers, PeerTransport } from '#raft/node/peer-transport.ts';
import { CodecError } from './codec-error.ts';
import {
  type Guest,
  type Host,
  metadataFromHello,
  protocolVersions,
  type ProtocolVersions,
  welcome,
} from './handshake.ts';
import { decodeMessages } from './message-codec.ts';
import { PeerLink, type PeerLinkOptions, streamPath } from './peer-link.ts';

export type GrpcPeersDependencies = {
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  /** Shared with other services; opened and closed by the caller. */
  readonly server: Server;
  /** Without them everybody of the cluster is who they say, also with another disk. */
  readonly acquaintances?: Acquaintances;
  /** Hears where callers say that they listen, for others who dial. */
  readonly onLearnt?: (peer: NodeId, address: PeerAddress) => void;
  /** Hears at each handshake which version a peer's state machine knows, if it says. */
  readonly onMachineVersion?: (peer: NodeId, version: number | undefined) => void;
  /** For mutual TLS: opens channels with credentials of its own (default: in the clear). */
  readonly dial?: (address: string, peer: NodeId) => Client;
  /** For mutual TLS: says why a caller with such a certificate is not the node that it claims to be. */
  readonly verify?: (
    peer: NodeId,
    caller: ReturnType<Call['getAuthContext']>,
  ) => string | undefined;
};

export type GrpcPeersOptions = Omit<PeerLinkOptions, 'address' | 'hello'> & {
  readonly id: NodeId;
  readonly clusterId: string;
  /** Where others listen, as far as we know; who calls us may know better. */
  readonly peers: ReadonlyMap<NodeId, PeerAddress>;
  /** Where we listen, told to those we call. */
  readonly advertise?: PeerAddress | undefined;
  /** The newest version that our state machine knows, told to everybody. */
  readonly machineVersion?: number | undefined;
  /** Nodes that we learn of at most, beside those that we know. */
  readonly strangersMax: number;
  /** Another one than the program's is for tests of upgrades. */
  readonly versions?: ProtocolVersions;
};

export const defaultGrpcPeersOptions: Omit<GrpcPeersOptions, 'id' | 'clusterId' | 'peers'> = {
  strangersMax: 64,
  queueBytesMax: 32 << 20,
  frameBytesMax: 1 << 20,
  dialTimeoutMs: 5000,
  pauseMsMin: 50,
  pauseMsMax: 1000,
};

/**
 * What peers may have on its way to a node: two full frames. Owed by the server, for entries travel
 * towards it.
 */
export const peerWindowBytes: number = 2 * defaultGrpcPeersOptions.frameBytesMax;

/** What a node connects by. One at a time on a server: the service has one owner. */
export const grpcPeers =
  (dependencies: GrpcPeersDependencies, options: GrpcPeersOptions) =>
  (handlers: PeerHandlers): PeerTransport =>
    new GrpcPeers(dependencies, options, handlers);

type Call = ServerDuplexStream<Uint8Array, Uint8Array>;

class GrpcPeers implements PeerTransport {
  readonly #dependencies: GrpcPeersDependencies;
  readonly #options: GrpcPeersOptions;
  readonly #handlers: PeerHandlers;
  readonly #host: Host;
  readonly #links = new Map<NodeId, PeerLink>();
  readonly #addresses = new Map<NodeId, PeerAddress>();
  readonly #calls = new Map<Call, NodeId>();
  #strangers = 0;
  #isOpen = true;

  constructor(
    dependencies: GrpcPeersDependencies,
    options: GrpcPeersOptions,
    handlers: PeerHandlers,
  ) {
    const { id, clusterId, peers, versions = protocolVersions } = options;
    const { server, acquaintances = passingAcquaintances(String(id)) } = dependencies;
    this.#dependencies = dependencies;
    this.#options = options;
    this.#handlers = handlers;
    this.#host = { clusterId, id, versions, acquaintances };
    server.addService(service, { stream: (call: Call) => this.#onCall(call) });
    for (const [peer, address] of peers) this.#link(peer, address);
  }

  send(messages: readonly Message[]): void {
    if (!this.#isOpen || messages.length === 0) return;
    for (const [peer, own] of Map.groupBy(messages, ({ to }) => to)) {
      this.#links.get(peer)?.send(own);
    }
  }

  retire(peer: NodeId): void {
    this.#links.get(peer)?.close();
    this.#links.delete(peer);
    const retired = toRpcStatus({ kind: 'wrong-peer', message: `Node ${peer} was removed` });
    for (const [call, from] of this.#calls) if (from === peer) call.emit('error', retired);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#dependencies.server.removeService(service);
    for (const link of this.#links.values()) link.close();
    const stopping = toRpcStatus({ kind: 'unavailable', message: 'This node is stopping' });
    for (const call of this.#calls.keys()) call.emit('error', stopping);
    this.#calls.clear();
  }

  #link(peer: NodeId, address: PeerAddress): void {
    const { host, port } = address;
    this.#addresses.set(peer, address);
    const { clock, random, logger, dial = inTheClear } = this.#dependencies;
    const link = new PeerLink(
      {
        clock,
        random: random.fork(`peer ${peer}`),
        logger,
        dial: (to) => dial(to, peer),
        onWelcome: (metadata) => this.#onWelcome(peer, metadata),
        onUnreachable: () => this.#onUnreachable(peer),
      },
      { ...this.#options, address: addressOf(host, port), hello: this.#helloTo(peer) },
    );
    this.#links.set(peer, link);
  }

  #helloTo(to: NodeId): Parameters<typeof metadataFromHello>[0] {
    const { clusterId, id: from, versions, acquaintances } = this.#host;
    const { birth } = acquaintances;
    const { advertise: address, machineVersion } = this.#options;
    return { clusterId, from, to, versions, birth, address, machineVersion };
  }

  #onWelcome(peer: NodeId, metadata: Metadata): string | undefined {
    const welcomed = welcome(metadata, this.#host);
    if (!welcomed.ok) return welcomed.refusal;
    const { id, machineVersion } = welcomed.value;
    if (id === peer) this.#dependencies.onMachineVersion?.(id, machineVersion);
    return id === peer ? undefined : `Node ${id} answers where node ${peer} should be`;
  }

  #onCall(call: Call): void {
    // Whatever breaks a call ends it; the peer dials again.
    call.on('error', () => this.#calls.delete(call));
    const admitted = this.#admit(call);
    if (typeof admitted === 'string') {
      const message = admitted;
      this.#dependencies.logger.warn('Refusing a peer', { message, address: call.getPeer() });
      call.emit('error', toRpcStatus({ kind: 'wrong-peer', message }));
      return;
    }
    const { id: from } = admitted;
    this.#calls.set(call, from);
    call.sendMetadata(metadataFromHello(this.#helloTo(from)));
    call.on('data', (frame: Uint8Array) => this.#onFrame(call, from, frame));
    call.on('cancelled', () => this.#calls.delete(call));
    call.on('end', () => {
      this.#calls.delete(call);
      call.end();
    });
  }

  /** The caller, known from now on; or why it is refused. */
  #admit(call: Call): Guest | string {
    const welcomed = welcome(call.metadata, this.#host);
    if (!welcomed.ok) return welcomed.refusal;
    const { id, address, machineVersion } = welcomed.value;
    const whyNot = this.#dependencies.verify?.(id, call.getAuthContext());
    if (whyNot !== undefined) return whyNot;
    this.#dependencies.onMachineVersion?.(id, machineVersion);
    const isKnown = this.#links.has(id);
    if (address === undefined || isSame(this.#addresses.get(id), address)) return welcomed.value;
    if (!isKnown && this.#strangers >= this.#options.strangersMax) {
      return 'Too many nodes have called already';
    }
    if (!isKnown) this.#strangers++;
    this.#dependencies.logger.info('Learnt where a peer listens', { peer: id, ...address });
    this.#dependencies.onLearnt?.(id, address);
    this.#links.get(id)?.close();
    this.#link(id, address);
    return welcomed.value;
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

const inTheClear = (address: string): Client => openGrpcClient(address);

const isSame = (one: PeerAddress | undefined, other: PeerAddress): boolean =>
  one?.host === other.host && one.port === other.port;

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
