/** Operators over gRPC, on the port of the peers: one call for each question. */
import {
  type Client,
  Metadata,
  type sendUnaryData,
  type Server,
  type ServerUnaryCall,
  type ServiceDefinition,
} from '@grpc/grpc-js';
import { openGrpcClient, reasonFrom } from '#internal/rpc/grpc-channel.ts';
import { toRpcStatus } from '#internal/rpc/status.ts';
import type { OperatorDesk, OperatorReply, OperatorRequest } from '#raft/node/operator-desk.ts';
import { CodecError } from './codec-error.ts';
import {
  decodeOperatorReply,
  decodeOperatorRequest,
  encodeOperatorReply,
  encodeOperatorRequest,
} from './operator-codec.ts';

const askPath = '/altiplano.raft.v1.Operators/Ask';

export type ServeOperatorsDependencies = {
  /** Shared with other services; opened and closed by the caller. */
  readonly server: Server;
  readonly desk: OperatorDesk;
};

/** Serves operators until disposed. */
export function serveOperators({ server, desk }: ServeOperatorsDependencies): Disposable {
  const ask = (call: Call, answer: sendUnaryData<Uint8Array>): void => {
    void answerCall(desk, call, answer);
  };
  server.addService(service, { ask });
  return { [Symbol.dispose]: () => server.removeService(service) };
}

/**
 * `code`: `UNREACHABLE`: the question got nowhere, so somebody else may be asked. `BROKEN`: it was
 * heard, but there is no answer; what was asked for may be done, or not.
 */
export class OperatorCallError extends Error {
  override readonly name: string = 'OperatorCallError';
  readonly code: 'UNREACHABLE' | 'BROKEN';

  constructor(code: OperatorCallError['code'], message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

export type AskOptions = {
  readonly signal?: AbortSignal | undefined;
  /** Opens a channel with credentials of its own (default: in the clear). */
  readonly dial?: (address: string) => Client;
};

/** Asks the master at `host:port` of its gRPC. Rejects with `OperatorCallError` or `CodecError`. */
export async function askOperators(
  address: string,
  request: OperatorRequest,
  { signal, dial = (to) => openGrpcClient(to) }: AskOptions = {},
): Promise<OperatorReply> {
  const { promise, resolve, reject } = Promise.withResolvers<Uint8Array>();
  const client = dial(address);
  const bytes = encodeOperatorRequest(request);
  let isHeard = false;
  const call = client.makeUnaryRequest(askPath, asBuffer, asBytes, bytes, (fault, reply) => {
    if (fault === null && reply !== undefined) resolve(reply);
    else {
      const why = fault === null ? 'no answer' : reasonFrom(fault.details);
      const code = isHeard ? 'BROKEN' : 'UNREACHABLE';
      reject(new OperatorCallError(code, `${address}: ${why}`, { cause: fault }));
    }
  });
  call.on('metadata', () => {
    isHeard = true;
  });
  const giveUp = (): void => call.cancel();
  signal?.addEventListener('abort', giveUp, { once: true });
  if (signal?.aborted === true) giveUp();
  try {
    return decodeOperatorReply(await promise);
  } finally {
    signal?.removeEventListener('abort', giveUp);
    client.close();
  }
}

type Call = ServerUnaryCall<Uint8Array, Uint8Array>;

async function answerCall(
  desk: OperatorDesk,
  call: Call,
  answer: sendUnaryData<Uint8Array>,
): Promise<void> {
  // At once, since a change takes its time: whoever asks knows that it was heard.
  call.sendMetadata(new Metadata());
  try {
    answer(null, encodeOperatorReply(await desk(decodeOperatorRequest(call.request))));
  } catch (fault) {
    if (!(fault instanceof CodecError)) throw fault;
    answer(toRpcStatus({ kind: 'malformed', message: fault.message }), null);
  }
}

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
