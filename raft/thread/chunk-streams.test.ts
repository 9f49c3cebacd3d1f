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
