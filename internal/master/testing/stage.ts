/**
 * A small cluster behind the faces of its master, as the rows of the contract's tables need it: one
 * agent, and a scheduler that is subscribed over HTTP. Calls go in as bytes and come out as bytes.
 */
import { assert } from '#internal/base/assert.ts';
import { simulatedClock } from '#internal/runtime/simulated/clock.ts';
import { facesOf, type MasterUnderTest, textOf } from '#internal/testing/master-under-test.ts';
import { type MemorySink, memorySink } from '#internal/testing/memory-sink.ts';
import { fromJson } from '#internal/wire/json.ts';
import type { MediaType } from '#internal/wire/media-type.ts';
import { decode, encode } from '#internal/wire/protobuf.ts';
import { newRecordReader } from '#internal/wire/record-io.ts';
import type { Offer } from '#proto/gen/mesos/v1.ts';
import type { Event } from '#proto/gen/mesos/v1/scheduler.ts';
import type { TestAgent } from './test-agent.ts';
import { TestCluster, type TestMaster } from './test-cluster.ts';

export type Said = {
  readonly status: number;
  readonly text: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Of a stream that was opened. */
  readonly sink: MemorySink | undefined;
};

export type Post = {
  readonly to?: 'scheduler' | 'operator';
  readonly mediaType?: MediaType;
  /** Undefined: that of the subscribed scheduler. Null: none. */
  readonly streamId?: string | null;
  readonly headers?: Readonly<Record<string, string>>;
};

const modern = ['MULTI_ROLE', 'RESERVATION_REFINEMENT', 'PARTITION_AWARE', 'TASK_KILLING_STATE'];

/** What a FrameworkInfo says unless a row says otherwise, as JSON. */
export const frameworkInfo = (more: object = {}): Record<string, unknown> => ({
  user: 'root',
  name: 'conformance',
  roles: ['test'],
  failover_timeout: 60,
  capabilities: modern.map((type) => ({ type })),
  ...more,
});

export class Stage {
  readonly cluster: TestCluster;
  readonly leader: TestMaster;
  readonly mediaType: MediaType;
  readonly #ask: MasterUnderTest['ask'];
  #sink: MemorySink = memorySink({ isSlow: false });
  #agents = 0;
  id: string = '';
  streamId: string = '';

  private constructor(cluster: TestCluster, leader: TestMaster, mediaType: MediaType) {
    this.cluster = cluster;
    this.leader = leader;
    this.mediaType = mediaType;
    const life = cluster.world.boot('faces');
    this.#ask = facesOf(leader.master, simulatedClock({ world: cluster.world, life }));
  }

  /** A master that leads and that nobody talks to. */
  static async empty(mediaType: MediaType = 'application/json'): Promise<Stage> {
    const cluster = new TestCluster();
    return new Stage(cluster, await cluster.lead(), mediaType);
  }

  /** With a scheduler that has subscribed with `info`. */
  static async subscribed(
    info: object = frameworkInfo(),
    mediaType: MediaType = 'application/json',
  ): Promise<Stage> {
    const stage = await Stage.empty(mediaType);
    await stage.subscribe({ framework_info: info });
    return stage;
  }

