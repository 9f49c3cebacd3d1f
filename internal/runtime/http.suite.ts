/** What every pair of `HttpListener` and `HttpClient` promises. */
import { gzipSync } from 'node:zlib';
import type { ExecutionContext, TestFn } from 'ava';
import type {
  HttpCall,
  HttpClient,
  HttpHandler,
  HttpListener,
  HttpReply,
  HttpResponse,
  HttpServer,
  HttpSink,
} from './http.ts';

export type HttpRig = AsyncDisposable & {
  readonly listener: HttpListener;
  readonly client: HttpClient;
  /** Where the listener may listen. */
  readonly host: string;
  /** Lets the world move until the promise settles. */
  readonly run: <T>(promise: Promise<T>) => Promise<T>;
};

const BODY_BYTES_MAX = 1000;
const encode = (text: string): Uint8Array => new TextEncoder().encode(text);
const decode = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);

const whole = (status: number, text: string): HttpResponse & { kind: 'whole' } => ({
  kind: 'whole',
  status,
  headers: { 'Content-Type': 'text/plain' },
  body: encode(text),
});

async function textOf({ body }: HttpReply): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of body) chunks.push(chunk);
  return decode(Buffer.concat(chunks));
}

type Scene = {
  readonly server: HttpServer;
  readonly call: (target: string, call?: Partial<HttpCall>) => Promise<HttpReply>;
};

type Serve = (handler: HttpHandler) => Promise<Scene>;

/** A handler that streams, and the stream it opened last. */
function streaming(): { readonly handler: HttpHandler; readonly sink: () => HttpSink } {
  let sink: HttpSink | undefined;
  const open = (opened: HttpSink): void => {
    sink = opened;
  };
  const headers = { 'Content-Type': 'application/json' };
  return { handler: () => ({ kind: 'stream', status: 200, headers, open }), sink: () => sink! };
}

