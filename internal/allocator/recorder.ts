/** An allocator that is recorded while it works. */
import type { Allocator } from './allocator.ts';
import type { Round, Run } from './event.ts';
import { digestOf, type RecordingWriter } from './recording.ts';

/**
 * `allocator` is new and was given the luck that the recording tells of. When the recording is full,
 * `onFull` is called once, and the allocator goes on without it.
 */
export function recorded(
  allocator: Allocator,
  writer: RecordingWriter,
  onFull: () => void,
): Allocator {
  let isFull = false;
  const write = (call: Parameters<RecordingWriter['write']>[0]): void => {
    if (isFull || writer.write(call)) return;
    isFull = true;
    onFull();
  };
  const begin = (time: { readonly nowMs: number }): Run => {
    write({ kind: 'run-begun', nowMs: time.nowMs });
    const run = allocator.begin(time);
    return {
      get isOver() {
        return run.isOver;
      },
      step: (agentsMax): Round => {
        const round = run.step(agentsMax);
        if (!isFull) write({ kind: 'stepped', agentsMax, digest: digestOf(round) });
        return round;
      },
    };
  };
  return {
    ...allocator,
    handle: (event) => {
      write({ kind: 'told', event });
      allocator.handle(event);
    },
    allocate: (time) => begin(time).step(Infinity),
    begin,
  };
}
