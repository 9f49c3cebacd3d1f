/**
 * Who of the processes of one service framework leads. The lease is a value in the framework store that
 * its holder writes anew all the time; whoever sees it unchanged for the length of the lease, by his own
 * clock, takes it over. No two clocks are compared, and taking it over needs the version that was seen.
 *
 * The lease alone fences nobody: the one who takes over subscribes in the framework's name, which ends
 * the other one's stream and his writes with it.
 */
import { assert } from '#internal/base/assert.ts';
import type { FrameworkStore } from '#internal/client/framework-store.ts';
import type { Clock } from '#internal/runtime/clock.ts';
import type { Logger } from '#internal/runtime/logger.ts';

export const leaseKey = 'lease';

export type LeaseHolder = {
  /** Drawn by each process when it starts. */
  readonly process: string;
  /** Where its HTTP is. */
  readonly url: string;
};

const utf8 = new TextEncoder();

/** `beat` makes each writing another value: an old one that comes late is not taken for a new one. */
export const leaseBytes = (holder: LeaseHolder, beat: number): Uint8Array =>
  utf8.encode(JSON.stringify({ ...holder, beat }));

type Dependencies = {
  readonly clock: Clock;
  readonly logger: Logger;
  /** Of a process that is not subscribed. */
  readonly store: FrameworkStore;
};

export type LeaseOptions = {
  readonly holder: LeaseHolder;
  readonly leaseMs: number;
  readonly signal: AbortSignal;
};

/** So often a holder writes, and others look, in the length of the lease. */
export const beatsPerLease = 4;

/**
 * Waits until the lease is ours: its version. Undefined when there is no framework yet whose store could
 * keep it, or when `signal` fired.
 */
export async function awaitLease(
  { clock, logger, store }: Dependencies,
  { holder, leaseMs, signal }: LeaseOptions,
): Promise<bigint | undefined> {
  assert(leaseMs > 0, 'a lease has a length');
  let seen: { readonly version: bigint; readonly sinceMs: number } | undefined;
  for (let beat = 0; !signal.aborted; beat++) {
    const found = await store.get(leaseKey);
    if (found.kind === 'refused') {
      // No framework, no store, no lease: whoever subscribes first makes all three.
      if (found.status === 404) return undefined;
      logger.warn('the store will not be read', { status: found.status, text: found.text });
    }
    const version = found.kind === 'done' ? found.value.version : 0n;
    if (found.kind === 'done' && version !== seen?.version) {
      seen = { version, sinceMs: clock.monotonic() };
    }
    const isOver = seen !== undefined && clock.monotonic() - seen.sinceMs >= leaseMs;
    if (found.kind === 'absent' || (found.kind === 'done' && isOver)) {
      const taken = await store.put(leaseKey, leaseBytes(holder, -1 - beat), version);
      if (taken.kind === 'done') return taken.value;
    }
    await clock.sleep(leaseMs / beatsPerLease, { signal }).catch(() => {});
  }
  return undefined;
}
