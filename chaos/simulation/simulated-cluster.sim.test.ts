/** Many storms over frameworks on the client library. */
import test from 'ava';
import { changesAreMadeOnce, executorsAreHeard, tasksAreHeardOf } from './client-laws.suite.ts';

const seeds =
  process.env['SEED'] === undefined
    ? Array.from({ length: 8 }, (_, n) => n + 2)
    : [Number(process.env['SEED'])];

for (const seed of seeds) {
  test.serial(`tasks are heard of to their end: SEED=${seed}`, (t) => tasksAreHeardOf(t, seed));
  test.serial(`what executors say is heard: SEED=${seed}`, (t) => executorsAreHeard(t, seed));
  test.serial(`changes are made once: SEED=${seed}`, (t) => changesAreMadeOnce(t, seed));
}
