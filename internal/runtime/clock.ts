/**
 * Time as a port. `real/clock.ts` is the machine's, `simulated/clock.ts` is virtual: there, hours
 * pass in milliseconds and the same seed gives the same order of events.
 */
export type Clock = {
  /** Wall time in milliseconds since the epoch, for people and for the wire; it may jump. */
  now(): number;
  /** Milliseconds since some moment; never falls. For time-outs and intervals. */
  monotonic(): number;
  /** Calls `callback` once, `delayMs` from now by the monotonic clock, unless cancelled. */
  after(delayMs: number, callback: () => void): Timer;
  /** Resolves after `delayMs`; rejects with the signal's reason when that fires first. */
  sleep(delayMs: number, options?: { readonly signal?: AbortSignal | undefined }): Promise<void>;
};

export type Timer = {
  /** Harmless when the timer has fired or was cancelled before. */
  cancel(): void;
};
