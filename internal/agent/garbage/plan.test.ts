import test from 'ava';
import fc from 'fast-check';
import { allowedAgeMs, type GarbageMemory, planGarbage, type SandboxRun } from './plan.ts';

const settings = { delayMs: 1000, headroom: 0.1 };
const run = fc.record({
  path: fc.constantFrom<string[]>('a', 'b', 'c', 'd', 'e'),
  containerId: fc.constantFrom<string[]>('1', '2', '3'),
  usedMs: fc.integer({ min: -5000, max: 50_000 }),
});
const runs = fc.uniqueArray(run, { selector: ({ path }) => path });
const share = fc.double({ min: 0, max: 1, noNaN: true });

test('the fuller the disk, the shorter a sandbox stays', (t) => {
  t.is(allowedAgeMs(settings, 0), 900);
  t.is(Math.round(allowedAgeMs(settings, 0.4)), 500);
  t.is(allowedAgeMs(settings, 0.9), 0);
  t.is(allowedAgeMs(settings, 1), 0);
  fc.assert(
    fc.property(share, share, (one, other) => {
      const [low, high] = [Math.min(one, other), Math.max(one, other)];
      t.true(allowedAgeMs(settings, low) >= allowedAgeMs(settings, high));
    }),
  );
});

test('what is used is never removed, and what was used a moment ago only when its time is over', (t) => {
  fc.assert(
    fc.property(
      runs,
      fc.uniqueArray(fc.constantFrom<string[]>('1', '2', '3')),
      fc.nat(2000),
      (found, used, ageMsMax) => {
        const ids = new Set(used);
        const memory: GarbageMemory = new Map(found.map(({ path }) => [path, 'used']));
        const plan = planGarbage(found, ids, { nowMs: 10_000, ageMsMax, memory, markMs: 10 });
        for (const { containerId } of plan.removed) t.false(ids.has(containerId));
        if (ageMsMax > 0) t.deepEqual(plan.removed, []);
      },
    ),
  );
});

test('nothing that is not used stays for ever, whatever it says of its age', (t) => {
  fc.assert(
    fc.property(runs, fc.nat(5000), (found, ageMsMax) => {
      let memory: GarbageMemory = new Map();
      const left = new Map(found.map((one) => [one.path, one]));
      for (let nowMs = 0; nowMs <= ageMsMax + 2000; nowMs += 500) {
        const plan = planGarbage([...left.values()], new Set(), {
          nowMs,
          ageMsMax,
          memory,
          markMs: 10,
        });
        memory = plan.memory;
        for (const { path } of plan.removed) left.delete(path);
      }
      t.is(left.size, 0);
    }),
  );
});

test('age counts from the end, also when the agent was not there to see it', (t) => {
  const old: SandboxRun = { path: 'a', containerId: '1', usedMs: 0 };
  const look = (nowMs: number, used: string[], memory: GarbageMemory = new Map()) =>
    planGarbage([old], new Set(used), { nowMs, ageMsMax: 1000, memory, markMs: 100 });
  // Used at 5000: its mark is renewed, so that a restart forgets at most `markMs` of it.
  t.deepEqual(look(5000, ['1']).marked, [old]);
  // It ended between two looks: it is marked, and stays from now on.
  const ended = look(5100, [], look(5000, ['1']).memory);
  t.deepEqual([ended.marked, ended.removed], [[old], []]);
  // Nobody knew it: its mark counts.
  t.deepEqual(look(999, []).removed, []);
  t.deepEqual(look(1000, []).removed, [old]);
});
