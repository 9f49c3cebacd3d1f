import test from 'ava';
import { messagePortSuite } from '../message-port.suite.ts';
import { simulatedClock } from './clock.ts';
import { simulatedPipe } from './message-port.ts';
import { SimulatedWorld } from './world.ts';

messagePortSuite(test, 'simulated', () => {
  const world = new SimulatedWorld({ seed: 1 });
  const clock = simulatedClock({ world, life: world.boot('machine') });
  return {
    ends: simulatedPipe<unknown, unknown>([clock, clock]),
    run: (promise) => world.settle(promise, { withinMs: 1000 }),
  };
});

test('a thread that is paused hears everything late, and in order', async (t) => {
  const world = new SimulatedWorld({ seed: 1 });
  const [slow, quick] = ['slow', 'quick'].map((name) =>
    simulatedClock({ world, life: world.boot(name) }),
  );
  const [one, other] = simulatedPipe<number, never>([quick!, slow!]);
  const heard: number[] = [];
  other.listen((number) => heard.push(number));
  world.pause('slow', 500);
  for (const number of [1, 2, 3]) one.post(number);
  await world.runFor(400);
  t.deepEqual(heard, []);
  await world.runFor(200);
  t.deepEqual(heard, [1, 2, 3]);
});
