/**
 * `HttpListener` by `node:http`, tuned to what Mesos clients need (client quirks 4 and 5):
 *
 * - Node's time limits are off. Its `keepAliveTimeout` would close idle connections, which the C++
 *   library takes for a disconnect; its `requestTimeout` would cut long uploads. Only slow heads end.
 * - No `Connection` header, also to clients that asked for one; `Content-Length` on every whole reply.
 * - One `write` of a stream is one HTTP chunk. Its end leaves the connection open.
 * - Ordinary replies of 1024 bytes or more are gzipped for those who accept that, streams never.
 *
 * A handler that throws is answered 500 and logged; a failed assertion ends the process.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { AssertionError, assert } from '#internal/base/assert.ts';
import { accept, refuse, type Result } from '#internal/base/result.ts';
import {
  HttpError,
  type HttpHandler,
  type HttpListener,
  type HttpListenOptions,
  type HttpRequest,
  type HttpResponse,
  type HttpServer,
} from '../http.ts';
import {
  acceptsGzip,
  type BodyRefusal,
  inflate,
  isStreamed,
  plainReply,
  replyToRefusedBody,
  type WholeResponse,
} from '../http-rules.ts';
import type { Logger } from '../logger.ts';
import { openSink } from './http-sink.ts';

const GZIP_BYTES_MIN = 1024;
const HEAD_MS_MAX = 60_000;
/** How much of a refused body is read, so that its sender gets to see the reply. */
const DISCARD_BYTES_MAX = 64 * 1024 * 1024;

const compress = promisify(gzip);

export function httpListener({ logger }: { readonly logger: Logger }): HttpListener {
  return {
    listen: (options, handler) => listen({ options, handler, logger }),
  };
}

type Door = {
  readonly options: HttpListenOptions;
  readonly handler: HttpHandler;
  readonly logger: Logger;
};

function listen(door: Door): Promise<HttpServer> {
  const { host, port } = door.options;
  const server = createServer({
    keepAliveTimeout: 0,
    requestTimeout: 0,
    headersTimeout: HEAD_MS_MAX,
    requireHostHeader: false,
    joinDuplicateHeaders: true,
    noDelay: true,
  });
  const answering = new WeakSet<Duplex>();
  server.on('request', (request, response) => {
    answering.add(request.socket);
    response.on('close', () => answering.delete(request.socket));
    serve(door, request, response).catch((error: unknown) => fail(door, response, error));
  });
  server.on('clientError', (error, socket) => {
    if (answering.has(socket)) socket.destroy();
    else refuseMalformed(socket, error);
  });
  return new Promise((resolve, reject) => {
    server.once('error', (cause) => {
      const code = 'code' in cause && typeof cause.code === 'string' ? cause.code : 'UNKNOWN';
      reject(new HttpError(code, `cannot listen on ${host}:${port}: ${cause.message}`, { cause }));
    });
    server.listen({ host, port }, () => {
      server.removeAllListeners('error');
      resolve(wrap(server, door));
    });
  });
}

function wrap(server: Server, { options, logger }: Door): HttpServer {
  const address = server.address();
  assert(address !== null && typeof address === 'object', 'an HTTP server has an address');
  // Too many open files, as a rule: that connection is lost, the server goes on.
  server.on('error', (error) => logger.warn('cannot accept a connection', { error }));
  return {
    host: options.host,
    port: address.port,
    [Symbol.asyncDispose]: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function serve(
  door: Door,
  message: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  response.removeHeader('Connection');
  if (isStreamed(message.headers['content-type'])) {
    const request = {
      ...requestOf(message, response, new Uint8Array(0)),
      stream: piecesOf(message),
    };
    await send(message, response, await door.handler(request));
    return;
  }
  const { bodyBytesMax } = door.options;
  const received = await readBody(message, bodyBytesMax);
  if (received === undefined) return;
  const encoding = message.headers['content-encoding'];
  const body = received.ok
    ? inflate(received.value, { encoding, bytesMax: bodyBytesMax })
    : received;
  if (!body.ok) {
    await send(message, response, replyToRefusedBody(body.refusal));
    return;
  }
  const reply = await door.handler(requestOf(message, response, body.value));
  await send(message, response, reply);
}

function requestOf(
  message: IncomingMessage,
  response: ServerResponse,
  body: Uint8Array,
): HttpRequest {
  const gone = new AbortController();
  const leave = (): void => {
    if (!response.writableFinished) gone.abort(new HttpError('ECONNRESET', 'the client has gone'));
  };
  response.once('close', leave);
  if (response.destroyed) leave();
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(message.headers)) {
    if (value !== undefined) headers[name] = Array.isArray(value) ? value.join(', ') : value;
  }
  const { method = 'GET', url: target = '/' } = message;
  return { method, target, headers, body, signal: gone.signal };
}

async function* piecesOf(message: IncomingMessage): AsyncGenerator<Uint8Array> {
  try {
    // The reply may still have to be sent when the reader has had enough.
    yield* message.iterator({ destroyOnReturn: false }) as AsyncIterable<Uint8Array>;
  } catch (cause) {
    throw new HttpError('ECONNRESET', 'the client has gone', { cause });
  }
}

/** Undefined when the client went away before its body was whole. */
function readBody(
  message: IncomingMessage,
  bytesMax: number,
): Promise<Result<Uint8Array, BodyRefusal> | undefined> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    const add = (chunk: Buffer): void => {
      bytes += chunk.length;
      if (bytes <= bytesMax) {
        chunks.push(chunk);
        return;
      }
      chunks.length = 0;
      resolve(refuse('too-large'));
      if (bytes > bytesMax + DISCARD_BYTES_MAX) message.socket.destroy();
    };
    message.on('data', add);
    message.on('end', () => resolve(accept(Buffer.concat(chunks))));
    message.on('close', () => resolve(undefined));
    message.on('error', () => resolve(undefined));
    if (Number(message.headers['content-length'] ?? 0) > bytesMax) resolve(refuse('too-large'));
  });
}

