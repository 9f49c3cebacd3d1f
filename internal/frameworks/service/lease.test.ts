import test from 'ava';
import type { FrameworkStore, StoreOutcome } from '#internal/client/framework-store.ts';
import { simulatedClock } from '#internal/runtime/simulated/clock.ts';
import { SimulatedWorld } from '#internal/runtime/simulated/world.ts';
import type { Clock } from '#internal/runtime/clock.ts';
import type { Logger } from '#internal/runtime/logger.ts';
import { awaitLease, beatsPerLease, leaseBytes, leaseKey } from './lease.ts';

const leaseMs = 1000;
const silent: Logger = {
  debug: () => {},
  info: () => {},
  warn: () => {},
  error: () => {},
  child: () => silent,
};

/** The lease alone, in memory; `isHeard` false: nobody leads. */
class LeaseStore {
  isHeard = true;
  isThere = true;
  version = 0n;
  value: Uint8Array | undefined;

  write(value: Uint8Array): void {
    this.version++;
    this.value = value;
  }

  door(): FrameworkStore {
    const unavailable = { kind: 'unavailable' } as const;
    const never = async (): Promise<never> => await Promise.reject(new Error('nobody asks this'));
    return {
      list: never,
      delete: never,
      get: async (
        key,
      ): Promise<StoreOutcome<{ key: string; value: Uint8Array; version: bigint }>> => {
        if (!this.isThere) return { kind: 'refused', status: 404, text: 'no framework' };
        if (!this.isHeard) return unavailable;
        if (key !== leaseKey || this.value === undefined) return { kind: 'absent' };
        return { kind: 'done', value: { key, value: this.value, version: this.version } };
      },
      put: async (_, value, expected) => {
        if (!this.isHeard) return unavailable;
        const isSame = expected === (this.value === undefined ? 0n : this.version);
        if (!isSame) return { kind: 'conflict' };
        this.write(value);
        return { kind: 'done', value: this.version };
      },
    };
  }
}

type Stage = {
  readonly world: SimulatedWorld;
  readonly clock: Clock;
  readonly store: LeaseStore;
  readonly await: (process: string, signal?: AbortSignal) => Promise<bigint | undefined>;
  /** A holder that writes as often as it should, until told otherwise. */
  readonly hold: (process: string) => () => void;
};

function stage(): Stage {
  const world = new SimulatedWorld({ seed: 1 });
  const clock = simulatedClock({ world, life: world.boot('cluster') });
  const store = new LeaseStore();
  const holderOf = (process: string): { process: string; url: string } => ({ process, url: '' });
  return {
    world,
    clock,
    store,
    await: async (process, signal = new AbortController().signal) =>
      await awaitLease(
        { clock, logger: silent, store: store.door() },
        { holder: holderOf(process), leaseMs, signal },
      ),
    hold: (process) => {
      let isAlive = true;
      const beat = (n: number): void => {
        if (!isAlive) return;
        store.write(leaseBytes(holderOf(process), n));
        clock.after(leaseMs / beatsPerLease, () => beat(n + 1));
      };
      beat(0);
      return () => {
        isAlive = false;
      };
    },
  };
}

test('a lease that nobody has is taken at once', async (t) => {
  const { world, store, await: take, clock } = stage();
  const sinceMs = clock.monotonic();
  t.is(await world.settle(take('a'), { withinMs: 10 }), 1n);
  t.true(clock.monotonic() - sinceMs < leaseMs / beatsPerLease);
  t.regex(new TextDecoder().decode(store.value), /"process":"a"/);
});

test('a lease that is renewed is left alone; one that is not is taken when its length is over', async (t) => {
  const { world, clock, hold, await: take } = stage();
  const die = hold('a');
  const taken: (bigint | undefined)[] = [];
  const taking = take('b').then((version) => taken.push(version));
  await world.settle(clock.sleep(20 * leaseMs), { withinMs: 21 * leaseMs });
  t.deepEqual(taken, [], 'the holder lives');
  die();
  const diedMs = clock.monotonic();
  await world.settle(taking, { withinMs: 3 * leaseMs });
  t.not(taken[0], undefined);
  const waitedMs = clock.monotonic() - diedMs;
  t.true(waitedMs >= leaseMs - leaseMs / beatsPerLease, `${waitedMs} ms`);
  t.true(waitedMs <= leaseMs + (2 * leaseMs) / beatsPerLease, `${waitedMs} ms`);
});

test('of several who wait one takes it, and the others see a new holder', async (t) => {
  const { world, clock, store, hold, await: take } = stage();
  hold('a')();
  const taken: string[] = [];
  for (const process of ['b', 'c', 'd']) {
    void take(process).then(() => taken.push(process));
  }
  await world.settle(clock.sleep(1.9 * leaseMs), { withinMs: 2 * leaseMs });
  t.is(taken.length, 1);
  t.regex(new TextDecoder().decode(store.value), new RegExp(`"process":"${taken[0]}"`));
});

test('time in which the store says nothing takes no lease by itself', async (t) => {
  const { world, clock, store, hold, await: take } = stage();
  hold('a');
  const taken: unknown[] = [];
  void take('b').then((version) => taken.push(version));
  await world.settle(clock.sleep(leaseMs), { withinMs: 2 * leaseMs });
  store.isHeard = false;
  await world.settle(clock.sleep(10 * leaseMs), { withinMs: 11 * leaseMs });
  store.isHeard = true;
  await world.settle(clock.sleep(10 * leaseMs), { withinMs: 11 * leaseMs });
  t.deepEqual(taken, [], 'the holder wrote all the while');
});

test('without a framework there is no lease to wait for, and whoever is told to stop waits no more', async (t) => {
  const { world, store, hold, await: take } = stage();
  store.isThere = false;
  t.is(await world.settle(take('a'), { withinMs: leaseMs }), undefined);
  store.isThere = true;
  hold('a');
  const stopping = new AbortController();
  const taking = take('b', stopping.signal);
  stopping.abort();
  t.is(await world.settle(taking, { withinMs: leaseMs }), undefined);
});
