/**
 * A short sweep. Replay one run: `SEED=7 npm test -- chaos/simulation/cluster.test.ts`, and at full
 * length `npm run sim -- --world cluster --seeds 1 --from 7`.
 */
import { queryObjects } from 'node:v8';
import test from 'ava';
import { SimulatedWorld } from '#internal/runtime/simulated/world.ts';
import { type ClusterRun, runCluster } from './cluster-run.ts';
import { sweep } from './sweep.ts';

const { SEED } = process.env;
const from = SEED === undefined ? 0 : Number(SEED);
const count = SEED === undefined ? 10 : 1;
const hostileMs = 6000;

/** What even so few seeds meet; the long sweep meets all that is counted. */
const usual = [
  'failovers',
  'launches-in-flight-at-failover',
  'leader-crashes-after-a-call',
  'messages-lost',
  'reconciliations-answered',
  'states-compared',
  'tasks-started',
  'updates-repeated',
];

test.serial('nothing of a run is held on to when it is over', async (t) => {
  await runCluster({ seed: from, hostileMs: 2000 });
  t.is(queryObjects(SimulatedWorld), 0);
});

test('under faults nothing wrong happens to any task, and after them all end as they should', async (t) => {
  const run = (seed: number): Promise<ClusterRun> => runCluster({ seed, hostileMs });
  const result = await sweep(run, { from, count, stopsAtViolation: false }, (each) => {
    t.is(each.violation, undefined, `SEED=${each.seed}: ${each.violation?.message}`);
  });
  if (SEED !== undefined) return;
  for (const name of usual) {
    t.true((result.figures.get(name) ?? 0) > 0, `${name} never happened: this proves nothing`);
  }
});

test('the same seed gives the same events, in the same order', async (t) => {
  const first = await runCluster({ seed: from, hostileMs });
  const second = await runCluster({ seed: from, hostileMs });
  t.deepEqual(second, first);
  const other = await runCluster({ seed: from + 1, hostileMs });
  t.not(other.hash, first.hash);
});
