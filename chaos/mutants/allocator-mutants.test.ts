/** Bugs planted in the allocator: the judge of its clusters of chance has to notice each. */
import { Worker } from 'node:worker_threads';
import test from 'ava';
import { allocatorMutants } from './allocator-mutants.ts';
import type { Mutant } from './mutant.ts';

function hunt(mutant: Mutant): Promise<string | undefined> {
  const { promise, resolve, reject } = Promise.withResolvers<string | undefined>();
  const worker = new Worker(new URL('allocator-thread.ts', import.meta.url), {
    workerData: mutant,
  });
  worker.once('message', resolve);
  worker.once('error', reject);
  worker.once('exit', () => reject(new Error(`the hunt for ${mutant.name} ended early`)));
  return promise;
}

for (const mutant of allocatorMutants) {
  test.serial(`judged clusters find the mutant ${mutant.name}`, async (t) => {
    const fault = await hunt(mutant);
    t.regex(fault ?? 'all seeds passed', /^AssertionError: /);
    t.log(fault?.slice(0, 160));
  });
}
