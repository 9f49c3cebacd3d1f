/**
 * How long this thread's loop was held up of late: by a turn that took long, by the collection of
 * garbage, or because the machine had no time for us. Whoever waits for an answer waits at least that
 * long.
 */
import { monitorEventLoopDelay } from 'node:perf_hooks';

export type LoopWatch = Disposable & {
  /** The longest stall of the last so many seconds, at most `keptSeconds`, in milliseconds. */
  longestStallMs(seconds: number): number;
};

/** Shorter stalls are not told apart from none. */
const resolutionMs = 5;
const keptSeconds = 60;

/** Watches until it is disposed of. It does not keep the process from ending. */
export function openLoopWatch(): LoopWatch {
  const histogram = monitorEventLoopDelay({ resolution: resolutionMs });
  histogram.enable();
  /** The longest of each second, the newest first. */
  const longest: number[] = [];
  // It counts from one tick of its own to the next, which are `resolution` apart when all is well.
  const now = (): number => Math.max(0, histogram.max / 1e6 - resolutionMs);
  const timer = setInterval(() => {
    longest.unshift(now());
    longest.length = Math.min(longest.length, keptSeconds);
    histogram.reset();
  }, 1000);
  timer.unref();
  return {
    longestStallMs: (seconds) => Math.max(now(), ...longest.slice(0, seconds)),
    [Symbol.dispose]: () => {
      clearInterval(timer);
      histogram.disable();
    },
  };
}
