import test from 'ava';
import { systemClock } from '#internal/runtime/real/clock.ts';
import type { Clock } from '#internal/runtime/clock.ts';
import type { Outcome, Sweep } from './sweep-tally.ts';
import { sweepInThreads, type ThreadedSweep } from './sweep-threads.ts';

/** A thread that runs its share in no time, but does `odd` at seed 2. */
const program = (odd: string): URL => {
  const source = `
    import { parentPort, workerData } from 'node:worker_threads';
    const { first, step, end } = workerData;
    for (let seed = first; seed < end; seed += step) {
      parentPort.postMessage({ kind: 'begun', seed });
      if (seed === 2) { ${odd} }
      const outcome = { seed, events: 10, hash: seed, figures: { splits: seed } };
      parentPort.postMessage({ kind: 'ended', outcome });
    }`;
  return new URL(`data:text/javascript,${encodeURIComponent(source)}`);
};

const usual = {
  world: 'raft',
  from: 0,
  count: 6,
  jobs: 2,
  patienceMs: 600_000,
  heapMbMax: 40,
} as const;

type Try = { readonly odd?: string; readonly clock?: Clock; readonly signal?: AbortSignal };

async function run(options: Partial<ThreadedSweep>, how: Try = {}): Promise<Sweep> {
  const { odd = '', clock = systemClock(), signal = new AbortController().signal } = how;
  const dependencies = { clock, program: program(odd), onRun: () => {} };
  return sweepInThreads(dependencies, { ...usual, ...options }, { signal });
}

test('a sweep tells the same however many threads it has', async (t) => {
  const [one, two, many] = await Promise.all([1, 2, 9].map((jobs) => run({ jobs })));
  t.deepEqual(two, one);
  t.deepEqual(many, one);
  t.like(one, { seeds: 6, events: 60, violations: [], figures: new Map([['splits', 15]]) });
  t.not((await run({ from: 1 })).fingerprint, one?.fingerprint);
});

test('a real world tells the same in one thread and in two', async (t) => {
  const heard: Outcome[] = [];
  const onRun = (outcome: Outcome): number => heard.push(outcome);
  const { signal } = new AbortController();
  const clock = systemClock();
  const options = { ...usual, heapMbMax: 1024, count: 2, hardship: { hostileMs: 2000 } };
  const two = await sweepInThreads({ clock, onRun }, options, { signal });
  const one = await sweepInThreads({ clock, onRun }, { ...options, jobs: 1 }, { signal });
  t.deepEqual(one, two);
  t.true(two.events > 1000, `${two.events}`);
  t.is(heard.length, 4);
});

const deadly = {
  'throws out of a run': [`throw new Error('on fire')`, /its thread died: on fire/],
  'ends its thread': ['process.exit(7)', /its thread ended with status 7/],
  'ends its thread as if all were well': ['process.exit(0)', /its thread ended with status 0/],
  'eats all memory': ['for (let all; ; ) all = { all };', /its thread died: .*memory/],
} as const;

for (const [what, [odd, message]] of Object.entries(deadly)) {
  test(`a seed that ${what} is a violation, and the others are run`, async (t) => {
    const { seeds, violations } = await run({}, { odd });
    t.is(seeds, 6);
    t.is(violations.length, 1);
    t.like(violations[0], { seed: 2, violation: { rule: 'thread' } });
    t.regex(violations[0]?.violation?.message ?? '', message);
  });
}

test('a seed that never ends is a violation when patience is over, and the others are run', async (t) => {
  let waits = 0;
  const clock: Clock = {
    ...systemClock(),
    after(_delayMs, callback) {
      waits += 1;
      // After the start, and the beginnings and ends of seeds 0 and 1, this is for seed 2.
      if (waits === 6) queueMicrotask(callback);
      return { cancel: () => {} };
    },
  };
  const { seeds, violations } = await run({ jobs: 1 }, { odd: 'for (;;);', clock });
  t.is(seeds, 6);
  t.is(violations[0]?.violation?.message, 'thread: it did not end within 600000 ms');
  t.is(violations[0]?.seed, 2);
});

test('an interrupted sweep ends at once, with what was done', async (t) => {
  const controller = new AbortController();
  const dependencies = {
    clock: systemClock(),
    program: program('for (;;);'),
    onRun: ({ seed }: Outcome) => {
      if (seed === 1) controller.abort();
    },
  };
  const { signal } = controller;
  const { seeds, violations } = await sweepInThreads(
    dependencies,
    { ...usual, jobs: 1 },
    { signal },
  );
  t.is(seeds, 2);
  t.deepEqual(violations, []);
});

test('a thread that cannot even begin fails the sweep', async (t) => {
  const broken = new URL('data:text/javascript,throw new Error("no such world")');
  const { signal } = new AbortController();
  const dependencies = { clock: systemClock(), program: broken, onRun: () => {} };
  await t.throwsAsync(sweepInThreads(dependencies, usual, { signal }), {
    message: 'outside of a run: its thread died: no such world',
  });
});
