import { once } from 'node:events';
import { connect } from 'node:net';
import test from 'ava';
import type { HttpHandler, HttpSink } from '../http.ts';
import { httpSuite } from '../http.suite.ts';
import { openLogBook } from '../simulated/logger.ts';
import { httpClient } from './http-client.ts';
import { httpListener } from './http-server.ts';

const { logger } = openLogBook({ nowMs: () => 0 });
const LISTEN = { host: '127.0.0.1', port: 0, bodyBytesMax: 100_000 };

httpSuite(test, async () => {
  const client = httpClient();
  return {
    listener: httpListener({ logger }),
    client,
    host: '127.0.0.1',
    run: (promise) => promise,
    [Symbol.asyncDispose]: () => client[Symbol.asyncDispose](),
  };
});

const greet: HttpHandler = ({ body }) => ({
  kind: 'whole',
  status: 200,
  headers: { 'Content-Type': 'text/plain' },
  body: body.length > 0 ? body : new TextEncoder().encode('hello'),
});

/** Sends bytes and gives all that comes back until `until` matches, or until the server hangs up. */
async function exchange(port: number, sent: string, until: RegExp): Promise<string> {
  const socket = connect({ host: '127.0.0.1', port });
  socket.write(sent);
  let got = '';
  for await (const chunk of socket) {
    got += String(chunk);
    if (until.test(got)) break;
  }
  socket.destroy();
  return got;
}

test('a whole reply has a date and a length, and no connection header', async (t) => {
  await using server = await httpListener({ logger }).listen(LISTEN, greet);
  for (const wish of ['', 'Connection: keep-alive\r\n', 'Connection: close\r\n']) {
    const got = await exchange(server.port, `GET / HTTP/1.1\r\nHost: x\r\n${wish}\r\n`, /hello$/);
    t.regex(got, /^HTTP\/1\.1 200 OK\r\n/);
    t.regex(got, /\r\nDate: .* GMT\r\n/);
    t.regex(got, /\r\nContent-Length: 5\r\n/);
    t.notRegex(got, /\r\n(Connection|Keep-Alive|Transfer-Encoding):/i);
  }
});

test('HTTP/1.0 without a host is served, and hung up on', async (t) => {
  await using server = await httpListener({ logger }).listen(LISTEN, greet);
  t.regex(
    await exchange(server.port, 'GET / HTTP/1.0\r\n\r\n', /never/),
    /200 OK[^]*\r\n\r\nhello$/,
  );
  t.regex(await exchange(server.port, 'GET / HTTP/1.1\r\n\r\n', /hello$/), /200 OK/);
});

test('HEAD has the head of the reply and no body', async (t) => {
  await using server = await httpListener({ logger }).listen(LISTEN, greet);
  const twice = 'HEAD / HTTP/1.1\r\nHost: x\r\n\r\nGET / HTTP/1.1\r\nHost: x\r\n\r\n';
  const got = await exchange(server.port, twice, /hello$/);
  t.regex(got, /^HTTP\/1\.1 200 OK\r\n[^]*Content-Length: 5\r\n[^]*?\r\n\r\nHTTP\/1\.1 200 OK/);
});

test('chunked bodies arrive whole', async (t) => {
  await using server = await httpListener({ logger }).listen(LISTEN, greet);
  const head = 'POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n';
  const got = await exchange(server.port, `${head}3\r\nabc\r\n4\r\ndefg\r\n0\r\n\r\n`, /abcdefg$/);
  t.regex(got, /200 OK/);
});

test('nonsense is a 400 of its own connection, and the server lives', async (t) => {
  await using server = await httpListener({ logger }).listen(LISTEN, greet);
  for (const nonsense of [
    'nonsense\r\n\r\n',
    'GET / HTTP/9.9\r\n\r\n',
    '\u0000\u0001\u0002\r\n\r\n',
    'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: many\r\n\r\n',
    'GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n',
  ]) {
    const got = await exchange(server.port, nonsense, /never/);
    t.regex(
      got,
      /^HTTP\/1\.1 400 Bad Request\r\n[^]*text\/plain[^]*\r\n\r\n400 Bad Request\.$/,
      nonsense,
    );
  }
  const long = `GET / HTTP/1.1\r\nX: ${'x'.repeat(100_000)}\r\n\r\n`;
  t.regex(await exchange(server.port, long, /never/), /^HTTP\/1\.1 431 /);
  t.regex(await exchange(server.port, 'GET / HTTP/1.1\r\nHost: x\r\n\r\n', /hello$/), /200 OK/);
});

