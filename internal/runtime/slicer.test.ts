import test from 'ava';
import { runPaced, type Steps } from '#internal/base/steps.ts';
import type { Clock } from './clock.ts';
import { Slicer } from './slicer.ts';

/** A clock of one timer queue, whose time passes as work is done. */
class WorkClock implements Clock {
  #ms = 0;
  readonly #timers: (() => void)[] = [];
  /** How long the loop was held up, each time. */
  readonly turnsMs: number[] = [];

  work(ms: number): void {
    this.#ms += ms;
  }

  now(): number {
    return this.#ms;
  }

  monotonic(): number {
    return this.#ms;
  }

  after(_delayMs: number, callback: () => void): { cancel(): void } {
    this.#timers.push(callback);
    return { cancel: () => {} };
  }

  sleep(): Promise<void> {
    return Promise.reject(new Error('nobody sleeps'));
  }

  async runTimers(): Promise<void> {
    for (let timer = this.#timers.shift(); timer !== undefined; timer = this.#timers.shift()) {
      const beganMs = this.#ms;
      timer();
      for (let tick = 0; tick < 1000; tick++) await Promise.resolve();
      this.turnsMs.push(this.#ms - beganMs);
    }
  }
}

test('no turn is longer than a slice and a step, however many jobs there are', async (t) => {
  const clock = new WorkClock();
  const slicer = new Slicer({ clock }, { sliceMs: 4 });
  function* job(steps: number): Steps<number> {
    let sum = 0;
    for (let step = 0; step < steps; step++) {
      clock.work(1.5);
      sum += step;
      yield;
    }
    return sum;
  }
  const jobs = [10, 1, 40].map(async (steps) => await runPaced(job(steps), slicer));
  await clock.runTimers();
  t.deepEqual(await Promise.all(jobs), [45, 0, 780]);
  t.true(Math.max(...clock.turnsMs) <= 4 + 1.5, String(clock.turnsMs));
  t.true(clock.turnsMs.length > 10);
});

test('jobs go on in the order in which they were interrupted', async (t) => {
  const clock = new WorkClock();
  const slicer = new Slicer({ clock }, { sliceMs: 1 });
  const seen: string[] = [];
  function* job(name: string): Steps<void> {
    for (let step = 0; step < 3; step++) {
      seen.push(name);
      clock.work(1);
      yield;
    }
  }
  const jobs = ['a', 'b', 'c'].map(async (name) => await runPaced(job(name), slicer));
  await clock.runTimers();
  await Promise.all(jobs);
  t.is(seen.join(''), 'aabcabcbc', 'the first need not wait, and goes behind the others then');
});

test('a step that throws ends its own job alone', async (t) => {
  const clock = new WorkClock();
  const slicer = new Slicer({ clock });
  function* broken(): Steps<void> {
    yield;
    throw new Error('broken');
  }
  function* sound(): Steps<string> {
    yield;
    return 'sound';
  }
  const jobs = Promise.allSettled([runPaced(broken(), slicer), runPaced(sound(), slicer)]);
  await clock.runTimers();
  const [first, second] = await jobs;
  t.is(first.status, 'rejected');
  t.deepEqual(second, { status: 'fulfilled', value: 'sound' });
});
