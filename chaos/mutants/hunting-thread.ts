/** The thread of `hunt.ts`: one planted bug, one sweep, one message with what came of it. */
import { parentPort, workerData } from 'node:worker_threads';
import { assert } from '#internal/base/assert.ts';
import type { Hunt, HuntOptions } from './hunt.ts';
import { plant } from './plant.ts';

async function huntHere({ mutant, from, count }: HuntOptions): Promise<Hunt> {
  const isPlanted = plant(mutant);
  const { runRaft } = await import('#chaos/simulation/raft-run.ts');
  const { sweep } = await import('#chaos/simulation/sweep.ts');
  assert(isPlanted(), `${mutant.file} was not loaded, so the mutant ${mutant.name} proves nothing`);
  const { seeds, violations } = await sweep((seed) => runRaft({ seed }), {
    from,
    count,
    stopsAtViolation: true,
  });
  const [found] = violations;
  const { name } = mutant;
  if (found === undefined) return { name, seeds, caught: undefined };
  return { name, seeds, caught: { seed: found.seed, message: found.violation?.message ?? '' } };
}

assert(parentPort !== null, 'this is a thread, not a program');
// oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, not a window.
parentPort.postMessage(await huntHere(workerData));
