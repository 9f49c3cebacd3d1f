/** That they can be planted at all; `cluster.sim.test.ts` tries whether they are found. */
import test from 'ava';
import { systemFiles } from '#internal/runtime/real/files.ts';
import { clusterMutants } from './cluster-mutants.ts';
import { mutated } from './mutant.ts';

const root = new URL('../../', import.meta.url).pathname;

for (const mutant of clusterMutants) {
  test(`the mutant ${mutant.name} still fits, and changes something`, async (t) => {
    const file = await systemFiles().open(`${root}${mutant.file}`);
    const source = new TextDecoder().decode(await file.read(0, await file.size()));
    await file.close();
    t.not(mutated(source, mutant), source);
  });
}
