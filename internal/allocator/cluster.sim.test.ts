/** The large version of `cluster.test.ts`: 200 agents, 50 frameworks, 10 000 events, 200 seeds. */
import test from 'ava';
import { seedsOf } from '#internal/testing/seeds.ts';
import { newAllocator } from './allocator.ts';
import { judgedRun } from './testing/judged-run.ts';
import { clusterDefaults, simulatedAllocatorOptions } from './testing/simulated-cluster.ts';

test('in large clusters of chance no law of the allocation is broken', (t) => {
  t.timeout(3_600_000);
  for (const seed of seedsOf(200)) {
    const { happened, offers } = judgedRun(
      (random) => {
        const target = newAllocator({ random }, simulatedAllocatorOptions);
        return {
          handle: (event) => target.handle(event),
          allocate: (nowMs) => target.allocate({ nowMs }),
        };
      },
      { ...clusterDefaults, seed, events: 10_000 },
    );
    t.true(happened >= 10_000 && offers > 2000, `SEED=${seed}: ${offers} offers`);
  }
});
