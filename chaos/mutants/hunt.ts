/**
 * Tries whether the simulation finds a planted bug: a thread of its own plants it, runs seed after
 * seed, and tells at which one the cluster broke a promise.
 */
import { Worker } from 'node:worker_threads';
import type { WorldName } from '#chaos/simulation/worlds.ts';
import { systemClock } from '#internal/runtime/real/clock.ts';
import type { Mutant } from './mutant.ts';

export type HuntOptions = {
  /** Undefined: nothing is planted, and the seeds should pass. */
  readonly mutant: Mutant | undefined;
  /** Where it is looked for. */
  readonly world: WorldName;
  readonly from: number;
  /** How many seeds it gets. */
  readonly count: number;
};

/** `caught` is undefined when all seeds passed: the world is too kind. */
export type Hunt = {
  readonly seeds: number;
  readonly caught: { readonly seed: number; readonly message: string } | undefined;
};

/** With some mutants the code loops without an end: that catches nothing, and must harm nobody. */
const huntMsMax = 30 * 60_000;
const memoryMbMax = 1024;

/** Rejects when the thread itself fails, and when the mutant is no bug but broken code. */
export async function hunt(options: HuntOptions): Promise<Hunt> {
  const { promise, resolve, reject } = Promise.withResolvers<Hunt>();
  const worker = new Worker(new URL('hunting-thread.ts', import.meta.url), {
    workerData: options,
    resourceLimits: { maxOldGenerationSizeMb: memoryMbMax },
  });
  worker.once('message', resolve);
  worker.once('error', (cause: Error) => reject(new Error(cause.message, { cause })));
  worker.once('exit', () => reject(new Error('the hunt ended early')));
  const timer = systemClock().after(huntMsMax, () => reject(new Error('the hunt does not end')));
  try {
    return await promise;
  } finally {
    timer.cancel();
    await worker.terminate();
  }
}