export function httpSuite(test: TestFn, openRig: () => Promise<HttpRig>): void {
  const law = (
    title: string,
    check: (t: ExecutionContext, serve: Serve) => Promise<void>,
  ): void => {
    test(title, async (t) => {
      await using rig = await openRig();
      const options = { host: rig.host, port: 0, bodyBytesMax: BODY_BYTES_MAX };
      const program = async (): Promise<void> => {
        await using servers = new AsyncDisposableStack();
        await check(t, async (handler) => {
          const server = servers.use(await rig.listener.listen(options, handler));
          const base = `http://${server.host}:${server.port}`;
          const call: Scene['call'] = (target, more = {}) =>
            rig.client.call({ method: 'GET', url: `${base}${target}`, ...more });
          return { server, call };
        });
      };
      await rig.run(program());
    });
  };

  law('a call reaches the handler as it was sent, and its reply comes back', async (t, serve) => {
    const { call } = await serve(({ method, target, headers, body }) =>
      whole(200, `${method} ${target} ${headers['x-name']} ${decode(body)}`),
    );
    const headers = { 'X-Name': 'Ann' };
    const body = encode('hello');
    const reply = await call('/a/b?c=d%20e', { method: 'POST', headers, body });
    t.is(reply.status, 200);
    t.is(reply.headers['content-type'], 'text/plain');
    t.is(reply.headers['content-length'], '27');
    t.is(await textOf(reply), 'POST /a/b?c=d%20e Ann hello');
  });

  law('an empty reply has a length of zero', async (t, serve) => {
    const { call } = await serve(() => whole(202, ''));
    const reply = await call('/');
    t.is(reply.status, 202);
    t.is(reply.headers['content-length'], '0');
    t.is(await textOf(reply), '');
  });

  law('a redirect is a reply', async (t, serve) => {
    const headers = { Location: '//elsewhere:1/x' };
    const { call } = await serve(() => ({ ...whole(307, ''), headers }));
    const reply = await call('/', { method: 'POST' });
    t.is(reply.status, 307);
    t.is(reply.headers['location'], '//elsewhere:1/x');
    t.is(await textOf(reply), '');
  });

  law('a body beyond the bound is refused unheard, inflated or not', async (t, serve) => {
    let heard = 0;
    const { call } = await serve(({ body }) => {
      heard++;
      return whole(200, String(body.length));
    });
    const post = (body: Uint8Array, headers = {}): Promise<HttpReply> =>
      call('/', { method: 'POST', body, headers });
    const most = new Uint8Array(BODY_BYTES_MAX);
    const more = new Uint8Array(BODY_BYTES_MAX + 1);
    const gzip = { 'Content-Encoding': 'gzip' };
    t.is(await textOf(await post(most)), '1000');
    t.is(await textOf(await post(gzipSync(most), gzip)), '1000');
    for (const refused of [await post(more), await post(gzipSync(more), gzip)]) {
      t.is(refused.status, 413);
      t.is(refused.headers['content-type'], 'text/plain; charset=utf-8');
      t.not(await textOf(refused), '');
    }
    const wrong = await post(most, gzip);
    t.is(wrong.status, 400);
    await textOf(wrong);
    t.is(heard, 2);
  });

  law('a handler that fails is a 500, and the server lives', async (t, serve) => {
    const { call } = await serve(({ target }) => {
      if (target === '/fail') throw new Error('on purpose');
      return whole(200, 'fine');
    });
    const failed = await call('/fail');
    t.is(failed.status, 500);
    t.is(await textOf(failed), '500 Internal Server Error.');
    t.is(await textOf(await call('/')), 'fine');
  });

  law('a stream comes as it is written, and ends', async (t, serve) => {
    const { handler, sink } = streaming();
    const { call } = await serve(handler);
    const reply = await call('/');
    t.is(reply.headers['content-length'], undefined);
    const got: string[] = [];
    sink().write(encode('one'));
    for await (const chunk of reply.body) {
      got.push(decode(chunk));
      if (got.length === 1) sink().write(encode('two'));
      else sink().end();
    }
    t.deepEqual(got, ['one', 'two']);
    t.true(sink().closed.aborted);
    sink().write(encode('too late'));
    sink().end();
  });

  law('a stream of records reaches its handler unbounded and in order', async (t, serve) => {
    const got: number[] = [];
    const scene = await serve(async ({ stream, body }) => {
      t.is(body.length, 0);
      for await (const piece of stream!) got.push(...piece);
      return whole(200, 'all of it');
    });
    async function* pieces(): AsyncGenerator<Uint8Array> {
      for (let at = 0; at < 20; at++) yield new Uint8Array(BODY_BYTES_MAX).fill(at);
    }
    const headers = { 'Content-Type': 'application/recordio' };
    const reply = await scene.call('/', { method: 'POST', headers, stream: pieces() });
    t.is(await textOf(reply), 'all of it');
    t.is(got.length, 20 * BODY_BYTES_MAX);
    t.deepEqual(
      got,
      got.toSorted((one, other) => one - other),
    );
  });

  law('a client that leaves a stream is noticed', async (t, serve) => {
    const { handler, sink } = streaming();
    const left = Promise.withResolvers<void>();
    const { call } = await serve((request) => {
      request.signal.addEventListener('abort', () => left.resolve(), { once: true });
      return handler(request);
    });
    const reply = await call('/');
    const over = Promise.withResolvers<void>();
    sink().closed.addEventListener('abort', () => over.resolve(), { once: true });
    sink().write(encode('one'));
    for await (const chunk of reply.body) {
      t.is(decode(chunk), 'one');
      break;
    }
    await over.promise;
    await left.promise;
    t.true(sink().closed.aborted);
  });

  law('a reply that is over does not count as a client that left', async (t, serve) => {
    const signals: AbortSignal[] = [];
    const { call } = await serve((request) => {
      signals.push(request.signal);
      return whole(200, 'fine');
    });
    for (let i = 0; i < 3; i++) t.is(await textOf(await call('/')), 'fine');
    t.is(signals.length, 3);
    t.true(signals.slice(0, 2).every((signal) => !signal.aborted));
  });

  law('a broken stream is an error, not an end', async (t, serve) => {
    const { handler, sink } = streaming();
    const { call } = await serve(handler);
    const reply = await call('/');
    sink().write(encode('one'));
    const got: string[] = [];
    const read = async (): Promise<void> => {
      for await (const chunk of reply.body) {
        got.push(decode(chunk));
        sink().destroy();
      }
    };
    await t.throwsAsync(read(), { name: 'HttpError', code: 'ECONNRESET' });
    t.deepEqual(got, ['one']);
  });

  law('what nobody reads is backlog', async (t, serve) => {
    const { handler, sink } = streaming();
    const { call } = await serve(handler);
    const reply = await call('/');
    const chunk = new Uint8Array(1_000_000);
    for (let i = 0; i < 32; i++) sink().write(chunk);
    t.true(sink().backlogBytes > 1_000_000);
    sink().end();
    let bytes = 0;
    for await (const part of reply.body) bytes += part.length;
    t.is(bytes, 32_000_000);
    t.is(sink().backlogBytes, 0);
  });

  law('a signal ends a call that waits for its reply', async (t, serve) => {
    const { call } = await serve(() => new Promise<HttpResponse>(() => {}));
    const { signal, abort } = newSignal();
    const waiting = call('/', { signal });
    abort();
    await t.throwsAsync(waiting, { name: 'HttpError', code: 'ABORTED' });
    await t.throwsAsync(call('/', { signal }), { name: 'HttpError', code: 'ABORTED' });
  });

  law('a signal ends a stream', async (t, serve) => {
    const { handler, sink } = streaming();
    const { call } = await serve(handler);
    const { signal, abort } = newSignal();
    const reply = await call('/', { signal });
    sink().write(encode('one'));
    const read = async (): Promise<void> => {
      for await (const chunk of reply.body) {
        t.is(decode(chunk), 'one');
        abort();
      }
    };
    await t.throwsAsync(read(), { name: 'HttpError', code: 'ABORTED' });
  });

  law('a server that was disposed of refuses', async (t, serve) => {
    const { server, call } = await serve(() => whole(200, 'fine'));
    t.is(await textOf(await call('/')), 'fine');
    await server[Symbol.asyncDispose]();
    await t.throwsAsync(call('/'), { name: 'HttpError', code: 'ECONNREFUSED' });
  });

  test('a port in use says so', async (t) => {
    await using rig = await openRig();
    const options = { host: rig.host, port: 0, bodyBytesMax: BODY_BYTES_MAX };
    const handler: HttpHandler = () => whole(200, 'fine');
    const program = async (): Promise<void> => {
      await using server = await rig.listener.listen(options, handler);
      const again = rig.listener.listen({ ...options, port: server.port }, handler);
      await t.throwsAsync(again, { name: 'HttpError', code: 'EADDRINUSE' });
    };
    await rig.run(program());
  });
}

function newSignal(): { readonly signal: AbortSignal; readonly abort: () => void } {
  const control = new AbortController();
  return { signal: control.signal, abort: () => control.abort() };
}
