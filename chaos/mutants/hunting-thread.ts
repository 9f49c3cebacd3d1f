/** The thread of `hunt.ts`: one planted bug, one seed after the other, one message with what came of it. */
import { parentPort, workerData } from 'node:worker_threads';
import { loadWorld } from '#chaos/simulation/worlds.ts';
import { assert } from '#internal/base/assert.ts';
import type { Hunt, HuntOptions } from './hunt.ts';
import { isBrokenCode } from './mutant.ts';
import { plant } from './plant.ts';

async function huntHere({ mutant, world, from, count }: HuntOptions): Promise<Hunt> {
  const name = mutant?.name ?? '';
  const isPlanted = mutant === undefined ? () => true : plant(mutant);
  const { run } = await loadWorld(world);
  assert(isPlanted(), `the mutant ${name} was not loaded, so this proves nothing`);
  for (let seed = from; seed < from + count; seed++) {
    const { violation } = await run(seed);
    if (violation === undefined) continue;
    const { message } = violation;
    assert(!isBrokenCode(violation), `the mutant ${name} is broken code: ${message}`);
    return { seeds: seed - from + 1, caught: { seed, message } };
  }
  return { seeds: count, caught: undefined };
}

assert(parentPort !== null, 'this is a thread, not a program');
// oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, not a window.
parentPort.postMessage(await huntHere(workerData));
