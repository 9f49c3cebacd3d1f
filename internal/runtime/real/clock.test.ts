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
  for (const busyMs of [0, 0, 1.5, 2, 2.5, 3, 3.5, 5]) {
    const fired: { readonly fromMs: number; readonly untilMs: number }[] = [];
    const begin = clock.monotonic();
    const sleepers = [3, 2.6, 2.2, 4, 1.8, 1.4, 3, 0].map(async (delayMs) => {
      // Its time lies between the two: this thread may be held up in between.
      const fromMs = clock.monotonic() + delayMs;
      const sleeping = clock.sleep(delayMs);
      const untilMs = clock.monotonic() + delayMs;
      await sleeping;
      fired.push({ fromMs, untilMs });
    });
    while (clock.monotonic() - begin < busyMs);
    await Promise.all(sleepers);
    for (const [at, { fromMs }] of fired.entries()) {
      const late = fired.slice(at + 1).filter(({ untilMs }) => untilMs < fromMs);
      t.deepEqual(late, [], `busy for ${busyMs}`);
    }
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
