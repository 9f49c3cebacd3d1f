/**
 * Tries whether the simulation finds a planted bug: a thread of its own plants it, runs seed after
 * seed, and tells at which one the cluster broke a promise.
 */
import { Worker } from 'node:worker_threads';
import type { WorldName } from '#chaos/simulation/worlds.ts';
import type { Mutant } from './mutant.ts';

export type HuntOptions = {
  readonly mutant: Mutant;
  /** Where it is looked for. */
  readonly world: WorldName;
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
  const worker = new Worker(new URL('hunting-thread.ts', import.meta.url), { workerData: options });
  worker.once('message', resolve);
  worker.once('error', reject);
  worker.once('exit', () => reject(new Error(`the hunt for ${options.mutant.name} ended early`)));
  return promise;
}
