import test from 'ava';
import { clockSuite } from '../clock.suite.ts';
import { systemClock } from './clock.ts';

clockSuite(test, 'system clock', () => ({ clock: systemClock(), run: (promise) => promise }));

test('a delay of months does not overflow the timer', async (t) => {
  const warnings: Error[] = [];
  const listen = (warning: Error): unknown => warnings.push(warning);
  process.on('warning', listen);
  const clock = systemClock();
  const timer = clock.after(100 * 24 * 3600 * 1000, () => {});
  await clock.sleep(5);
  timer.cancel();
  process.off('warning', listen);
  t.deepEqual(warnings, []);
});

test('system clock: timers keep their order, however close they are and however long a turn was', async (t) => {
  const clock = systemClock();
  const delays = [3, 2.6, 2.2, 4, 1.8, 1.4, 3, 0];
  for (const busyMs of [0, 0, 1.5, 2, 2.5, 3, 3.5, 5]) {
    const fired: number[] = [];
    await new Promise<void>((resolve) => {
      for (const delayMs of delays) clock.after(delayMs, () => fired.push(delayMs));
      clock.after(4.5, resolve);
      const begin = clock.monotonic();
      while (clock.monotonic() - begin < busyMs);
    });
    t.deepEqual(
      fired,
      delays.toSorted((a, b) => a - b),
      `${busyMs}`,
    );
  }
});

test('system clock: cancelled timers are swept, and the others stay', async (t) => {
  const clock = systemClock();
  let calls = 0;
  const kept = Array.from({ length: 10 }, () => clock.sleep(5).then(() => calls++));
  for (let i = 0; i < 5000; i++)
    clock.after(1 + (i % 7), () => t.fail('it was cancelled')).cancel();
  await Promise.all(kept);
  t.is(calls, 10);
});
