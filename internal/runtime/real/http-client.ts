/**
 * `HttpClient` by `undici`. A stream may be silent for as long as its owner likes: what is too long
 * he knows, and his signal ends it. Redirects are replies like any other.
 */
import { Agent, request } from 'undici';
import { type HttpClient, HttpError } from '../http.ts';

export type HttpClientOptions = {
  /** To connect; 5 s when left out. */
  readonly connectMsMax?: number;
  /** From the request to the head of the reply; 0, the default, leaves that to the caller's signal. */
  readonly headMsMax?: number;
  /** Also of servers that only vouch for themselves. */
  readonly trustsAnyone?: boolean;
};

/** Dispose it to close its connections, also those with a reply under way. */
export function httpClient({
  connectMsMax = 5000,
  headMsMax = 0,
  trustsAnyone = false,
}: HttpClientOptions = {}): HttpClient & AsyncDisposable {
  const dispatcher = new Agent({
    bodyTimeout: 0,
    headersTimeout: headMsMax,
    connect: { timeout: connectMsMax, rejectUnauthorized: !trustsAnyone },
  });
  return {
    async call({ method, url, headers = {}, body = null, signal = null }) {
      const reply = await asFault(url, () =>
        request(url, { method, headers, body, signal, dispatcher }),
      );
      return {
        status: reply.statusCode,
        headers: flatten(reply.headers),
        body: chunksOf(url, reply.body),
      };
    },
    [Symbol.asyncDispose]: () => dispatcher.destroy(),
  };
}

async function* chunksOf(url: string, body: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  try {
    yield* body;
  } catch (error) {
    throw toFault(url, error);
  }
}

async function asFault<T>(url: string, act: () => Promise<T>): Promise<T> {
  try {
    return await act();
  } catch (error) {
    throw toFault(url, error);
  }
}

function toFault(url: string, cause: unknown): HttpError {
  const message = cause instanceof Error ? cause.message : String(cause);
  return new HttpError(codeOf(cause), `${url}: ${message}`, { cause });
}

function codeOf(error: unknown): string {
  if (!(error instanceof Error)) return 'ABORTED';
  if (error.name === 'AbortError') return 'ABORTED';
  const code = 'code' in error ? error.code : undefined;
  switch (code) {
    case 'UND_ERR_SOCKET':
    case 'UND_ERR_DESTROYED':
    case 'UND_ERR_CLOSED':
      return 'ECONNRESET';
    case 'UND_ERR_CONNECT_TIMEOUT':
    case 'UND_ERR_HEADERS_TIMEOUT':
      return 'ETIMEDOUT';
    default:
      return typeof code === 'string' ? code : 'ABORTED';
  }
}

function flatten(
  headers: Readonly<Record<string, string | readonly string[] | undefined>>,
): Record<string, string> {
  const flat: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers)) {
    if (value !== undefined) flat[name] = typeof value === 'string' ? value : value.join(', ');
  }
  return flat;
}
