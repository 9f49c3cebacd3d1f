/**
 * Whole clusters of chance, judged run by run by books of their own (`testing/`). A few seeds and
 * small clusters here; `cluster.sim.test.ts` has many and large ones.
 */
import test from 'ava';
import { seedsOf } from '#internal/testing/seeds.ts';
import { newAllocator } from './allocator.ts';
import { judgedRun } from './testing/judged-run.ts';
import { clusterDefaults, simulatedAllocatorOptions } from './testing/simulated-cluster.ts';

test('in a cluster of chance no law of the allocation is broken', (t) => {
  const options = { ...clusterDefaults, agents: 40, frameworks: 15, events: 2000 };
  let lacking = 0;
  for (const seed of seedsOf(6)) {
    const { offers, happened, waitedMs, ...run } = judgedRun(
      (random) => {
        const target = newAllocator({ random }, simulatedAllocatorOptions);
        return {
          handle: (event) => target.handle(event),
          allocate: (nowMs) => target.allocate({ nowMs }),
        };
      },
      { ...options, seed },
    );
    t.true(happened >= options.events && offers > 200, `SEED=${seed}: only ${offers} offers`);
    t.true(waitedMs > 0, `SEED=${seed}: nobody ever waited`);
    lacking += run.lacking;
  }
  t.true(lacking > 0, 'no guarantee was ever unmet');
});
