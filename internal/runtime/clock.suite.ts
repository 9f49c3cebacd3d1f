/** What every `Clock` promises. */
import type { ExecutionContext, TestFn } from 'ava';
import type { Clock } from './clock.ts';

export type ClockRig = {
  readonly clock: Clock;
  /** Lets the world move until the promise settles. */
  readonly run: <T>(promise: Promise<T>) => Promise<T>;
};

export function clockSuite(test: TestFn, name: string, openRig: () => ClockRig): void {
  const law = (
    title: string,
    check: (t: ExecutionContext, clock: Clock) => Promise<void>,
  ): void => {
    test(`${name}: ${title}`, async (t) => {
      const rig = openRig();
      await rig.run(check(t, rig.clock));
    });
  };

  law('time passes, and never backwards', async (t, clock) => {
    const wall = clock.now();
    let before = clock.monotonic();
    t.true(Number.isSafeInteger(wall) && wall > 1_600_000_000_000);
    for (let i = 0; i < 10; i++) {
      await clock.sleep(1);
      const now = clock.monotonic();
      t.true(now > before);
      before = now;
    }
    t.true(clock.now() > wall);
  });

  law('nobody is called before the time', async (t, clock) => {
    const sleepers = Array.from({ length: 300 }, async (_, at) => {
      const delayMs = at * 0.37;
      const begin = clock.monotonic();
      await clock.sleep(delayMs);
      t.true(clock.monotonic() - begin >= delayMs - 1e-6, `${delayMs}`);
      const again = clock.monotonic();
      await clock.sleep(1);
      t.true(clock.monotonic() - again >= 1 - 1e-6);
    });
    await Promise.all(sleepers);
  });

  law('a shorter delay comes first, equal ones in the order of the calls', async (t, clock) => {
    const fired: string[] = [];
    await new Promise<void>((resolve) => {
      clock.after(90, resolve);
      clock.after(60, () => fired.push('late'));
      for (const letter of ['a', 'b', 'c']) clock.after(30, () => fired.push(letter));
      clock.after(0, () => fired.push('now'));
    });
    t.deepEqual(fired, ['now', 'a', 'b', 'c', 'late']);
  });

  law('a callback is not called at once, and only once', async (t, clock) => {
    let calls = 0;
    clock.after(0, () => calls++);
    t.is(calls, 0);
    await clock.sleep(20);
    t.is(calls, 1);
  });

  law('a cancelled timer stays silent, and may be cancelled again', async (t, clock) => {
    const timer = clock.after(5, () => t.fail('it was cancelled'));
    timer.cancel();
    timer.cancel();
    const fired = clock.after(0, () => {});
    await clock.sleep(20);
    t.notThrows(() => fired.cancel());
  });

  law('a delay of months is not one of none', async (t, clock) => {
    const timer = clock.after(100 * 24 * 3600 * 1000, () => t.fail('months have not passed'));
    await clock.sleep(20);
    timer.cancel();
    t.pass();
  });

  law('a signal ends a sleep with its reason', async (t, clock) => {
    const control = new AbortController();
    const reason = new Error('enough');
    clock.after(5, () => control.abort(reason));
    const begin = clock.monotonic();
    t.is(await t.throwsAsync(clock.sleep(60_000, { signal: control.signal })), reason);
    t.true(clock.monotonic() - begin < 30_000);
    t.is(await t.throwsAsync(clock.sleep(0, { signal: control.signal })), reason);
  });

  law('a sleep that is over leaves nothing on its signal', async (t, clock) => {
    const control = new AbortController();
    await clock.sleep(1, { signal: control.signal });
    t.notThrows(() => control.abort());
  });
}
