import test from 'ava';
import { catalogue } from '#chaos/mutants/catalogue.ts';
import { systemClock } from '#internal/runtime/real/clock.ts';
import { shrinkInThread } from './shrink-in-thread.ts';
import { sweepInThreads } from './sweep-threads.ts';
import { loadWorld } from './worlds.ts';

test('a planted bug is left with fewer faults, less time or fewer machines, and still found', async (t) => {
  const { signal } = new AbortController();
  const mutant = catalogue.find(({ name }) => name === 'quorum-of-two');
  const limits = { jobs: 2, patienceMs: 600_000, heapMbMax: 1024 };
  const hardship = { hostileMs: 5000 };
  const sweep = { world: 'raft', mutant, hardship, count: 4, ...limits } as const;
  const dependencies = { clock: systemClock(), onRun: () => {} };
  const { violations } = await sweepInThreads(dependencies, { ...sweep, from: 0 }, { signal });
  const [found] = violations;
  const { seed, violation } = found!;
  const failure = {
    world: 'raft',
    mutant,
    from: hardship,
    seed,
    rule: violation!.rule,
    runsMax: 40,
  } as const;
  const { hardship: left, runs } = (await shrinkInThread(failure, { signal }))!;
  const { hardshipOf } = await loadWorld('raft');
  const first = hardshipOf(seed);
  t.true(runs > 0);
  t.true(first.faults.length > 0);
  t.true(left.faults.length < first.faults.length, left.faults.join());
  t.true(left.hostileMs < hardship.hostileMs);

  const again = { ...sweep, from: seed, count: 1, hardship: left };
  const replay = await sweepInThreads(dependencies, again, { signal });
  t.is(replay.violations[0]?.violation?.rule, violation!.rule);
  const sound = { ...again, mutant: undefined };
  t.deepEqual((await sweepInThreads(dependencies, sound, { signal })).violations, []);
});
