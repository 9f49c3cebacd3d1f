import test from 'ava';
import { ChunkStreams } from './chunk-streams.ts';
import type { ChunkMessage } from './messages.ts';

test('a chunk travels with its own bytes alone, whatever it was a part of', async (t) => {
  const sent: { readonly message: ChunkMessage; readonly moved: readonly ArrayBuffer[] }[] = [];
  const streams = new ChunkStreams((message, moved = []) => void sent.push({ message, moved }));
  const whole = new Uint8Array(1000).fill(7);
  const parts = [Buffer.from('pooled'), whole.subarray(10, 20), Buffer.from(whole.buffer, 5, 3)];
  streams.serve(
    1,
    (async function* () {
      yield* parts;
    })(),
  );
  for (const part of parts) {
    streams.onMessage({ kind: 'chunk-wanted', stream: 1 });
    while (sent.length === 0) await Promise.resolve();
    const { message, moved } = sent.pop()!;
    t.deepEqual(message, { kind: 'chunk', stream: 1, bytes: Uint8Array.from(part) });
    t.deepEqual(
      moved.map(({ byteLength }) => byteLength),
      [part.length],
    );
    t.notThrows(() => structuredClone(message, { transfer: [...moved] }));
    t.is(whole.length, 1000, 'the whole was moved away');
  }
});

test('a stream that is dropped in the middle ends in a fault, one that is read in its end', async (t) => {
  const pipe = (): ChunkStreams => {
    const send = (message: ChunkMessage): void => queueMicrotask(() => far.onMessage(message));
    const far: ChunkStreams = new ChunkStreams((message) =>
      queueMicrotask(() => near.onMessage(message)),
    );
    const near = new ChunkStreams(send);
    far.serve(1, pieces());
    far.serve(2, pieces());
    drop = () => far.end(2);
    isServed = (stream) => far.isServed(stream);
    return near;
  };
  let drop = (): void => {};
  let isServed = (_stream: number): boolean => false;
  const near = pipe();
  const read: number[] = [];
  for await (const chunk of near.take(1)) read.push(...chunk);
  t.deepEqual(read, [1, 2, 3]);
  t.false(isServed(1));
  t.true(isServed(2));
  const half = async (): Promise<void> => {
    for await (const chunk of near.take(2)) if (chunk[0] === 2) drop();
  };
  await t.throwsAsync(half, { message: /stream 2, which is not served/ });
});

async function* pieces(): AsyncGenerator<Uint8Array, void> {
  yield* [Uint8Array.of(1), Uint8Array.of(2), Uint8Array.of(3)];
}
