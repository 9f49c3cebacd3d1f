/**
 * One scheduler's stream as the one who decides sees it: events in, records out, one HTTP chunk each
 * (contract 1.4). A scheduler that reads slower than events come is told so and let go: it may
 * subscribe again and reconcile, which costs less than remembering everything for it.
 */
import type { StreamId } from '#internal/model/ids.ts';
import type { Clock } from '#internal/runtime/clock.ts';
import type { HttpSink } from '#internal/runtime/http.ts';
import { toJson } from '#internal/wire/json.ts';
import type { MediaType } from '#internal/wire/media-type.ts';
import { encode } from '#internal/wire/protobuf.ts';
import { encodeRecord } from '#internal/wire/record-io.ts';
import type { Event } from '#proto/gen/mesos/v1/scheduler.ts';
import type { EventStream } from '../door.ts';

export type EventStreamOptions = {
  readonly id: StreamId;
  readonly mediaType: MediaType;
  /** What may wait for the network. The event that would exceed it is replaced by an ERROR. */
  readonly backlogBytesMax: number;
  /** How long a stream that has ended may take to get rid of its backlog. */
  readonly drainTimeoutMs: number;
};

const textEncoder = new TextEncoder();

export function newEventStream(
  sink: HttpSink,
  clock: Clock,
  options: EventStreamOptions,
): EventStream {
  const { id, mediaType, backlogBytesMax, drainTimeoutMs } = options;
  const over = new AbortController();
  const finish = (): void => over.abort();
  if (sink.closed.aborted) finish();
  else sink.closed.addEventListener('abort', finish, { once: true });

  function end(): void {
    if (over.signal.aborted) return;
    sink.end();
    if (sink.backlogBytes > 0) clock.after(drainTimeoutMs, dropStuckReader);
    finish();
  }

  function dropStuckReader(): void {
    if (sink.backlogBytes > 0) sink.destroy();
  }

  function send(event: Event): void {
    if (over.signal.aborted) return;
    const record = eventRecord(event, mediaType);
    if (sink.backlogBytes + record.length <= backlogBytesMax) {
      sink.write(record);
      return;
    }
    const message = `The scheduler reads too slowly: more than ${backlogBytesMax} bytes of events wait`;
    sink.write(eventRecord({ type: 'ERROR', error: { message } }, mediaType));
    end();
  }

  return { id, send, end, closed: over.signal };
}

function eventRecord(event: Event, mediaType: MediaType): Uint8Array {
  const name = 'mesos.v1.scheduler.Event';
  if (mediaType === 'application/x-protobuf') return encodeRecord(encode(name, event));
  return encodeRecord(textEncoder.encode(toJson(name, event)));
}
