import { status } from '@grpc/grpc-js';
import test from 'ava';
import { accept, refuse } from '#internal/base/result.ts';
import { openGrpcClient } from './grpc-channel.ts';
import { openGrpcServer } from './grpc-server.ts';
import { askUnary, serveUnary } from './unary.ts';

const method = '/altiplano.test.v1.Echo/Ask';
const host = '127.0.0.1';

test('bytes and headers come as they were sent, and the answer goes back', async (t) => {
  await using grpc = await openGrpcServer({ host, port: 0 });
  serveUnary(grpc.server, method, async ({ headers, body }) => {
    t.is(headers['mesos-stream-id'], 'stream');
    return accept(body.toReversed());
  });
  const client = openGrpcClient(`${host}:${grpc.port}`);
  const headers = { 'mesos-stream-id': 'stream' };
  const reply = await askUnary(client, method, { headers, body: Uint8Array.of(0, 255, 1) });
  t.deepEqual(reply.ok && Uint8Array.from(reply.value), Uint8Array.of(1, 255, 0));
  client.close();
});

test('a refusal comes with its status, its words and its trailers', async (t) => {
  await using grpc = await openGrpcServer({ host, port: 0 });
  serveUnary(grpc.server, method, async () =>
    refuse({
      kind: 'conflict',
      message: 'another is there',
      trailers: { 'altiplano-status': '412' },
    }),
  );
  const client = openGrpcClient(`${host}:${grpc.port}`);
  const reply = await askUnary(client, method, { headers: {}, body: new Uint8Array(0) });
  t.like(reply, { ok: false, refusal: { code: status.ABORTED, message: 'another is there' } });
  t.is(!reply.ok && reply.refusal.trailers['altiplano-status'], '412');
  client.close();
});

test('a server that is not there is unavailable, without trailers of ours', async (t) => {
  const grpc = await openGrpcServer({ host, port: 0 });
  const client = openGrpcClient(`${host}:${grpc.port}`);
  await grpc[Symbol.asyncDispose]();
  const reply = await askUnary(client, method, { headers: {}, body: new Uint8Array(0) });
  t.like(reply, { ok: false, refusal: { code: status.UNAVAILABLE } });
  t.is(!reply.ok && reply.refusal.trailers['altiplano-status'], undefined);
  client.close();
});
