import { setTimeout as pause } from 'node:timers/promises';
import test from 'ava';
import { openLoopWatch } from './loop-watch.ts';

test.serial('a stall is told by about its length, and forgotten with its time', async (t) => {
  using watch = openLoopWatch();
  // The first tick begins the count.
  await pause(50);
  const end = performance.now() + 300;
  while (performance.now() < end);
  await pause(50);
  const stallMs = watch.longestStallMs(10);
  t.true(stallMs >= 280, `${stallMs} ms`);
  // Other programs may have held us up too, but hardly for so long.
  t.true(stallMs < 5000, `${stallMs} ms`);
  t.is(watch.longestStallMs(60), stallMs);
  await pause(2500);
  t.true(watch.longestStallMs(0) < stallMs, 'this second is held up by what was long before');
  t.true(watch.longestStallMs(10) >= stallMs);
});
