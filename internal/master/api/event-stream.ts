/**
 * One scheduler's stream as the one who decides sees it: events in, records out. A scheduler that reads
 * slower than events come is told so and let go: it may subscribe again and reconcile, which costs less
 * than remembering everything for it.
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
import { newRecordStream, type RecordStreamOptions } from './record-stream.ts';

/** The event that would exceed `backlogBytesMax` is replaced by an ERROR. */
export type EventStreamOptions = RecordStreamOptions & {
  readonly id: StreamId;
  readonly mediaType: MediaType;
};

const textEncoder = new TextEncoder();

export function newEventStream(
  sink: HttpSink,
  clock: Clock,
  options: EventStreamOptions,
): EventStream {
  const { id, mediaType, backlogBytesMax } = options;
  const stream = newRecordStream(sink, clock, options);
  const { closed } = stream;

  function send(event: Event): void {
    if (closed.aborted) return;
    const record = eventRecord(event, mediaType);
    if (stream.hasRoomFor(record.length)) {
      stream.write(record);
      return;
    }
    const message = `The scheduler reads too slowly: more than ${backlogBytesMax} bytes of events wait`;
    stream.write(eventRecord({ type: 'ERROR', error: { message } }, mediaType));
    stream.end();
  }

  return { id, send, end: () => stream.end(), closed };
}

function eventRecord(event: Event, mediaType: MediaType): Uint8Array {
  const name = 'mesos.v1.scheduler.Event';
  if (mediaType === 'application/x-protobuf') return encodeRecord(encode(name, event));
  return encodeRecord(textEncoder.encode(toJson(name, event)));
}
