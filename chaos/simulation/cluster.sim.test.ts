/** The long sweep: minutes, so not part of `npm test`. Run it with `npm run soak`. */
import test from 'ava';
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
