/**
 * Snapshots over gRPC: one call for each question, on a connection of its own, so that what is large
 * and slow never stands before a heartbeat. Who calls and who is called present themselves as on the
 * stream of messages (`handshake.ts`).
 */
import type {
  Client,
  sendUnaryData,
  Server,
  ServerUnaryCall,
  ServiceDefinition,
} from '@grpc/grpc-js';
import { openGrpcClient } from '#internal/rpc/grpc-channel.ts';
import { addressOf } from '#internal/rpc/grpc-server.ts';
import { toRpcStatus } from '#internal/rpc/status.ts';
import type { Logger } from '#internal/runtime/logger.ts';
import type { NodeId } from '#raft/core/types.ts';
import { type Acquaintances, passingAcquaintances } from '#raft/node/peer-book.ts';
import type { PeerAddress } from '#raft/node/peer-transport.ts';
import {
  type SnapshotHandlers,
  type SnapshotReply,
  type SnapshotRequest,
  type SnapshotTransport,
  SnapshotTransportError,
} from '#raft/node/snapshot-transport.ts';
import { CodecError } from './codec-error.ts';
import { type Host, metadataFromHello, protocolVersions, welcome } from './handshake.ts';
import { decodeReply, decodeRequest, encodeReply, encodeRequest } from './snapshot-codec.ts';

export type GrpcSnapshotsDependencies = {
  readonly logger: Logger;
  /** Shared with other services; opened and closed by the caller. */
  readonly server: Server;
  readonly acquaintances?: Acquaintances;
  /** For mutual TLS, as for the stream of messages. */
  readonly dial?: (address: string, peer: NodeId) => Client;
  readonly verify?: (
    peer: NodeId,
    caller: ReturnType<Call['getAuthContext']>,
  ) => string | undefined;
};

export type GrpcSnapshotsOptions = {
  readonly id: NodeId;
  readonly clusterId: string;
  /** Where a peer listens, as far as is known by now. */
  readonly addressOfPeer: (peer: NodeId) => PeerAddress | undefined;
};

/** What a node connects by. One at a time on a server: the service has one owner. */
export const grpcSnapshots =
  (dependencies: GrpcSnapshotsDependencies, options: GrpcSnapshotsOptions) =>
  (handlers: SnapshotHandlers): SnapshotTransport =>
    new GrpcSnapshots(dependencies, options, handlers);

type Call = ServerUnaryCall<Uint8Array, Uint8Array>;
type Channel = { readonly client: Client; readonly address: string };

const askPath = '/altiplano.raft.v1.Snapshots/Ask';

class GrpcSnapshots implements SnapshotTransport {
  readonly #dependencies: GrpcSnapshotsDependencies;
  readonly #options: GrpcSnapshotsOptions;
  readonly #handlers: SnapshotHandlers;
  readonly #host: Host;
  /** Of peers that were sent something; a connection that is not used costs little. */
  readonly #channels = new Map<NodeId, Channel>();
  #isOpen = true;

  constructor(
    dependencies: GrpcSnapshotsDependencies,
    options: GrpcSnapshotsOptions,
    handlers: SnapshotHandlers,
  ) {
    const { id, clusterId } = options;
    const { server, acquaintances = passingAcquaintances(String(id)) } = dependencies;
    this.#dependencies = dependencies;
    this.#options = options;
    this.#handlers = handlers;
    this.#host = { clusterId, id, versions: protocolVersions, acquaintances };
    const ask = (call: Call, answer: sendUnaryData<Uint8Array>): void => {
      void this.#onCall(call, answer);
    };
    server.addService(service, { ask });
  }

  async ask(
    peer: NodeId,
    request: SnapshotRequest,
    { signal }: { readonly signal: AbortSignal },
  ): Promise<SnapshotReply> {
    const client = this.#isOpen && !signal.aborted ? this.#channelTo(peer) : undefined;
    if (client === undefined) throw unreachable(peer, undefined);
    const { promise, resolve, reject } = Promise.withResolvers<SnapshotReply>();
    const hello = metadataFromHello(this.#helloTo(peer));
    const bytes = encodeRequest(request);
    const call = client.makeUnaryRequest(
      askPath,
      asBuffer,
      asBytes,
      bytes,
      hello,
      (fault, reply) => {
        if (fault === null && reply !== undefined) resolve(decodeReply(reply));
        else {
          // The next question dials anew, and does not wait for this connection's own patience.
          this.#hangUp(peer, client);
          reject(unreachable(peer, fault));
        }
      },
    );
    const giveUp = (): void => call.cancel();
    signal.addEventListener('abort', giveUp, { once: true });
    try {
      return await promise;
    } finally {
      signal.removeEventListener('abort', giveUp);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#dependencies.server.removeService(service);
    for (const { client } of this.#channels.values()) client.close();
    this.#channels.clear();
  }

  async #onCall(call: Call, answer: sendUnaryData<Uint8Array>): Promise<void> {
    const refuse = (kind: 'wrong-peer' | 'malformed' | 'unavailable', message: string): void =>
      answer(toRpcStatus({ kind, message }), null);
    if (!this.#isOpen) {
      refuse('unavailable', 'This node is stopping');
      return;
    }
    const welcomed = welcome(call.metadata, this.#host);
    const whyNot = welcomed.ok
      ? this.#dependencies.verify?.(welcomed.value.id, call.getAuthContext())
      : welcomed.refusal;
    if (!welcomed.ok || whyNot !== undefined) {
      this.#dependencies.logger.warn('Refusing a peer', {
        message: whyNot,
        address: call.getPeer(),
      });
      refuse('wrong-peer', whyNot ?? '');
      return;
    }
    try {
      const reply = await this.#handlers.onRequest(welcomed.value.id, decodeRequest(call.request));
      answer(null, encodeReply(reply));
    } catch (fault) {
      if (!(fault instanceof CodecError)) throw fault;
      refuse('malformed', fault.message);
    }
  }

  /** A peer that came back elsewhere is dialed there. */
  #channelTo(peer: NodeId): Client | undefined {
    const at = this.#options.addressOfPeer(peer);
    if (at === undefined) return undefined;
    const address = addressOf(at.host, at.port);
    const known = this.#channels.get(peer);
    if (known?.address === address) return known.client;
    known?.client.close();
    const { dial = inTheClear } = this.#dependencies;
    const client = dial(address, peer);
    this.#channels.set(peer, { client, address });
    return client;
  }

  #hangUp(peer: NodeId, client: Client): void {
    client.close();
    if (this.#channels.get(peer)?.client === client) this.#channels.delete(peer);
  }

  #helloTo(to: NodeId): Parameters<typeof metadataFromHello>[0] {
    const { clusterId, id: from, versions, acquaintances } = this.#host;
    return { clusterId, from, to, versions, birth: acquaintances.birth };
  }
}

const inTheClear = (address: string): Client => openGrpcClient(address);

const unreachable = (peer: NodeId, cause: unknown): SnapshotTransportError =>
  new SnapshotTransportError(`Node ${peer} does not answer`, { cause });

const asBuffer = (bytes: Uint8Array): Buffer =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
const asBytes = (buffer: Buffer): Uint8Array =>
  new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.byteLength);

const service: ServiceDefinition = {
  ask: {
    path: askPath,
    requestStream: false,
    responseStream: false,
    requestSerialize: asBuffer,
    requestDeserialize: asBytes,
    responseSerialize: asBuffer,
    responseDeserialize: asBytes,
  },
};
