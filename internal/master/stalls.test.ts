/** A few of the biggest calls that are taken, and of those that are not. `stalls.sim.test.ts` makes all. */
import test from 'ava';
import { weigh } from './stalls.suite.ts';

const wanted =
  /^(?:RECONCILE: 12000|DECLINE: 12000|ACCEPT, tasks: 500|ACCEPT, group: 500|ACCEPT, operations: 100|UPDATE_MAINTENANCE_SCHEDULE, machines: 12000|ACCEPT, tasks: as many as fit|unknown keys|blanks here and there|a number in quotes)$/u;

test('no call holds the loop up for more than 50 ms, however much it asks for', async (t) => {
  await weigh(t, wanted);
});
