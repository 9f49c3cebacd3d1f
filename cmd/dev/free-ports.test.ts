import test from 'ava';
import type { HttpHandler } from '#internal/runtime/http.ts';
import { simulatedClock } from '#internal/runtime/simulated/clock.ts';
import { SimulatedHttp } from '#internal/runtime/simulated/http.ts';
import { SimulatedNetwork } from '#internal/runtime/simulated/network.ts';
import { SimulatedWorld } from '#internal/runtime/simulated/world.ts';
import { unfreePorts } from './free-ports.ts';

const fine: HttpHandler = () => ({
  kind: 'whole',
  status: 200,
  headers: {},
  body: new Uint8Array(),
});

function newRig() {
  const world = new SimulatedWorld({ seed: 1 });
  const life = world.boot('here');
  const listener = new SimulatedHttp({ network: new SimulatedNetwork({ world }) }).listener(life);
  const clock = simulatedClock({ world, life });
  const ending = new AbortController();
  const ask = (ports: readonly number[]): Promise<readonly string[]> =>
    unfreePorts(
      { clock, listener },
      { host: 'here', ports, patienceMs: 5000, signal: ending.signal },
    );
  const take = (port: number): ReturnType<typeof listener.listen> =>
    listener.listen({ host: 'here', port, bodyBytesMax: 0 }, fine);
  return { world, clock, ending, ask, take };
}

test('ports that stay taken are all named, and the free ones are left free', async (t) => {
  const { world, ask, take } = newRig();
  const program = async (): Promise<void> => {
    await using first = await take(10);
    await using second = await take(12);
    t.deepEqual(await ask([10, 11, 12]), ['port 10 is in use', 'port 12 is in use']);
    await using third = await take(11);
    t.deepEqual([first.port, second.port, third.port], [10, 12, 11]);
  };
  await world.settle(program(), { withinMs: 60_000 });
});

test('a port that becomes free in time is waited for', async (t) => {
  const { world, clock, ask, take } = newRig();
  const program = async (): Promise<void> => {
    const held = await take(10);
    clock.after(3000, () => void held[Symbol.asyncDispose]());
    t.deepEqual(await ask([10]), []);
    t.true(clock.monotonic() >= 3000);
  };
  await world.settle(program(), { withinMs: 60_000 });
});

test('who is asked to stop does not wait for ports', async (t) => {
  const { world, clock, ending, ask, take } = newRig();
  const program = async (): Promise<void> => {
    await using held = await take(10);
    clock.after(1000, () => ending.abort());
    t.deepEqual(await ask([held.port]), []);
    t.true(clock.monotonic() < 2000);
  };
  await world.settle(program(), { withinMs: 60_000 });
});
