/** A thread of `resource-mutants.test.ts`: one planted bug, one law, one message with its fault. */
import { parentPort, workerData } from 'node:worker_threads';
import { assert } from '#internal/base/assert.ts';
import { plant } from './plant.ts';
import type { ResourceMutant } from './resource-mutants.ts';

/** What of a law is told; undefined when it holds. */
export type LawFault = { readonly message: string; readonly cause: string } | undefined;

async function tryHere({ mutant, law }: ResourceMutant): Promise<LawFault> {
  const isPlanted = plant(mutant);
  const { resourceLaws } = await import('#internal/testing/resource-laws/all-laws.ts');
  assert(isPlanted(), `the mutant ${mutant.name} was not loaded, so it proves nothing`);
  const found = resourceLaws.find(({ title }) => title === law);
  assert(found !== undefined, `there is no law "${law}"`);
  try {
    found.check({ count: 2000, seed: 1 });
    return undefined;
  } catch (error) {
    assert(error instanceof Error, 'a law throws errors');
    return { message: error.message, cause: String(error.cause) };
  }
}

assert(parentPort !== null, 'this is a thread, not a program');
// oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, not a window.
parentPort.postMessage(await tryHere(workerData));