async function send(
  message: IncomingMessage,
  response: ServerResponse,
  reply: HttpResponse,
): Promise<void> {
  if (response.destroyed) return;
  if (reply.kind === 'whole') {
    await sendWhole(message, response, reply);
    return;
  }
  response.writeHead(reply.status, spelled(reply.headers));
  if (message.method === 'HEAD') {
    response.end();
    return;
  }
  response.flushHeaders();
  reply.open(openSink(response));
}

async function sendWhole(
  message: IncomingMessage,
  response: ServerResponse,
  reply: WholeResponse,
): Promise<void> {
  const encoded = Object.keys(reply.headers).some(
    (name) => name.toLowerCase() === 'content-encoding',
  );
  const wanted = reply.body.length >= GZIP_BYTES_MIN && !encoded;
  const zipped = wanted && acceptsGzip(message.headers['accept-encoding']);
  const body = zipped ? await compress(reply.body) : reply.body;
  for (const [name, value] of Object.entries(spelled(reply.headers))) {
    response.setHeader(name, value);
  }
  if (zipped) response.setHeader('Content-Encoding', 'gzip');
  if (reply.status !== 204 && reply.status !== 304) {
    response.setHeader('Content-Length', body.length);
  }
  response.writeHead(reply.status);
  response.end(body);
}

function fail({ logger }: Door, response: ServerResponse, error: unknown): void {
  if (error instanceof AssertionError) throw error;
  logger.error('a request failed', { error });
  if (response.headersSent) {
    response.destroy();
    return;
  }
  const { status, headers, body } = plainReply(500, '500 Internal Server Error.');
  response.writeHead(status, { ...spelled(headers), 'Content-Length': body.length });
  response.end(body);
}

/** Not HTTP, or too slow or too large a head: answered where that can be, and cut off. */
function refuseMalformed(socket: Duplex, error: Error): void {
  if (!socket.writable) {
    socket.destroy();
    return;
  }
  const code = 'code' in error ? error.code : undefined;
  const line = STATUS_OF.get(code) ?? '400 Bad Request';
  const body = `${line}.`;
  const head = [
    `HTTP/1.1 ${line}`,
    `Date: ${new Date().toUTCString()}`,
    'Content-Type: text/plain; charset=utf-8',
    `Content-Length: ${body.length}`,
    'Connection: close',
  ];
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`, () => socket.destroy());
}

const STATUS_OF: ReadonlyMap<unknown, string> = new Map([
  ['HPE_HEADER_OVERFLOW', '431 Request Header Fields Too Large'],
  ['ERR_HTTP_REQUEST_TIMEOUT', '408 Request Timeout'],
]);

/** Header names as HTTP/1.1 writes them: people and old tools compare `Location` to the letter. */
const spelled = (headers: Readonly<Record<string, string>>): Record<string, string> =>
  Object.fromEntries(Object.entries(headers).map(([name, value]) => [spelledName(name), value]));

const spelledName = (name: string): string =>
  name
    .toLowerCase()
    .replace(/(?:^|-)[a-z]/g, (start) => start.toUpperCase())
    .replace(/^Www-/, 'WWW-');
