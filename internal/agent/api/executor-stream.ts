/**
 * The stream of one executor as the agent sees it: events in, records out, and a heartbeat now and then
 * (contract 1.4, 2.2). One that reads slower than events come is hung up on: it subscribes again and says
 * what it has missed, which costs less than remembering everything for it.
 */
import type { Clock, Timer } from '#internal/runtime/clock.ts';
import type { HttpSink } from '#internal/runtime/http.ts';
import { toJson } from '#internal/wire/json.ts';
import type { MediaType } from '#internal/wire/media-type.ts';
import { encode } from '#internal/wire/protobuf.ts';
import { encodeRecord } from '#internal/wire/record-io.ts';
import type { Event } from '#proto/gen/mesos/v1/executor.ts';
import type { ExecutorStream } from '../executor-door.ts';

export type ExecutorStreamLimits = {
  /** What may wait for the network. */
  readonly backlogBytesMax: number;
  /** How long a stream that has ended may take to get rid of its backlog. */
  readonly drainTimeoutMs: number;
  readonly heartbeatMs: number;
};

export const executorStreamLimits: ExecutorStreamLimits = {
  backlogBytesMax: 16 * 1024 * 1024,
  drainTimeoutMs: 10_000,
  heartbeatMs: 30 * 60_000,
};

export function newExecutorStream(
  { sink, clock }: { readonly sink: HttpSink; readonly clock: Clock },
  mediaType: MediaType,
  limits: ExecutorStreamLimits,
): ExecutorStream {
  let heartbeat: Timer | undefined;
  const over = new AbortController();

  function finish(): void {
    heartbeat?.cancel();
    over.abort();
  }

  function beat(): void {
    send({ type: 'HEARTBEAT' });
    if (!over.signal.aborted) heartbeat = clock.after(limits.heartbeatMs, beat);
  }

  function send(event: Event): void {
    if (over.signal.aborted) return;
    const record = eventRecord(event, mediaType);
    if (sink.backlogBytes + record.length <= limits.backlogBytesMax) sink.write(record);
    else {
      sink.destroy();
      finish();
    }
  }

  function end(): void {
    if (over.signal.aborted) return;
    sink.end();
    const dropStuckReader = (): void => {
      if (sink.backlogBytes > 0) sink.destroy();
    };
    if (sink.backlogBytes > 0) clock.after(limits.drainTimeoutMs, dropStuckReader);
    finish();
  }

  if (sink.closed.aborted) finish();
  else {
    sink.closed.addEventListener('abort', finish, { once: true });
    heartbeat = clock.after(limits.heartbeatMs, beat);
  }
  return { send, end, closed: over.signal };
}

function eventRecord(event: Event, mediaType: MediaType): Uint8Array {
  const name = 'mesos.v1.executor.Event';
  if (mediaType === 'application/x-protobuf') return encodeRecord(encode(name, event));
  return encodeRecord(new TextEncoder().encode(toJson(name, event)));
}
