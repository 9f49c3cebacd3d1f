import { once } from 'node:events';
import http2 from 'node:http2';
import test from 'ava';
import { openGrpcServer } from '#internal/rpc/grpc-server.ts';
import { widenWindows } from './http2-windows.ts';

const host = '127.0.0.1';

/** What a caller of the server may send ahead: on a stream, and on its connection. */
async function windowsOf(port: number): Promise<readonly [stream: number, connection: number]> {
  const session = http2.connect(`http://${host}:${port}`);
  const stream = session.request({
    ':method': 'POST',
    ':path': '/no.such.Service/Call',
    'content-type': 'application/grpc',
  });
  stream.on('error', () => {});
  stream.end();
  // The answer comes after whatever the server says of its windows.
  await once(stream, 'response');
  const { initialWindowSize = NaN } = session.remoteSettings;
  const { remoteWindowSize = NaN } = session.state;
  session.destroy();
  return [initialWindowSize, remoteWindowSize];
}

test('a server takes as much ahead as it was told to, and others in the process do not', async (t) => {
  await using narrow = await openGrpcServer({ host, port: 0 });
  await using wide = await openGrpcServer({ host, port: 0 });
  using _ = widenWindows(wide.port, 1 << 20);
  t.deepEqual(await windowsOf(wide.port), [1 << 20, 1 << 20]);
  t.deepEqual(await windowsOf(wide.port), [1 << 20, 1 << 20], 'each connection');
  t.deepEqual(await windowsOf(narrow.port), [65_535, 65_535]);
});
