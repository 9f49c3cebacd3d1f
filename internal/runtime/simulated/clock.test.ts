import test from 'ava';
import { clockSuite } from '../clock.suite.ts';
import { simulatedClock } from './clock.ts';
import { SimulatedWorld } from './world.ts';

for (const rate of [1, 0.8, 1.25]) {
  clockSuite(test, `clock at rate ${rate}`, () => {
    const world = new SimulatedWorld({ seed: 1 });
    const clock = simulatedClock({ world, life: world.boot('m') }, { rate, offsetMs: -5000 });
    return { clock, run: (promise) => world.settle(promise, { withinMs: 600_000 }) };
  });
}
