import { Server, ServerCredentials } from '@grpc/grpc-js';
import test from 'ava';
import { systemClock } from '#internal/runtime/real/clock.ts';
import { acceptGrpcLinks, agentLinkOptions, grpcLinkDialer } from './link-grpc.ts';
import { type LinkRig, linkSuite, suiteBacklogBytesMax, textCodec } from './link.suite.ts';

async function openRig(): Promise<LinkRig> {
  const clock = systemClock();
  const options = {
    ...agentLinkOptions,
    backlogBytesMax: suiteBacklogBytesMax,
    // A machine that is busy with other things must not look like a peer that does not answer.
    closeTimeoutMs: 60_000,
  };
  const servers: Server[] = [];
  return {
    listen: async (accept) => {
      const server = new Server();
      servers.push(server);
      acceptGrpcLinks({ server, clock, codec: textCodec }, options, accept);
      return await bind(server);
    },
    dialer: grpcLinkDialer({ clock, codec: textCodec }, options),
    nobody: '127.0.0.1:1',
    until: async (condition) => {
      const endMs = clock.monotonic() + 60_000;
      while (!condition()) {
        if (clock.monotonic() > endMs) throw new Error('never');
        await clock.sleep(5);
      }
    },
    [Symbol.asyncDispose]: async () => {
      for (const server of servers) server.forceShutdown();
    },
  };
}

function bind(server: Server): Promise<string> {
  return new Promise((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, port) => {
      if (error === null) resolve(`127.0.0.1:${port}`);
      else reject(error);
    });
  });
}

linkSuite(test, openRig);

test('who is refused hears why, and is not let in; who is believed is', async (t) => {
  const clock = systemClock();
  const server = new Server();
  const admitted: string[] = [];
  const doorman = (authorization: string | undefined): string | undefined =>
    authorization === 'right' ? undefined : `not ${authorization ?? 'anybody'}`;
  acceptGrpcLinks({ server, clock, codec: textCodec }, { ...agentLinkOptions, doorman }, (link) => {
    admitted.push(link.peer);
    link.send('welcome');
    return { onMessage: () => {}, onClose: () => {} };
  });
  const target = await bind(server);
  const hears = (authorization: string | undefined): Promise<string> =>
    new Promise((resolve) => {
      const options = { ...agentLinkOptions, authorization };
      const link = grpcLinkDialer({ clock, codec: textCodec }, options).dial(target, {
        onMessage: resolve,
        onClose: resolve,
      });
      link.send('let me in');
    });
  t.is(await hears(undefined), 'refused: not anybody');
  t.is(await hears('wrong'), 'refused: not wrong');
  t.is(admitted.length, 0);
  t.is(await hears('right'), 'welcome');
  server.forceShutdown();
});
