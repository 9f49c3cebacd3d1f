/** A thread of `allocator-mutants.test.ts`: one planted bug, some clusters of chance, what came of it. */
import { parentPort, workerData } from 'node:worker_threads';
import { assert } from '#internal/base/assert.ts';
import type { Mutant } from './mutant.ts';
import { plant } from './plant.ts';

const seedsMax = 10;

/** The first law that was found broken; undefined when all seeds passed. */
async function huntHere(mutant: Mutant): Promise<string | undefined> {
  const isPlanted = plant(mutant);
  const { newAllocator } = await import('#internal/allocator/allocator.ts');
  const { judgedRun } = await import('#internal/allocator/testing/judged-run.ts');
  const { clusterDefaults, simulatedAllocatorOptions } =
    await import('#internal/allocator/testing/simulated-cluster.ts');
  assert(isPlanted(), `the mutant ${mutant.name} was not loaded, so it proves nothing`);
  const sizes = { ...clusterDefaults, agents: 30, frameworks: 12, events: 4000 };
  for (let seed = 0; seed < seedsMax; seed++) {
    try {
      judgedRun(
        (random) => {
          const target = newAllocator({ random }, simulatedAllocatorOptions);
          return {
            handle: (event) => target.handle(event),
            allocate: (nowMs) => target.allocate({ nowMs }),
          };
        },
        { ...sizes, seed },
      );
    } catch (error) {
      return String(error);
    }
  }
  return undefined;
}

assert(parentPort !== null, 'this is a thread, not a program');
// oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, not a window.
parentPort.postMessage(await huntHere(workerData));
