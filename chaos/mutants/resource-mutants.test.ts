/** Bugs planted in the algebra of resources: each breaks the law that is there to notice it. */
import { Worker } from 'node:worker_threads';
import test from 'ava';
import type { LawFault } from './law-thread.ts';
import { type ResourceMutant, resourceMutants } from './resource-mutants.ts';

function tryLaw(planted: ResourceMutant): Promise<LawFault> {
  const { promise, resolve, reject } = Promise.withResolvers<LawFault>();
  const worker = new Worker(new URL('law-thread.ts', import.meta.url), { workerData: planted });
  worker.once('message', resolve);
  worker.once('error', reject);
  worker.once('exit', () => reject(new Error(`${planted.mutant.name} ended early`)));
  return promise;
}

for (const planted of resourceMutants) {
  const { mutant, law } = planted;
  test.serial(`the mutant ${mutant.name} breaks the law: ${law}`, async (t) => {
    const fault = await tryLaw(planted);
    t.truthy(fault, 'the law holds, so it is too weak');
    t.regex(fault?.message ?? '', /^SEED=1: /);
    t.notRegex(fault?.cause ?? '', /^(?:Type|Reference|Range|Syntax)Error/, 'code that cannot run');
  });
}
