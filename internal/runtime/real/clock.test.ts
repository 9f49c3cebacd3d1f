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
