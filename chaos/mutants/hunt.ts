/**
 * Tries whether the simulation finds a planted bug: a thread of its own plants it, runs seed after
 * seed, and tells at which one the cluster broke a promise.
 */
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { assert } from '#internal/base/assert.ts';
import { type Mutant } from './mutant.ts';
import { plant } from './plant.ts';

export type HuntOptions = {
  readonly mutant: Mutant;
  readonly from: number;
  /** How many seeds it gets. */
  readonly count: number;
};

/** `caught` is undefined when all seeds passed: the world is too kind. */
export type Hunt = {
  readonly name: string;
  readonly seeds: number;
  readonly caught: { readonly seed: number; readonly message: string } | undefined;
};

/** Rejects when the thread itself fails. */
export function hunt(options: HuntOptions): Promise<Hunt> {
  const { promise, resolve, reject } = Promise.withResolvers<Hunt>();
  const worker = new Worker(new URL(import.meta.url), { workerData: options });
  worker.once('message', resolve);
  worker.once('error', reject);
  worker.once('exit', () => reject(new Error(`the hunt for ${options.mutant.name} ended early`)));
  return promise;
}

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

if (!isMainThread && parentPort !== null) {
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, not a window.
  parentPort.postMessage(await huntHere(workerData));
}
