import test from 'ava';
import fc from 'fast-check';
import { portableBytes, readPortable } from './portable-snapshot.ts';
import { SnapshotError } from './snapshot-error.ts';

async function* of(...chunks: readonly Uint8Array[]): AsyncGenerator<Uint8Array, void> {
  yield* chunks;
}

async function whole(chunks: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const all: Uint8Array[] = [];
  for await (const chunk of chunks) all.push(chunk);
  return Buffer.concat(all);
}

const head = { clusterId: 'ours ✓', index: 2 ** 40 + 7, term: 12 };

const saved = async (...chunks: readonly Uint8Array[]): Promise<Buffer> =>
  await whole(portableBytes({ ...head, chunks: of(...chunks) }));

const isCorrupt = { instanceOf: SnapshotError, code: 'CORRUPT' } as const;

test('a saved state is read as it was, however the bytes are cut', async (t) => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 5 }),
      fc.integer({ min: 1, max: 60 }),
      async (chunks, cut) => {
        const bytes = await saved(...chunks);
        const pieces: Uint8Array[] = [];
        for (let at = 0; at < bytes.length; at += cut) pieces.push(bytes.subarray(at, at + cut));
        const { chunks: read, ...found } = await readPortable(of(...pieces));
        t.deepEqual(found, head);
        t.deepEqual(await whole(read), Buffer.concat(chunks));
      },
    ),
  );
});

test('a large piece is cut into frames that have a bound', async (t) => {
  const large = Buffer.alloc(5 << 19, 'large');
  const { chunks } = await readPortable(of(await saved(large)));
  const read: Uint8Array[] = [];
  for await (const chunk of chunks) read.push(chunk);
  t.deepEqual(
    read.map(({ length }) => length),
    [1 << 20, 1 << 20, 1 << 19],
  );
  t.true(Buffer.concat(read).equals(large));
});

test('whatever byte is changed, lost or added, the state is refused', async (t) => {
  const bytes = await saved(Buffer.from('one'), Buffer.from('two'), Buffer.from('three'));
  const read = async (changed: Uint8Array): Promise<Buffer> =>
    await whole((await readPortable(of(changed))).chunks);
  t.is((await read(bytes)).toString(), 'onetwothree');
  for (let at = 0; at < bytes.length; at++) {
    const flipped = Buffer.from(bytes);
    flipped[at]! ^= 4;
    await t.throwsAsync(read(flipped), isCorrupt, `byte ${at} flipped`);
    await t.throwsAsync(read(bytes.subarray(0, at)), isCorrupt, `cut off at ${at}`);
  }
  await t.throwsAsync(read(Buffer.concat([bytes, Uint8Array.of(0)])), isCorrupt);
  const frame = 4 + 3 + 4;
  const begin = bytes.indexOf('one') - 4;
  const without = Buffer.concat([bytes.subarray(0, begin), bytes.subarray(begin + frame)]);
  await t.throwsAsync(read(without), isCorrupt, 'a frame is missing');
  const swapped = Buffer.concat([
    bytes.subarray(0, begin),
    bytes.subarray(begin + frame, begin + 2 * frame),
    bytes.subarray(begin, begin + frame),
    bytes.subarray(begin + 2 * frame),
  ]);
  await t.throwsAsync(read(swapped), isCorrupt, 'two frames are swapped');
});
