/** The long sweep: minutes, so not part of `npm test`. Run it with `npx ava` and this file's name. */
import test from 'ava';
import { runRaft } from './raft-run.ts';
import { sweep } from './sweep.ts';

test('2000 seeds break no promise, and meet every kind of fault', async (t) => {
  t.timeout(30 * 60_000);
  const options = { from: 1000, count: 2000, stopsAtViolation: false };
  const result = await sweep(
    (seed) => runRaft({ seed }),
    options,
    ({ seed, violation }) => {
      t.is(violation, undefined, `SEED=${seed}: ${violation?.message}`);
    },
  );
  t.true(result.events > 10_000_000);
  for (const [name, value] of result.figures) t.true(value > 0, `${name} never happened`);
});