test('a body that claims too much is refused at once, and the connection goes on', async (t) => {
  await using server = await httpListener({ logger }).listen(LISTEN, greet);
  const socket = connect({ host: '127.0.0.1', port: server.port });
  socket.write('POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 200000\r\n\r\n');
  const [refusal] = await once(socket, 'data');
  t.regex(String(refusal), /^HTTP\/1\.1 413 /);
  socket.write('x'.repeat(200_000));
  socket.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
  const [reply] = await once(socket, 'data');
  t.regex(String(reply), /200 OK[^]*hello$/);
  socket.destroy();
});

test('one write is one chunk, the end is the last chunk, and the connection stays', async (t) => {
  let sink: HttpSink | undefined;
  const handler: HttpHandler = (request) => {
    if (request.target === '/hello') return greet(request);
    const open = (opened: HttpSink): void => {
      sink = opened;
      for (const text of ['one\n', '', '17 letters in here'])
        sink.write(new TextEncoder().encode(text));
    };
    return { kind: 'stream', status: 200, headers: { 'Mesos-Stream-Id': '1' }, open };
  };
  await using server = await httpListener({ logger }).listen(LISTEN, handler);
  const socket = connect({ host: '127.0.0.1', port: server.port });
  socket.write('POST / HTTP/1.1\r\nHost: x\r\nAccept-Encoding: gzip\r\n\r\n');
  let got = '';
  for await (const chunk of socket) {
    got += String(chunk);
    if (got.endsWith('here\r\n')) sink?.end();
    if (got.endsWith('0\r\n\r\n')) socket.write('GET /hello HTTP/1.1\r\nHost: x\r\n\r\n');
    if (got.endsWith('hello')) break;
  }
  const split = got.indexOf('\r\n\r\n');
  const head = got.slice(0, split);
  const body = got.slice(split + 4);
  t.regex(head, /\r\nTransfer-Encoding: chunked/);
  t.regex(head, /\r\nDate: /);
  t.notRegex(head, /\r\n(Connection|Content-Encoding|Content-Length):/i);
  t.regex(body, /^4\r\none\n\r\n12\r\n17 letters in here\r\n0\r\n\r\nHTTP\/1\.1 200 OK/);
});

test('replies of 1024 bytes or more are gzipped for who accepts it', async (t) => {
  await using server = await httpListener({ logger }).listen(LISTEN, greet);
  await using client = httpClient();
  const url = `http://127.0.0.1:${server.port}/`;
  const cases = [
    ['gzip', 1024, 'gzip'],
    ['deflate, gzip;q=0.5', 1024, 'gzip'],
    ['gzip', 1023, undefined],
    ['gzip;q=0', 1024, undefined],
    ['identity', 1024, undefined],
  ] as const;
  for (const [accepted, length, encoding] of cases) {
    const headers = { 'Accept-Encoding': accepted };
    const body = new Uint8Array(length).fill(65);
    const reply = await client.call({ method: 'POST', url, headers, body });
    t.is(reply.headers['content-encoding'], encoding, `${accepted} ${length}`);
    let bytes = 0;
    for await (const chunk of reply.body) bytes += chunk.length;
    t.is(reply.headers['content-length'], String(bytes));
    t.is(bytes < 1000, encoding === 'gzip');
  }
});

test('header names leave as HTTP/1.1 spells them, however a handler writes them', async (t) => {
  const headers = { location: '//h:1', 'mesos-stream-id': 'x', 'www-authenticate': 'Basic' };
  const moved: HttpHandler = () => ({
    kind: 'whole',
    status: 307,
    headers,
    body: new Uint8Array(),
  });
  await using server = await httpListener({ logger }).listen(LISTEN, moved);
  const socket = connect({ host: '127.0.0.1', port: server.port });
  socket.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
  let got = '';
  for await (const chunk of socket) {
    got += String(chunk);
    if (got.includes('\r\n\r\n')) break;
  }
  t.regex(got, /\r\nLocation: \/\/h:1\r\nMesos-Stream-Id: x\r\nWWW-Authenticate: Basic\r\n/);
});
