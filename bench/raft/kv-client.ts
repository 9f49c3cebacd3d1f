/**
 * A gRPC client of unary calls on one connection, on HTTP/2 itself: a generator of load has to cost
 * less than what it loads. It knows nothing of either server, so both are asked in the same way.
 */
import http2 from 'node:http2';

/** The numbers of gRPC; `unavailable` stands for a connection that is not, or no longer. */
export const grpcCode = {
  ok: 0,
  deadlineExceeded: 4,
  unimplemented: 12,
  internal: 13,
  unavailable: 14,
} as const;

export class CallError extends Error {
  override readonly name: string = 'CallError';
  readonly code: number;

  constructor(code: number, message: string) {
    super(message);
    this.code = code;
  }
}

export class KvClient implements Disposable {
  readonly #session: http2.ClientHttp2Session;

  /** Connects when it can; until then calls wait. */
  constructor(address: string) {
    this.#session = http2.connect(`http://${address}`);
    // Each call learns it by itself.
    this.#session.on('error', () => {});
  }

  get isOpen(): boolean {
    return !this.#session.closed && !this.#session.destroyed;
  }

  /** Rejects with `CallError` and nothing else. */
  call(path: string, message: Uint8Array, timeoutMs = 30_000): Promise<Uint8Array> {
    const { promise, resolve, reject } = Promise.withResolvers<Uint8Array>();
    if (!this.isOpen) {
      reject(new CallError(grpcCode.unavailable, 'the connection is closed'));
      return promise;
    }
    const stream = this.#session.request({
      ':method': 'POST',
      ':path': path,
      'content-type': 'application/grpc',
      te: 'trailers',
    });
    const parts: Buffer[] = [];
    let status: { readonly code: number; readonly message: string } | undefined;
    const learn = (headers: http2.IncomingHttpHeaders): void => {
      const code = headers['grpc-status'];
      if (code === undefined) return;
      status = { code: Number(code), message: String(headers['grpc-message'] ?? '') };
    };
    const timer = setTimeout(() => {
      status = { code: grpcCode.deadlineExceeded, message: `no answer in ${timeoutMs} ms` };
      stream.close(http2.constants.NGHTTP2_CANCEL);
    }, timeoutMs);
    stream.on('response', learn);
    stream.on('trailers', learn);
    stream.on('data', (part: Buffer) => parts.push(part));
    stream.on('error', () => {});
    stream.on('close', () => {
      clearTimeout(timer);
      const { code, message: text } = status ?? { code: grpcCode.unavailable, message: 'cut off' };
      if (code === grpcCode.ok) resolve(Buffer.concat(parts).subarray(5));
      else reject(new CallError(code, decodeURIComponent(text)));
    });
    stream.end(framed(message));
    return promise;
  }

  [Symbol.dispose](): void {
    this.#session.destroy();
  }
}

/** Not compressed, then the length: how gRPC puts a message into a stream. */
export function framed(message: Uint8Array): Uint8Array {
  const frame = Buffer.allocUnsafe(5 + message.length);
  frame[0] = 0;
  frame.writeUInt32BE(message.length, 1);
  frame.set(message, 5);
  return frame;
}
