/**
 * The bytes of a source, as they come. Files of this machine are read with the rights of the task's user,
 * by a process of that user. Redirects lead from http or https to https, or from http to http, and
 * nowhere else. Nothing is tried twice.
 */
import type { Filters } from '#internal/runtime/filters.ts';
import { FilterError } from '#internal/runtime/filters.ts';
import { type HttpClient, HttpError, type HttpReply } from '#internal/runtime/http.ts';
import type { Processes, User } from '#internal/runtime/processes.ts';
import type { FetchSource } from './fetch-item.ts';
import { shorten } from './member-path.ts';
import { FetchError, type Watch } from './watch.ts';

export type DownloadDependencies = {
  readonly http: HttpClient;
  readonly filters: Filters;
  readonly processes: Pick<Processes, 'which'>;
};

const redirectsMax = 10;
const redirects: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);

/** Throws `FetchError`, also when `watch` has had enough. */
export async function* download(
  dependencies: DownloadDependencies,
  source: FetchSource,
  { user, watch }: { readonly user: User | undefined; readonly watch: Watch },
): AsyncGenerator<Uint8Array> {
  try {
    const content =
      source.kind === 'http'
        ? await ask(dependencies.http, source.url, watch.signal)
        : await readAs(dependencies, source.path, { user, signal: watch.signal });
    for await (const chunk of content) {
      watch.signal.throwIfAborted();
      watch.progress(chunk.length);
      yield chunk;
    }
    watch.signal.throwIfAborted();
  } catch (error) {
    watch.signal.throwIfAborted();
    const isExpected = error instanceof HttpError || error instanceof FilterError;
    throw isExpected ? new FetchError(error.message, { cause: error }) : error;
  }
}

async function readAs(
  { filters, processes }: DownloadDependencies,
  path: string,
  { user, signal }: { readonly user: User | undefined; readonly signal: AbortSignal },
): Promise<AsyncIterable<Uint8Array>> {
  const cat = await processes.which('cat');
  if (cat === undefined) throw new FetchError('This machine has no `cat` to read files with');
  return filters.run({ path: cat, arguments: ['--', path], user, signal });
}

async function ask(
  http: HttpClient,
  first: string,
  signal: AbortSignal,
): Promise<AsyncIterable<Uint8Array>> {
  let url = new URL(first);
  for (let hops = 0; hops <= redirectsMax; hops++) {
    const hop = new AbortController();
    const both = AbortSignal.any([signal, hop.signal]);
    const reply = await http.call({ method: 'GET', ...addressOf(url), signal: both });
    if (reply.status === 200) return reply.body;
    // What else it says is not read.
    hop.abort();
    if (!redirects.has(reply.status)) {
      throw new FetchError(`Error downloading resource, received HTTP return code ${reply.status}`);
    }
    url = redirected(url, reply);
  }
  throw new FetchError(`It is redirected more than ${redirectsMax} times`);
}

function redirected(from: URL, { headers }: HttpReply): URL {
  const location = headers['location'] ?? '';
  if (location === '' || !URL.canParse(location, from)) {
    throw new FetchError(`It is redirected to '${shorten(location)}', which is no URL`);
  }
  const to = new URL(location, from);
  const isAllowed =
    to.protocol === 'https:' || (to.protocol === 'http:' && to.protocol === from.protocol);
  if (isAllowed) return to;
  throw new FetchError(`It is redirected to '${shorten(to.href)}', which is not followed`);
}

/** Name and password of a URL travel in a header, as curl sends them. */
function addressOf(url: URL): Pick<Parameters<HttpClient['call']>[0], 'url' | 'headers'> {
  const { username, password } = url;
  if (username === '' && password === '') return { url: url.href };
  const plain = new URL(url);
  plain.username = '';
  plain.password = '';
  const pair = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  const bytes = Array.from(new TextEncoder().encode(pair), (byte) => String.fromCharCode(byte));
  return { url: plain.href, headers: { authorization: `Basic ${btoa(bytes.join(''))}` } };
}
