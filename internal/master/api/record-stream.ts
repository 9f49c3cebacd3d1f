/**
 * A stream of records to one reader, one HTTP chunk each (contract 1.4), and what may wait for it: who
 * reads slower than is written must be let go by whoever writes.
 */
import type { Clock } from '#internal/runtime/clock.ts';
import type { HttpSink } from '#internal/runtime/http.ts';

export type RecordStreamOptions = {
  /** What may wait for the network. */
  readonly backlogBytesMax: number;
  /** How long a stream that has ended may take to get rid of its backlog. */
  readonly drainTimeoutMs: number;
};

export type RecordStream = {
  /** Whether one more record of so many bytes may wait. */
  hasRoomFor(bytes: number): boolean;
  /** Nothing happens when the stream is over. */
  write(record: Uint8Array): void;
  end(): void;
  /** Fires once when the stream is over, whoever ended it. */
  readonly closed: AbortSignal;
};

export function newRecordStream(
  sink: HttpSink,
  clock: Clock,
  { backlogBytesMax, drainTimeoutMs }: RecordStreamOptions,
): RecordStream {
  const over = new AbortController();
  const finish = (): void => over.abort();
  if (sink.closed.aborted) finish();
  else sink.closed.addEventListener('abort', finish, { once: true });

  function dropStuckReader(): void {
    if (sink.backlogBytes > 0) sink.destroy();
  }

  return {
    closed: over.signal,
    hasRoomFor: (bytes) => sink.backlogBytes + bytes <= backlogBytesMax,
    write(record) {
      if (!over.signal.aborted) sink.write(record);
    },
    end() {
      if (over.signal.aborted) return;
      sink.end();
      if (sink.backlogBytes > 0) clock.after(drainTimeoutMs, dropStuckReader);
      finish();
    },
  };
}