  async post(call: object | string, post: Post = {}): Promise<Said> {
    const { to = 'scheduler', mediaType = this.mediaType, streamId = this.streamId } = post;
    const response = await this.cluster.world.settle(
      this.#ask({
        method: 'POST',
        target: to === 'scheduler' ? '/api/v1/scheduler' : '/api/v1',
        headers: {
          'content-type': mediaType,
          accept: mediaType,
          ...(to === 'scheduler' && streamId !== null && { 'mesos-stream-id': streamId }),
          ...post.headers,
        },
        body: bytesOf(call, to, mediaType),
      }),
      { withinMs: 5000 },
    );
    const { status, headers } = response;
    if (response.kind === 'whole') {
      return { status, headers, text: textOf(response), sink: undefined };
    }
    const sink = memorySink({ isSlow: false });
    response.open(sink);
    await this.settle();
    return { status, headers, text: '', sink };
  }

  /** Any request at all, to any path. */
  async request(asked: Parameters<MasterUnderTest['ask']>[0]): Promise<Said> {
    const response = await this.cluster.world.settle(this.#ask(asked), { withinMs: 5000 });
    const { status, headers } = response;
    return { status, headers, text: textOf(response), sink: undefined };
  }

  /** Opens a stream; when it is not refused, it is this stage's from now on. */
  async subscribe(subscribe: object, more: object = {}): Promise<readonly Event[]> {
    const call = { type: 'SUBSCRIBE', ...more, subscribe };
    const { sink, headers } = await this.post(call, { streamId: null });
    assert(sink !== undefined, 'no stream was opened');
    const events = eventsOf(sink, this.mediaType);
    const [first] = events;
    if (first?.subscribed === undefined) return events;
    this.#sink = sink;
    this.id = first.subscribed.framework_id.value;
    this.streamId = headers['mesos-stream-id'] ?? '';
    return events;
  }

  /** Its connection breaks. */
  async hangUp(): Promise<void> {
    this.#sink.destroy();
    await this.settle();
  }

  /** Looks at an earlier stream of this stage again. */
  reread(sink: MemorySink): void {
    this.#sink = sink;
  }

  get sink(): MemorySink {
    return this.#sink;
  }

  events(): readonly Event[] {
    return eventsOf(this.#sink, this.mediaType);
  }

  /** A call of the subscribed framework. */
  call(call: object): Promise<Said> {
    return this.post({ framework_id: { value: this.id }, ...call });
  }

  async agent(): Promise<TestAgent> {
    return await this.cluster.agent(this.leader, `a${++this.#agents}`);
  }

  /** What it holds an offer of, as soon as it does. */
  async offer(): Promise<Offer> {
    const open = (): readonly Offer[] => {
      const { offers } = this.leader.master.view();
      const ids = new Set<string>(offers.map(({ id }) => id));
      const told = this.events().flatMap(({ offers: more }) => more?.offers ?? []);
      return told.filter(({ id }) => ids.has(id.value));
    };
    await this.cluster.until(() => open().length > 0, 'no offer', 10_000);
    const [offer] = open();
    assert(offer !== undefined, 'an offer that was there');
    return offer;
  }

  async settle(): Promise<void> {
    await this.cluster.settle();
  }
}

export function eventsOf(sink: MemorySink, mediaType: MediaType): readonly Event[] {
  const reader = newRecordReader({ recordBytesMax: 64 * 1024 * 1024 });
  const records = sink.chunks.flatMap((chunk) => reader.feed(chunk));
  const name = 'mesos.v1.scheduler.Event';
  return records.map((record) =>
    mediaType === 'application/json'
      ? fromJson(name, Buffer.from(record).toString())
      : decode(name, record),
  );
}

/** An event in a line, without ids and times that differ from run to run. */
export function summary({ type, ...event }: Event): string {
  const status = event.update?.status;
  if (status !== undefined) {
    const { task_id, state, source, reason, message, uuid } = status;
    const words = [task_id.value, state, source, reason, message && `'${message}'`];
    return [...words, uuid && 'uuid'].filter((word) => word !== undefined).join(' ');
  }
  const operation = event.update_operation_status?.status;
  if (operation !== undefined) {
    const { operation_id, state, message } = operation;
    return [operation_id?.value, state, message && `'${message}'`].filter(Boolean).join(' ');
  }
  if (event.error !== undefined) return `ERROR '${event.error.message}'`;
  return type ?? '';
}

function bytesOf(
  call: object | string,
  to: 'scheduler' | 'operator',
  mediaType: MediaType,
): Uint8Array {
  const text = typeof call === 'string' ? call : JSON.stringify(call);
  if (mediaType === 'application/json') return Buffer.from(text);
  return to === 'scheduler'
    ? encode('mesos.v1.scheduler.Call', fromJson('mesos.v1.scheduler.Call', text))
    : encode('mesos.v1.master.Call', fromJson('mesos.v1.master.Call', text));
}
