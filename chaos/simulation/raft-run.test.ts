/**
 * A short sweep. Replay one run: `SEED=17 npm test -- chaos/simulation/raft-run.test.ts`, and at full
 * length `npm run sim -- --seeds 1 --from 17`.
 */
import { queryObjects } from 'node:v8';
import test from 'ava';
import { SimulatedWorld } from '#internal/runtime/simulated/world.ts';
import { type RaftRun, runRaft } from './raft-run.ts';
import { sweep } from './sweep.ts';

const { SEED } = process.env;
const from = SEED === undefined ? 0 : Number(SEED);
const count = SEED === undefined ? 40 : 1;
const hostileMs = 20_000;
/** What so few seeds need not meet; the long sweep must. */
const rare: ReadonlySet<string> = new Set([
  'blackouts',
  'bitsRotten',
  'blocksZeroed',
  'crashesDuringInstall',
  'endedByDisk',
  'endedFull',
  'filesLost',
  'startsRefused',
  'syncsFailed',
  'usedIdsRefused',
  'wiped',
  'writesMisdirected',
]);

test.serial('nothing of a run is held on to when it is over', async (t) => {
  // In both of them a program crashed while a snapshot was on its way.
  for (const seed of [17, 18]) await runRaft({ seed, hostileMs });
  t.is(queryObjects(SimulatedWorld), 0);
});

test('under faults nothing wrong happens, and after them what should', async (t) => {
  const run = (seed: number): Promise<RaftRun> => runRaft({ seed, hostileMs });
  const result = await sweep(run, { from, count, stopsAtViolation: false }, (each) => {
    t.is(each.violation, undefined, `SEED=${each.seed}: ${each.violation?.message}`);
  });
  if (SEED !== undefined) return;
  for (const [name, value] of result.figures) {
    if (!rare.has(name)) t.true(value > 0, `${name} never happened: this proves nothing`);
  }
});

test('the same seed gives the same events, in the same order', async (t) => {
  const first = await runRaft({ seed: from, hostileMs });
  const second = await runRaft({ seed: from, hostileMs });
  t.deepEqual(second, first);
  const other = await runRaft({ seed: from + 1, hostileMs });
  t.not(other.hash, first.hash);
});
