/**
 * What an agent counts and times from its start on, and what shows of it in `/metrics/snapshot`. Nothing
 * of it is written down: the next agent begins anew.
 *
 * `checkpoint/write_ms` is a name of ours: how long a write takes until it is durable, with the wait for
 * those before it. Everything that an agent says waits for one.
 */
import type { Clock } from '#internal/runtime/clock.ts';
import { newMetrics } from '#internal/telemetry/metrics.ts';
import { newTimings } from '#internal/telemetry/timings.ts';
import type { Checkpoint, Findings } from '#storage/checkpoint/checkpoint.ts';
import { type Counter, counters } from './core/counters.ts';

export type Meters = {
  count(counter: Counter): void;
  /** A container, or what is left of one, could not be cleared away. */
  countNotDestroyed(): void;
  /** The agent has read its checkpoint and found its containers; it began to at `sinceMs`, monotonic. */
  recovered(findings: Findings, sinceMs: number): void;
  /** The same checkpoint, with its writes timed. */
  timed(checkpoint: Checkpoint): Checkpoint;
  snapshot(): ReadonlyMap<string, number>;
};

/** As many as Mesos keeps of what it times. */
const writesKept = 1000;

const notDestroyed = 'containerizer/mesos/container_destroy_errors';
const recoveryErrors = 'slave/recovery_errors';

export function newMeters(clock: Clock): Meters {
  const named = counters.map((counter) => `slave/${counter}`);
  const metrics = newMetrics([...named, notDestroyed, recoveryErrors]);
  const writing = newTimings('checkpoint/write_ms', { kept: writesKept });
  return {
    count: (counter) => metrics.count(`slave/${counter}`),
    countNotDestroyed: () => metrics.count(notDestroyed),
    recovered({ dropped }, sinceMs) {
      const seconds = (clock.monotonic() - sinceMs) / 1000;
      metrics.count(recoveryErrors, dropped.length);
      metrics.gauge('slave/recovery_time_secs', () => seconds);
    },
    timed: (checkpoint) => ({
      async write(writes) {
        const sinceMs = clock.monotonic();
        await checkpoint.write(writes);
        if (writes.length > 0) writing.record(clock.monotonic() - sinceMs);
      },
      close: () => checkpoint.close(),
    }),
    snapshot: () => new Map([...metrics.snapshot(), ...writing.snapshot()]),
  };
}
