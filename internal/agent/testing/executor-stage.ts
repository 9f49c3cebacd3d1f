/** The face that executors talk to, upon the agent's core: what is said to it has been heard at once. */
import type { HttpRequest, HttpSink } from '#internal/runtime/http.ts';
import { simulatedClock } from '#internal/runtime/simulated/clock.ts';
import { SimulatedWorld } from '#internal/runtime/simulated/world.ts';
import { fromJson, toJson } from '#internal/wire/json.ts';
import type { MediaType } from '#internal/wire/media-type.ts';
import { decode, encode } from '#internal/wire/protobuf.ts';
import { newRecordReader } from '#internal/wire/record-io.ts';
import type { Call, Event } from '#proto/gen/mesos/v1/executor.ts';
import { answerExecutor } from '../api/executor-face.ts';
import { executorStreamLimits } from '../api/executor-stream.ts';
import type { Effect, Input } from '../core/input.ts';
import type { ExecutorDoor, ExecutorStream } from '../executor-door.ts';
import { Bench } from './core-bench.ts';

export type Said = {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly text: string;
};

/** One stream to an executor, as it arrives there. */
export class HeardStream implements HttpSink {
  readonly events: Event[] = [];
  backlogBytes = 0;
  readonly #mediaType: MediaType;
  readonly #over = new AbortController();
  readonly #reader = newRecordReader({ recordBytesMax: 1 << 24 });

  constructor(mediaType: MediaType) {
    this.#mediaType = mediaType;
  }

  get closed(): AbortSignal {
    return this.#over.signal;
  }

  write(chunk: Uint8Array): void {
    const name = 'mesos.v1.executor.Event';
    for (const record of this.#reader.feed(chunk)) {
      const isJson = this.#mediaType === 'application/json';
      this.events.push(
        isJson ? fromJson(name, new TextDecoder().decode(record)) : decode(name, record),
      );
    }
  }

  end(): void {
    this.#over.abort();
  }

  destroy(): void {
    this.#over.abort();
  }
}

export class ExecutorStage {
  readonly core: Bench;
  readonly world: SimulatedWorld = new SimulatedWorld({ seed: 1 });
  /** All that the core wished for. */
  readonly effects: Effect[] = [];
  /** The agent has not found its containers. */
  isRecovering = false;
  isBusy = false;
  readonly #clock = simulatedClock({ world: this.world, life: this.world.boot('agent') });
  readonly #streams = new Map<number, ExecutorStream>();
  #next = 1;

  constructor(core: Bench = new Bench('a')) {
    this.core = core.register();
  }

  readonly #door: ExecutorDoor = {
    view: () => (this.isRecovering ? undefined : this.core.state),
    hear: (said) => {
      if (!this.isBusy) this.note(this.core.take(said));
      return !this.isBusy;
    },
    subscribe: (executor, subscribe, stream) => {
      const connection = this.#next++;
      this.#streams.set(connection, stream);
      this.#take({ kind: 'executor-subscribed', executor, connection, subscribe });
      stream.closed.addEventListener('abort', () =>
        this.#take({ kind: 'executor-hung-up', executor, connection }),
      );
    },
  };

  #take(input: Input): void {
    this.note(this.core.take(input));
  }

  note(effects: readonly Effect[]): void {
    this.effects.push(...effects);
    for (const effect of effects) {
      if (effect.kind === 'tell-executor') this.#streams.get(effect.connection)?.send(effect.event);
      if (effect.kind === 'close-executor') this.#streams.get(effect.connection)?.end();
    }
  }

  /** The reply, and the stream if it is one. */
  request({
    method = 'POST',
    headers = {},
    body = new Uint8Array(0),
  }: Partial<HttpRequest>): Said & {
    readonly stream: HeardStream | undefined;
  } {
    const target = '/api/v1/executor';
    const { signal } = new AbortController();
    const request = { method, target, headers, body, signal };
    const dependencies = { clock: this.#clock, executors: this.#door };
    const response = answerExecutor(dependencies, request, executorStreamLimits);
    const { status } = response;
    if (response.kind === 'whole') {
      const text = new TextDecoder().decode(response.body);
      return { status, headers: response.headers, text, stream: undefined };
    }
    const type = response.headers['content-type'];
    const stream = new HeardStream(type === 'application/json' ? type : 'application/x-protobuf');
    response.open(stream);
    return { status, headers: response.headers, text: '', stream };
  }

  call(call: Call, type: MediaType = 'application/json'): ReturnType<ExecutorStage['request']> {
    const name = 'mesos.v1.executor.Call';
    const isJson = type === 'application/json';
    const body = isJson ? new TextEncoder().encode(toJson(name, call)) : encode(name, call);
    return this.request({ headers: { 'content-type': type, accept: type }, body });
  }
}
