import test from 'ava';
import { SimulatedWorld } from '#internal/runtime/simulated/world.ts';
import { simulatedClock } from '#internal/runtime/simulated/clock.ts';
import { onStopSignals } from './stopping.ts';

// One process, one set of signal handlers: the tests take turns.
test.serial('a Ctrl-C that npm passes on a second time is one wish', async (t) => {
  const world = new SimulatedWorld({ seed: 1 });
  const clock = simulatedClock({ world, life: world.boot('terminal') });
  const heard: string[] = [];
  using signals = onStopSignals(clock, {
    ask: () => heard.push('stop'),
    askAgain: () => heard.push('at once'),
  });
  t.truthy(signals);
  process.emit('SIGINT');
  await world.runFor(100);
  process.emit('SIGINT');
  t.deepEqual(heard, ['stop']);
});

test.serial('who asks again later does not want to wait', async (t) => {
  const world = new SimulatedWorld({ seed: 1 });
  const clock = simulatedClock({ world, life: world.boot('terminal') });
  const heard: string[] = [];
  using signals = onStopSignals(clock, {
    ask: () => heard.push('stop'),
    askAgain: () => heard.push('at once'),
  });
  t.truthy(signals);
  process.emit('SIGTERM');
  await world.runFor(2000);
  process.emit('SIGINT');
  t.deepEqual(heard, ['stop', 'at once']);
});

test.serial('after it was disposed of nobody is asked', (t) => {
  const world = new SimulatedWorld({ seed: 1 });
  const clock = simulatedClock({ world, life: world.boot('terminal') });
  const keep = (): void => {};
  process.on('SIGHUP', keep);
  onStopSignals(clock, { ask: () => t.fail(), askAgain: () => t.fail() })[Symbol.dispose]();
  process.emit('SIGHUP');
  process.off('SIGHUP', keep);
  t.is(process.listenerCount('SIGHUP'), 0);
});
