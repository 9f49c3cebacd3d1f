/** Calls of one question and one answer over gRPC. What the bytes mean, those know who ask and answer. */
import {
  type Client,
  Metadata,
  type sendUnaryData,
  type Server,
  type ServerUnaryCall,
  type ServiceDefinition,
  type ServiceError,
  status,
} from '@grpc/grpc-js';
import { accept, refuse, type Result } from '#internal/base/result.ts';
import { reasonFrom } from './grpc-channel.ts';
import { type RpcFailure, toRpcStatus } from './status.ts';

/** What is said beside the bytes; names in lower case. */
export type RpcHeaders = Readonly<Record<string, string>>;
export type RpcRequest = { readonly headers: RpcHeaders; readonly body: Uint8Array };

/** `trailers` say more than the status can, to programs. */
export type RpcRefusal = RpcFailure & { readonly trailers: RpcHeaders };

/** It does not throw. */
export type RpcHandler = (request: RpcRequest) => Promise<Result<Uint8Array, RpcRefusal>>;

/** Serves `/package.Service/Method` on a gRPC server, next to whatever else it serves. */
export function serveUnary(server: Server, method: string, handler: RpcHandler): void {
  const name = method.slice(method.lastIndexOf('/') + 1);
  const service: ServiceDefinition = {
    [name]: {
      path: method,
      requestStream: false,
      responseStream: false,
      requestSerialize: asBuffer,
      requestDeserialize: asBuffer,
      responseSerialize: asBuffer,
      responseDeserialize: asBuffer,
    },
  };
  server.addService(service, {
    [name]: (call: Call, answer: sendUnaryData<Uint8Array>): void => {
      void answerCall(handler, call, answer);
    },
  });
}

/** What a call came to; `code` is gRPC's, and the trailers are there when a handler has refused. */
export type UnaryRefusal = {
  readonly code: status;
  readonly message: string;
  readonly trailers: RpcHeaders;
};

/** Asks once, of whoever `client` is connected to. A call that breaks is a refusal, too. */
export async function askUnary(
  client: Client,
  method: string,
  { headers, body }: RpcRequest,
): Promise<Result<Uint8Array, UnaryRefusal>> {
  const { promise, resolve } = Promise.withResolvers<Result<Uint8Array, UnaryRefusal>>();
  const said = metadataOf(headers);
  client.makeUnaryRequest(method, asBuffer, asBuffer, body, said, (fault, reply) => {
    if (reply !== undefined) resolve(accept(reply));
    else resolve(refuse(refusalOf(fault)));
  });
  return await promise;
}

type Call = ServerUnaryCall<Uint8Array, Uint8Array>;

async function answerCall(
  handler: RpcHandler,
  { metadata, request }: Call,
  answer: sendUnaryData<Uint8Array>,
): Promise<void> {
  const reply = await handler({ headers: headersOf(metadata), body: request });
  if (reply.ok) answer(null, reply.value);
  else answer({ ...toRpcStatus(reply.refusal), metadata: metadataOf(reply.refusal.trailers) });
}

function metadataOf(headers: RpcHeaders): Metadata {
  const metadata = new Metadata();
  for (const [name, value] of Object.entries(headers)) metadata.set(name, value);
  return metadata;
}

/** Of a name that is said twice the first counts; binary ones are nobody's here. */
const headersOf = (metadata: Metadata): RpcHeaders =>
  Object.fromEntries(
    Object.entries(metadata.getMap()).flatMap(([name, value]) =>
      typeof value === 'string' ? [[name, value]] : [],
    ),
  );

const refusalOf = (fault: ServiceError | null): UnaryRefusal =>
  fault === null
    ? { code: status.UNKNOWN, message: 'no answer', trailers: {} }
    : {
        code: fault.code,
        message: reasonFrom(fault.details),
        trailers: headersOf(fault.metadata),
      };

const asBuffer = (bytes: Uint8Array): Buffer =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
