/** A longer sweep, of other seeds than those of `npm run sim`, which says what it has met as well. */
import test from 'ava';
import { runCluster } from './cluster-run.ts';
import { sweep } from './sweep.ts';

test('30 seeds break no promise', async (t) => {
  t.timeout(15 * 60_000);
  const options = { from: 1000, count: 30, stopsAtViolation: false };
  const result = await sweep(
    (seed) => runCluster({ seed }),
    options,
    ({ seed, violation }) => {
      t.is(violation, undefined, `SEED=${seed}: ${violation?.message}`);
    },
  );
  t.true(result.events > 200_000);
});
