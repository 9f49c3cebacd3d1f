/** The long sweep: minutes, so not part of `npm test`. Run it with `npm run soak`. */
import test from 'ava';
import { clusterMutants } from '#chaos/mutants/cluster-mutants.ts';
import { hunt } from '#chaos/mutants/hunt.ts';
import { runCluster } from './cluster-run.ts';
import { sweep } from './sweep.ts';

test('80 seeds break no promise, and meet every kind of fault', async (t) => {
  t.timeout(15 * 60_000);
  const options = { from: 1000, count: 80, stopsAtViolation: false };
  const result = await sweep(
    (seed) => runCluster({ seed }),
    options,
    ({ seed, violation }) => {
      t.is(violation, undefined, `SEED=${seed}: ${violation?.message}`);
    },
  );
  t.true(result.events > 500_000);
  for (const [name, value] of result.figures) t.true(value > 0, `${name} never happened`);
});

for (const mutant of clusterMutants) {
  test.serial(`the simulation finds the mutant ${mutant.name} within 240 seeds`, async (t) => {
    const { caught } = await hunt({ mutant, world: 'cluster', from: mutant.from ?? 0, count: 240 });
    t.truthy(caught, 'the world is too kind');
    t.log(`SEED=${caught?.seed}: ${caught?.message}`);
  });
}
