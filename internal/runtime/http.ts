/**
 * HTTP as a port, both sides. The real twins stand on `node:http` and `undici`; the simulated one
 * carries the same calls over the simulated network, so that masters, agents and client libraries
 * talk in a simulation through the very code that serves real clients.
 */
export type HttpRequest = {
  readonly method: string;
  /** Path and query as sent: `/state?jsonp=f`. */
  readonly target: string;
  /** Names in lower case; several values of one name joined by `, `. */
  readonly headers: Readonly<Record<string, string>>;
  /** Whole and not compressed any more. A larger one than allowed never reaches the handler. */
  readonly body: Uint8Array;
  /**
   * Of a request whose `Content-Type` is `application/recordio`: its body as it comes, for one reader,
   * whose pace it keeps; `body` is empty. Throws `HttpError` when the client goes before its end.
   */
  readonly stream?: AsyncIterable<Uint8Array>;
  /** Fires when the client has gone. */
  readonly signal: AbortSignal;
};

/**
 * A reply that is complete, or a stream that `open` starts to fill once the head is on its way. To a
 * HEAD the server sends the head alone, and `open` is not called.
 */
export type HttpResponse =
  | {
      readonly kind: 'whole';
      readonly status: number;
      readonly headers: Readonly<Record<string, string>>;
      readonly body: Uint8Array;
    }
  | {
      readonly kind: 'stream';
      readonly status: number;
      readonly headers: Readonly<Record<string, string>>;
      open(sink: HttpSink): void;
    };

export type HttpSink = {
  /**
   * Sends one chunk as one HTTP chunk; its bytes must not change any more. Nothing happens after
   * `end` or after the client has gone, and an empty chunk is not sent.
   */
  write(chunk: Uint8Array): void;
  /** Bytes accepted by `write` that the network has not taken yet: bound it. */
  readonly backlogBytes: number;
  /** Sends the last chunk and leaves the connection open (contract 1.3). */
  end(): void;
  /** Breaks the connection at once. */
  destroy(): void;
  /** Fires once when the stream is over, whoever ended it. */
  readonly closed: AbortSignal;
};

export type HttpHandler = (request: HttpRequest) => HttpResponse | Promise<HttpResponse>;

export type HttpListenOptions = {
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
  /** A larger body is answered 413 and never reaches the handler. */
  readonly bodyBytesMax: number;
};

export type HttpServer = AsyncDisposable & { readonly host: string; readonly port: number };

export type HttpListener = {
  /** Rejects with `HttpError` (`code` `EADDRINUSE`, `EACCES`…) when it cannot listen. */
  listen(options: HttpListenOptions, handler: HttpHandler): Promise<HttpServer>;
};

export type HttpCall = {
  readonly method: string;
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array;
  /** A body that is sent as it comes, instead of `body`. */
  readonly stream?: AsyncIterable<Uint8Array>;
  readonly signal?: AbortSignal;
};

export type HttpReply = {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /**
   * Chunks as they arrive, for one reader. Leaving the loop early closes the connection. Read it or
   * abort the call's signal: otherwise the connection stays taken. Throws `HttpError` when it breaks.
   */
  readonly body: AsyncIterable<Uint8Array>;
};

export type HttpClient = {
  /**
   * Redirects are not followed. Rejects with `HttpError` when no reply comes: `ECONNREFUSED`,
   * `ECONNRESET`, `ETIMEDOUT`…, or `ABORTED` by the call's signal, whatever its reason.
   */
  call(call: HttpCall): Promise<HttpReply>;
};

/** The other side could not be reached or went away, or we could not listen. */
export class HttpError extends Error {
  override readonly name: string = 'HttpError';
  readonly code: string;

  constructor(code: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
