/**
 * HTTP over the simulated network: one connection a call, heads and chunks as frames. What a reply's
 * reader has not taken counts as the sender's backlog, so a slow reader is felt as it is over TCP.
 *
 * A request's body is carried whole, also one that its sender gives in pieces: streams of records reach
 * their handler when they have ended.
 *
 * Hosts in URLs are machine names, in lower case as URLs are; `localhost` is the caller's machine.
 */
import { AssertionError, unreachable } from '#internal/base/assert.ts';
import {
  type HttpCall,
  type HttpClient,
  HttpError,
  type HttpHandler,
  type HttpListener,
  type HttpListenOptions,
  type HttpReply,
  type HttpRequest,
  type HttpResponse,
  type HttpServer,
  type HttpSink,
} from '../http.ts';
import { inflate, isStreamed, plainReply, replyToRefusedBody } from '../http-rules.ts';
import { ChunkQueue } from './chunk-queue.ts';
import type { Life } from './life.ts';
import type { SimulatedNetwork } from './network.ts';
import {
  type Connection,
  SimulatedStreams,
  type StreamEnd,
  type StreamHandlers,
} from './streams.ts';

type Request = {
  readonly kind: 'request';
  readonly method: string;
  readonly target: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
};

type Frame =
  | Request
  | { readonly kind: 'head'; readonly status: number; readonly headers: Record<string, string> }
  /** `taken` tells the sender that the reader has it. */
  | { readonly kind: 'chunk'; readonly chunk: Uint8Array; readonly taken: () => void }
  | { readonly kind: 'end' };

const FIRST_FREE_PORT = 49_152;

export class SimulatedHttp {
  readonly #streams: SimulatedStreams<Frame>;
  #nextPort = FIRST_FREE_PORT;

  constructor(dependencies: { readonly network: SimulatedNetwork }) {
    this.#streams = new SimulatedStreams(dependencies, { name: 'http' });
  }

  listener(life: Life): HttpListener {
    return { listen: (options, handler) => this.#listen(life, options, handler) };
  }

  client(life: Life): HttpClient {
    return { call: (call) => this.#call(life, call) };
  }

  async #listen(life: Life, options: HttpListenOptions, handler: HttpHandler): Promise<HttpServer> {
    const port = options.port === 0 ? this.#nextPort++ : options.port;
    const open = new Set<Connection<Frame>>();
    const stop = this.#streams.listen(life, port, (connection) => {
      open.add(connection);
      const serving = serve(connection, { handler, bodyBytesMax: options.bodyBytesMax });
      return {
        onFrame: (frame) => serving.onFrame(frame),
        onEnd(end) {
          open.delete(connection);
          serving.onEnd(end);
        },
      };
    });
    if (stop === undefined) throw new HttpError('EADDRINUSE', `${life.name}:${port} is in use`);
    return {
      host: life.name,
      port,
      async [Symbol.asyncDispose]() {
        stop();
        for (const connection of open) connection.destroy();
      },
    };
  }

  #call(life: Life, call: HttpCall): Promise<HttpReply> {
    const { signal } = call;
    const url = new URL(call.url);
    const isLocal = url.hostname === 'localhost' || url.hostname === '127.0.0.1';
    const address = { host: isLocal ? life.name : url.hostname, port: Number(url.port || '80') };
    return new Promise((resolve, reject) => {
      if (signal?.aborted === true) {
        reject(aborted(call));
        return;
      }
      const letGo = (): void => {
        signal?.removeEventListener('abort', abort);
        forget();
      };
      const fail = (error: HttpError): void => {
        letGo();
        connection.destroy();
        chunks.fail(error);
        reject(error);
      };
      const abort = (): void => fail(aborted(call));
      const chunks = new ChunkQueue(() => fail(new HttpError('ABORTED', 'nobody reads on')));
      const connection = this.#streams.connect(life, address, {
        onFrame(frame) {
          switch (frame.kind) {
            case 'head':
              resolve({ status: frame.status, headers: frame.headers, body: chunks });
              return;
            case 'chunk':
              chunks.push(frame.chunk, frame.taken);
              return;
            case 'end':
              letGo();
              chunks.end();
              connection.close();
              return;
            case 'request':
              fail(new HttpError('EPROTO', `${call.url} sent a request`));
              return;
            default:
              unreachable(frame);
          }
        },
        onEnd: (end) => fail(new HttpError(CODE_OF[end], `${call.url}: ${end}`)),
      });
      // Node keeps a signal that was made of others for as long as anybody listens to it, and the
      // program, which may have crashed, would never let go.
      const forget = life.onEnd(letGo);
      if (life.alive) signal?.addEventListener('abort', abort, { once: true });
      const send = (body: Uint8Array): void =>
        connection.send(requestOf(call, url, body), body.length);
      if (call.stream === undefined) send(call.body ?? new Uint8Array(0));
      else wholeOf(call.stream).then(send, () => fail(new HttpError('EPIPE', 'no body came')));
    });
  }
}

