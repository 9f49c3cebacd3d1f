/**
 * The gRPC port of a master: one server, on which peers and agents find their services. Services are
 * added to it after it listens, each by the room that serves it.
 */
import { logVerbosity, Server, ServerCredentials, setLogVerbosity } from '@grpc/grpc-js';
import { channelOptions } from './grpc-channel.ts';

export type GrpcServerOptions = {
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
  /** Certificates to show and to ask for. Default: in the clear. */
  readonly security?: ServerCredentials;
};

export type GrpcServer = AsyncDisposable & {
  readonly host: string;
  readonly port: number;
  /** Where services are added. Disposing of the server ends all their calls at once. */
  readonly server: Server;
};

/** `code` is the system's: `EADDRINUSE`, `EACCES`… or `ELISTEN` when it gave none. */
export class RpcListenError extends Error {
  override readonly name: string = 'RpcListenError';
  readonly code: string;

  constructor(code: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** Listens; rejects with `RpcListenError` when it cannot. */
export async function openGrpcServer({
  host,
  port,
  security = ServerCredentials.createInsecure(),
}: GrpcServerOptions): Promise<GrpcServer> {
  // The library writes to standard error by itself; whatever matters reaches our callers as errors.
  setLogVerbosity(logVerbosity.NONE);
  const server = new Server(channelOptions);
  const bound = await bind(server, addressOf(host, port), security).catch((cause: unknown) => {
    server.forceShutdown();
    throw listenError(`${host}:${port}`, cause);
  });
  return {
    host,
    port: bound,
    server,
    // Not gracefully: the calls on it are streams that never end by themselves.
    [Symbol.asyncDispose]: async () => server.forceShutdown(),
  };
}

/** As gRPC wants it: IPv6 hosts in brackets. */
export const addressOf = (host: string, port: number): string =>
  host.includes(':') && !host.startsWith('[') ? `[${host}]:${port}` : `${host}:${port}`;

function bind(server: Server, address: string, security: ServerCredentials): Promise<number> {
  return new Promise((resolve, reject) => {
    server.bindAsync(address, security, (fault, port) => {
      if (fault === null) resolve(port);
      else reject(fault);
    });
  });
}

function listenError(address: string, cause: unknown): RpcListenError {
  const text = cause instanceof Error ? cause.message : String(cause);
  const code = /\bE[A-Z]{4,}\b/.exec(text)?.[0] ?? 'ELISTEN';
  const why = code === 'EADDRINUSE' ? 'the port is in use' : text;
  return new RpcListenError(code, `Cannot listen for gRPC on ${address}: ${why}`, { cause });
}
