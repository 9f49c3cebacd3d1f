/**
 * One real master over real sockets: whatever malformed request comes, it gets the contract's status
 * and text, and the master lives on with its streams untouched.
 */
import { once } from 'node:events';
import { type IncomingMessage, request as httpRequest } from 'node:http';
import { connect } from 'node:net';
import test, { type ExecutionContext } from 'ava';
import { startProgram } from '#internal/runtime/real/program.ts';
import { systemRandom } from '#internal/runtime/real/random.ts';
import { findFreePort } from '#internal/testing/free-port.ts';
import {
  expectedText,
  malformedRequests,
  oversizeRequest,
  type RawRequest,
  type Subscribed,
} from '#internal/testing/malformed-requests.ts';
import { statusOf, temporaryFolder, until } from './cluster.ts';

const host = '127.0.0.1';
/** As `altiplano master` has it. */
const bodyBytesMax = 64 * 1024 * 1024;
const readyMs = 60_000;

test('a master answers every malformed request as the contract says, and lives', async (t) => {
  const { port: master, stop } = await startMaster(t);
  const subscribed = await subscribe(t, master);
  for (const malformed of [...malformedRequests, oversizeRequest(bodyBytesMax)]) {
    const reply = await ask(master, malformed.request(subscribed));
    t.is(reply.status, malformed.status, malformed.name);
    const text = expectedText(malformed, subscribed);
    if (text !== undefined) t.is(reply.text, text, malformed.name);
    t.regex(reply.headers['content-type'] ?? '', /^text\/plain/u, malformed.name);
  }
  t.is(await firstLine(master, 'NOT HTTP AT ALL\r\n\r\n'), 'HTTP/1.1 400 Bad Request');

  const { frameworkId, streamId } = subscribed;
  const revive = { type: 'REVIVE', framework_id: { value: frameworkId } };
  const headers = { 'content-type': 'application/json', 'mesos-stream-id': streamId };
  const body = Buffer.from(JSON.stringify(revive));
  const fine = await ask(master, { method: 'POST', target: '/api/v1/scheduler', headers, body });
  t.is(fine.status, 202, 'the subscription has survived all of it');
  t.is(await stop(), 0, 'an open stream does not keep it from ending');
});

type StartedMaster = {
  readonly port: number;
  /** Resolves with the exit status. */
  readonly stop: () => Promise<number | null>;
};

/** A master that is alone, hence leads. */
async function startMaster(t: ExecutionContext): Promise<StartedMaster> {
  const random = systemRandom();
  const port = await findFreePort(host, random);
  const lines: string[] = [];
  const program = startProgram({
    command: process.execPath,
    args: [
      'cmd/altiplano.js',
      'master',
      `--ip=${host}`,
      `--port=${port}`,
      `--grpc-port=${await findFreePort(host, random)}`,
      `--peer-port=${await findFreePort(host, random)}`,
      `--work-dir=${await temporaryFolder(t)}`,
    ],
    onLine: (_, line) => lines.push(line),
  });
  const stop = async (): Promise<number | null> => {
    program.signal('SIGTERM');
    const { status } = await program.ended;
    return status;
  };
  t.teardown(stop);
  const url = `http://${host}:${port}/state`;
  await until(
    async () => (await statusOf(url)) === 200,
    readyMs,
    () => lines.join('\n'),
  );
  return { port, stop };
}

/** Holds the stream open until the test ends. */
async function subscribe(t: ExecutionContext, port: number): Promise<Subscribed> {
  const call = { type: 'SUBSCRIBE', subscribe: { framework_info: { user: 'root', name: 'held' } } };
  const headers = { 'content-type': 'application/json' };
  const body = Buffer.from(JSON.stringify(call));
  const reply = await send(port, { method: 'POST', target: '/api/v1/scheduler', headers, body });
  t.teardown(() => {
    reply.destroy();
  });
  t.is(reply.statusCode, 200);
  const [first] = await once(reply, 'data');
  const [, frameworkId = ''] = /"framework_id":\{"value":"([^"]+)"/u.exec(String(first)) ?? [];
  // The master ends before the test's own connection does.
  reply.on('error', () => {});
  reply.resume();
  return { frameworkId, streamId: String(reply.headers['mesos-stream-id']) };
}

type Reply = {
  readonly status: number | undefined;
  readonly headers: IncomingMessage['headers'];
  readonly text: string;
};

async function ask(port: number, raw: RawRequest): Promise<Reply> {
  const reply = await send(port, raw);
  const chunks: string[] = [];
  for await (const chunk of reply) chunks.push(String(chunk));
  return { status: reply.statusCode, headers: reply.headers, text: chunks.join('') };
}

async function send(
  port: number,
  { method, target, headers, body }: RawRequest,
): Promise<IncomingMessage> {
  const outgoing = httpRequest({
    host,
    port,
    method,
    path: target,
    headers: { 'content-length': body.length, ...headers },
    agent: false,
  });
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  outgoing.once('response', resolve);
  outgoing.on('error', reject);
  outgoing.end(body);
  return await promise;
}

async function firstLine(port: number, text: string): Promise<string> {
  const socket = connect(port, host);
  socket.end(text);
  let received = '';
  for await (const chunk of socket) received += String(chunk);
  return received.split('\r\n')[0] ?? '';
}
