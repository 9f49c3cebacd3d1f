import test from 'ava';
import { simulatedClock } from '#internal/runtime/simulated/clock.ts';
import { SimulatedWorld } from '#internal/runtime/simulated/world.ts';
import { type MemorySink, memorySink } from '#internal/testing/memory-sink.ts';
import { newReadingDesk, type Pieces, type ReadingDesk } from './reading-desk.ts';

const options = {
  wholeBytesMax: 1000,
  backlogBytesMax: 5000,
  stallMsMax: 30_000,
  readersMax: 3,
};

function open(): { readonly world: SimulatedWorld; readonly desk: ReadingDesk } {
  const world = new SimulatedWorld({ seed: 1 });
  const clock = simulatedClock({ world, life: world.boot('master') });
  return { world, desk: newReadingDesk({ clock }, options) };
}

type Made = { pieces: number; isOver: boolean };

function* pieces(count: number, made: Made): Pieces {
  try {
    for (let n = 0; n < count; n++) {
      yield undefined;
      made.pieces++;
      yield new Uint8Array(100).fill(n);
    }
  } finally {
    made.isOver = true;
  }
}

const newMade = (): Made => ({ pieces: 0, isOver: false });

async function stream(desk: ReadingDesk, made: Made, sink: MemorySink): Promise<void> {
  const response = await desk.answer('application/json', pieces(1000, made));
  if (response.kind !== 'stream') throw new Error(`${response.status} is whole`);
  response.open(sink);
}

test('what stays small is sent whole, with its length; what does not is streamed', async (t) => {
  const { world, desk } = open();
  const small = await desk.answer('application/json', pieces(10, newMade()));
  t.like(small, { kind: 'whole', status: 200, headers: { 'content-type': 'application/json' } });
  t.is(small.kind === 'whole' ? small.body.length : 0, 1000);
  const made = newMade();
  const large = await desk.answer('application/json', pieces(30, made));
  t.like(large, { kind: 'stream', status: 200, headers: { 'content-type': 'application/json' } });
  t.true(made.pieces < 15, 'all of it was made before anybody read it');
  const sink = memorySink({ isSlow: false });
  if (large.kind === 'stream') large.open(sink);
  await world.runFor(1000);
  t.is(sink.state(), 'ended');
  const expected = Buffer.concat(Array.from({ length: 30 }, (_, n) => new Uint8Array(100).fill(n)));
  t.deepEqual(Buffer.concat(sink.chunks), expected);
});

test('of one who reads slowly a bounded amount waits', async (t) => {
  const { world, desk } = open();
  const [made, sink] = [newMade(), memorySink({ isSlow: true })];
  await stream(desk, made, sink);
  for (let look = 0; look < 100 && sink.state() === 'open'; look++) {
    await world.runFor(100);
    t.true(sink.backlogBytes <= options.backlogBytesMax + 2000, String(sink.backlogBytes));
    sink.drain();
  }
  t.is(sink.state(), 'ended');
  t.is(Buffer.concat(sink.chunks).length, 100_000);
});

test('one who reads nothing is let go, and nothing is made for him any more', async (t) => {
  const { world, desk } = open();
  const [made, sink] = [newMade(), memorySink({ isSlow: true })];
  await stream(desk, made, sink);
  await world.runFor(options.stallMsMax - 1000);
  t.is(sink.state(), 'open');
  await world.runFor(2000);
  t.is(sink.state(), 'destroyed');
  t.true(made.isOver);
  t.true(made.pieces < 100);
});

test('one who goes away in the middle costs nothing more', async (t) => {
  const { world, desk } = open();
  const [made, sink] = [newMade(), memorySink({ isSlow: true })];
  await stream(desk, made, sink);
  await world.runFor(100);
  const { pieces: before } = made;
  sink.destroy();
  await world.runFor(100);
  t.true(made.isOver);
  t.is(made.pieces, before);
});

test('too many readers at a time are told to come again, and are taken when others are done', async (t) => {
  const { world, desk } = open();
  const sinks = [1, 2, 3].map(() => memorySink({ isSlow: true }));
  for (const sink of sinks) await stream(desk, newMade(), sink);
  const refused = await desk.answer('application/json', pieces(1, newMade()));
  t.is(refused.status, 503);
  for (const sink of sinks) sink.destroy();
  await world.runFor(100);
  const taken = await desk.answer('application/json', pieces(1, newMade()));
  t.is(taken.status, 200);
});