const CODE_OF: Readonly<Record<StreamEnd, string>> = {
  refused: 'ECONNREFUSED',
  reset: 'ECONNRESET',
  closed: 'ECONNRESET',
  'timed-out': 'ETIMEDOUT',
};

const aborted = ({ url, signal }: HttpCall): HttpError =>
  new HttpError('ABORTED', `${url}: aborted`, { cause: signal?.reason });

async function wholeOf(pieces: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const all: Uint8Array[] = [];
  for await (const piece of pieces) all.push(piece);
  return Buffer.concat(all);
}

function requestOf({ method, headers = {} }: HttpCall, url: URL, body: Uint8Array): Request {
  return {
    kind: 'request',
    method,
    target: `${url.pathname}${url.search}`,
    headers: { host: url.host, ...inLowerCase(headers) },
    body,
  };
}

async function* onePiece(piece: Uint8Array): AsyncGenerator<Uint8Array> {
  if (piece.length > 0) yield piece;
}

/** The server's side of one connection, which carries one request. */
function serve(
  connection: Connection<Frame>,
  { handler, bodyBytesMax }: { readonly handler: HttpHandler; readonly bodyBytesMax: number },
): StreamHandlers<Frame> {
  const gone = new AbortController();
  const sink = newSink(connection, gone.signal);
  const answer = async (request: Request): Promise<void> => {
    const encoding = request.headers['content-encoding'];
    const bytesMax = isStreamed(request.headers['content-type']) ? Infinity : bodyBytesMax;
    const body = inflate(request.body, { encoding, bytesMax });
    const reply = body.ok
      ? await handler({ ...request, ...bodyOf(request, body.value), signal: gone.signal })
      : replyToRefusedBody(body.refusal);
    sendReply(connection, sink, { reply, hasBody: request.method !== 'HEAD' });
  };
  return {
    onFrame(frame) {
      if (frame.kind !== 'request') {
        connection.destroy();
        return;
      }
      answer(frame).catch((error: unknown) => {
        if (error instanceof AssertionError) throw error;
        const reply = plainReply(500, '500 Internal Server Error.');
        sendReply(connection, sink, { reply, hasBody: true });
      });
    },
    onEnd() {
      // After the last chunk, the client's close is the way it should be.
      if (!sink.closed.aborted) gone.abort(new HttpError('ECONNRESET', 'the client has gone'));
    },
  };
}

function bodyOf({ headers }: Request, body: Uint8Array): Pick<HttpRequest, 'body' | 'stream'> {
  if (!isStreamed(headers['content-type'])) return { body };
  return { body: new Uint8Array(0), stream: onePiece(body) };
}

function sendReply(
  connection: Connection<Frame>,
  sink: HttpSink,
  { reply, hasBody }: { readonly reply: HttpResponse; readonly hasBody: boolean },
): void {
  const { kind, status } = reply;
  const headers = inLowerCase(reply.headers);
  if (kind === 'whole') headers['content-length'] = String(reply.body.length);
  else headers['transfer-encoding'] = 'chunked';
  connection.send({ kind: 'head', status, headers });
  if (kind === 'stream' && hasBody) {
    reply.open(sink);
    return;
  }
  if (kind === 'whole' && hasBody) sink.write(reply.body);
  sink.end();
}

function newSink(connection: Connection<Frame>, gone: AbortSignal): HttpSink {
  const over = new AbortController();
  let backlogBytes = 0;
  gone.addEventListener('abort', () => over.abort(), { once: true });
  return {
    write(chunk) {
      if (over.signal.aborted || chunk.length === 0) return;
      backlogBytes += chunk.length;
      const taken = (): void => {
        backlogBytes -= chunk.length;
      };
      connection.send({ kind: 'chunk', chunk: chunk.slice(), taken }, chunk.length);
    },
    get backlogBytes() {
      return backlogBytes;
    },
    end() {
      if (over.signal.aborted) return;
      connection.send({ kind: 'end' });
      over.abort();
    },
    destroy() {
      connection.destroy();
      over.abort();
    },
    closed: over.signal,
  };
}

function inLowerCase(headers: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]),
  );
}
