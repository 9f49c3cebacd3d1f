/** An operator in a test who watches the cluster through the faces of a master that leads. */
import { assert } from '#internal/base/assert.ts';
import { simulatedClock } from '#internal/runtime/simulated/clock.ts';
import { facesOf } from '#internal/testing/master-under-test.ts';
import { type MemorySink, memorySink } from '#internal/testing/memory-sink.ts';
import { fromJson } from '#internal/wire/json.ts';
import type { MediaType } from '#internal/wire/media-type.ts';
import { decode } from '#internal/wire/protobuf.ts';
import { newRecordReader } from '#internal/wire/record-io.ts';
import type { Event } from '#proto/gen/mesos/v1/master.ts';
import type { TestCluster, TestMaster } from './test-cluster.ts';

export type TestOperator = {
  /** All that it was told so far. */
  events(): readonly Event[];
  /** The same as it was written, one JSON text each. */
  texts(): readonly string[];
  readonly sink: MemorySink;
};

type Wishes = {
  /** Two that watch at once have different ones. */
  readonly name?: string;
  readonly isSlow?: boolean;
  readonly accept?: MediaType;
};

/** Subscribes to the operator's events. */
export async function watch(
  cluster: TestCluster,
  { master }: TestMaster,
  { name = 'operator', isSlow = false, accept = 'application/json' }: Wishes = {},
): Promise<TestOperator> {
  const life = cluster.world.boot(name);
  const ask = facesOf(master, simulatedClock({ world: cluster.world, life }));
  const response = await ask({
    method: 'POST',
    target: '/api/v1',
    headers: { 'content-type': 'application/json', accept },
    body: Buffer.from('{"type":"SUBSCRIBE"}'),
  });
  assert(response.kind === 'stream', `no stream but ${response.status}`);
  const sink = memorySink({ isSlow });
  response.open(sink);
  const records = (): readonly Uint8Array[] => {
    const reader = newRecordReader({ recordBytesMax: 64 * 1024 * 1024 });
    return sink.chunks.flatMap((chunk) => reader.feed(chunk));
  };
  const texts = (): readonly string[] => records().map((record) => Buffer.from(record).toString());
  const events = (): readonly Event[] =>
    accept === 'application/json'
      ? texts().map((text) => fromJson('mesos.v1.master.Event', text))
      : records().map((record) => decode('mesos.v1.master.Event', record));
  return { sink, texts, events };
}
