import test from 'ava';
import { streamId } from '#internal/model/ids.ts';
import { simulatedClock } from '#internal/runtime/simulated/clock.ts';
import { SimulatedWorld } from '#internal/runtime/simulated/world.ts';
import { decode } from '#internal/wire/protobuf.ts';
import { newRecordReader } from '#internal/wire/record-io.ts';
import type { MediaType } from '#internal/wire/media-type.ts';
import { type MemorySink, memorySink } from '#internal/testing/memory-sink.ts';
import type { Event } from '#proto/gen/mesos/v1/scheduler.ts';
import type { EventStream } from '../door.ts';
import { newEventStream } from './event-stream.ts';

const heartbeat: Event = { type: 'HEARTBEAT' };
const message: Event = {
  type: 'MESSAGE',
  message: { agent_id: { value: 'a' }, executor_id: { value: 'é' }, data: new Uint8Array(30) },
};
const backlogBytesMax = 1000;

test('each event is one chunk, and each chunk is one record', (t) => {
  const { sink, stream } = open({});
  stream.send(heartbeat);
  stream.send(message);
  t.is(sink.chunks.length, 2);
  t.is(text(sink.chunks[0]), '20\n{"type":"HEARTBEAT"}');
  const reader = newRecordReader({ recordBytesMax: 1000 });
  t.deepEqual(
    sink.chunks.map((chunk) => reader.feed(chunk).length),
    [1, 1],
  );
});

test('a protobuf heartbeat is the four bytes that Mesos sends', (t) => {
  const { sink, stream } = open({ mediaType: 'application/x-protobuf' });
  stream.send(heartbeat);
  t.deepEqual([...(sink.chunks[0] ?? [])], [0x32, 0x0a, 0x08, 0x08]);
});

test('a reader that takes what it is sent is never let go', (t) => {
  const { sink, stream } = open({});
  for (let i = 0; i < 1000; i++) stream.send(message);
  t.is(sink.chunks.length, 1000);
  t.false(stream.closed.aborted);
});

test('a slow reader gets all that fits, then one ERROR, then the end', (t) => {
  const { sink, stream } = open({ isSlow: true, mediaType: 'application/x-protobuf' });
  for (let i = 0; i < 100; i++) stream.send(message);
  const reader = newRecordReader({ recordBytesMax: 1000 });
  const events = sink.chunks
    .flatMap((chunk) => reader.feed(chunk))
    .map((record) => decode('mesos.v1.scheduler.Event', record));
  const [last, ...before] = events.toReversed();
  t.is(last?.type, 'ERROR');
  t.regex(last?.error?.message ?? '', /too slowly/u);
  t.true(before.length > 5 && before.every(({ type }) => type === 'MESSAGE'));
  const bytes = sink.chunks.slice(0, -1).reduce((sum, chunk) => sum + chunk.length, 0);
  t.true(bytes <= backlogBytesMax && bytes > backlogBytesMax - 100);
  t.is(sink.state(), 'ended');
  t.true(stream.closed.aborted);
});

test('a connection that does not get rid of its backlog in time is broken', async (t) => {
  const stuck = open({ isSlow: true });
  stuck.stream.send(message);
  stuck.stream.end();
  const drained = open({ isSlow: true });
  drained.stream.send(message);
  drained.stream.end();
  drained.sink.drain();
  t.deepEqual([stuck.sink.state(), drained.sink.state()], ['ended', 'ended']);
  while (await stuck.world.step()) t.pass();
  while (await drained.world.step()) t.pass();
  t.deepEqual([stuck.sink.state(), drained.sink.state()], ['destroyed', 'ended']);
});

test('nothing is said after the end, whoever ended it', (t) => {
  const ours = open({});
  ours.stream.end();
  ours.stream.send(heartbeat);
  ours.stream.end();
  const theirs = open({});
  theirs.sink.destroy();
  t.true(theirs.stream.closed.aborted);
  theirs.stream.send(heartbeat);
  theirs.stream.end();
  t.deepEqual([ours.sink.chunks, theirs.sink.chunks], [[], []]);
  t.is(theirs.sink.state(), 'destroyed');
});

test('a client that is gone before the stream opens leaves it closed', (t) => {
  const sink = memorySink({ isSlow: false });
  sink.destroy();
  t.true(open({ sink }).stream.closed.aborted);
});

type Opened = {
  readonly sink: MemorySink;
  readonly stream: EventStream;
  readonly world: SimulatedWorld;
};

function open({
  isSlow = false,
  mediaType = 'application/json',
  sink = memorySink({ isSlow }),
}: {
  readonly isSlow?: boolean;
  readonly mediaType?: MediaType;
  readonly sink?: MemorySink;
}): Opened {
  const world = new SimulatedWorld({ seed: 1 });
  const clock = simulatedClock({ world, life: world.boot('master') });
  const options = { id: streamId('s'), mediaType, backlogBytesMax, drainTimeoutMs: 500 };
  return { sink, world, stream: newEventStream(sink, clock, options) };
}

const text = (bytes: Uint8Array | undefined): string => Buffer.from(bytes ?? []).toString('utf8');
