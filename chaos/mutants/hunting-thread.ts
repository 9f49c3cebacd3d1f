/** The thread of `hunt.ts`: one planted bug, one sweep, one message with what came of it. */
import { parentPort, workerData } from 'node:worker_threads';
import { loadWorld } from '#chaos/simulation/worlds.ts';
import { assert } from '#internal/base/assert.ts';
import type { Hunt, HuntOptions } from './hunt.ts';
import { plant } from './plant.ts';

async function huntHere({ mutant, world, from, count }: HuntOptions): Promise<Hunt> {
  const isPlanted = plant(mutant);
  const run = await loadWorld(world);
  const { sweep } = await import('#chaos/simulation/sweep.ts');
  assert(isPlanted(), `${mutant.file} was not loaded, so the mutant ${mutant.name} proves nothing`);
  const { seeds, violations } = await sweep(run, { from, count, stopsAtViolation: true });
  const [found] = violations;
  const { name } = mutant;
  if (found === undefined) return { name, seeds, caught: undefined };
  return { name, seeds, caught: { seed: found.seed, message: found.violation?.message ?? '' } };
}

assert(parentPort !== null, 'this is a thread, not a program');
// oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, not a window.
parentPort.postMessage(await huntHere(workerData));
