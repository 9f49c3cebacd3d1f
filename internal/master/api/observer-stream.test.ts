import test from 'ava';
import { agentId } from '#internal/model/ids.ts';
import { simulatedClock } from '#internal/runtime/simulated/clock.ts';
import { SimulatedWorld } from '#internal/runtime/simulated/world.ts';
import { turn } from '#internal/runtime/real/turn.ts';
import { oracleView } from '#internal/testing/oracle-cluster.ts';
import { type MemorySink, memorySink } from '#internal/testing/memory-sink.ts';
import { fromJson } from '#internal/wire/json.ts';
import { newRecordReader } from '#internal/wire/record-io.ts';
import type { Happening, Observer } from '../door.ts';
import { newObserverStream } from './observer-stream.ts';

const removed: Happening = { kind: 'agent-removed', agentId: agentId('gone') };
const interval = 15_000;

test('what happens while the state is still being written is told after it', async (t) => {
  const { sink, observer, goOn } = open();
  observer.begin(oracleView('o1'), interval);
  observer.tell(removed);
  t.deepEqual(typesIn(sink), []);
  goOn();
  await turn();
  t.deepEqual(typesIn(sink), ['SUBSCRIBED', 'HEARTBEAT', 'AGENT_REMOVED']);
  observer.tell({ kind: 'heartbeat' });
  t.deepEqual(typesIn(sink).slice(3), ['HEARTBEAT']);
});

test('who would have to be told too much after the state is let go', async (t) => {
  const { sink, observer, goOn } = open({ backlogBytesMax: 100 });
  observer.begin(oracleView('o1'), interval);
  observer.tell(removed);
  t.false(observer.closed.aborted);
  observer.tell(removed);
  t.true(observer.closed.aborted);
  goOn();
  await turn();
  t.deepEqual(typesIn(sink), []);
});

function open({ backlogBytesMax = 10_000 } = {}): {
  readonly sink: MemorySink;
  readonly observer: Observer;
  readonly goOn: () => void;
} {
  const world = new SimulatedWorld({ seed: 1 });
  const clock = simulatedClock({ world, life: world.boot('master') });
  const sink = memorySink({ isSlow: false });
  const { promise, resolve: goOn } = Promise.withResolvers<void>();
  let pauses = 0;
  const slicer = { pause: () => (pauses++ === 3 ? promise : undefined) };
  const options = { mediaType: 'application/json', backlogBytesMax, drainTimeoutMs: 1000 } as const;
  return { sink, observer: newObserverStream(sink, { clock, slicer }, options), goOn };
}

function typesIn({ chunks }: MemorySink): readonly unknown[] {
  const reader = newRecordReader({ recordBytesMax: 1_000_000 });
  return chunks
    .flatMap((chunk) => reader.feed(chunk))
    .map((record) => fromJson('mesos.v1.master.Event', Buffer.from(record).toString()).type);
}
