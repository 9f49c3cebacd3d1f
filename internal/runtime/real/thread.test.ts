import test from 'ava';
import { messagePortSuite } from '../message-port.suite.ts';
import { openPipe, startThread } from './thread.ts';

messagePortSuite(test, 'platform', () => ({
  ends: openPipe<unknown, unknown>(),
  run: async (promise) => await promise,
}));

const program = (source: string): URL =>
  new URL(`data:text/javascript,${encodeURIComponent(source)}`);

test('a thread gets its settings, answers, and is known to have ended', async (t) => {
  const source = `
    import { parentPort, workerData } from 'node:worker_threads';
    parentPort.once('message', (word) => parentPort.postMessage(word + workerData));
  `;
  const thread = startThread<string, string>(program(source), { settings: '!' });
  const { promise, resolve } = Promise.withResolvers<string>();
  thread.port.listen(resolve);
  thread.port.post('heard');
  t.is(await promise, 'heard!');
  await t.notThrowsAsync(thread.ended);
});

test('a thread begins with the room for young objects that it is given', async (t) => {
  const source = `
    import v8 from 'node:v8';
    import { parentPort } from 'node:worker_threads';
    for (let round = 0; round < 1e6; round++) v8.sink = [round];
    const young = v8.getHeapSpaceStatistics().find((space) => space.space_name === 'new_space');
    parentPort.postMessage(young.space_size);
  `;
  const sizeOf = async (options: { readonly youngMebibytes?: number }): Promise<number> => {
    const thread = startThread<never, number>(program(source), { settings: undefined, ...options });
    const { promise, resolve } = Promise.withResolvers<number>();
    thread.port.listen(resolve);
    const sizeBytes = await promise;
    await thread.end();
    return sizeBytes;
  };
  t.true((await sizeOf({})) < 8 << 20);
  t.true((await sizeOf({ youngMebibytes: 16 })) >= 16 << 20);
});

test('what a thread throws is told, and so is an end that nobody asked for', async (t) => {
  const throwing = startThread(program("throw new Error('a bug')"), { settings: undefined });
  await t.throwsAsync(throwing.ended, { message: /failed: .*a bug/ });
  const leaving = startThread(program('process.exit(3)'), { settings: undefined });
  await t.throwsAsync(leaving.ended, { message: /ended with status 3/ });
});

test('a thread that is stuck can be ended', async (t) => {
  const thread = startThread(program('for (;;);'), { settings: undefined });
  await thread.end();
  await t.notThrowsAsync(thread.ended);
});
