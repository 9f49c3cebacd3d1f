/** Hostile calls against a master that leads, through its faces. `hostile.sim.test.ts` makes many more. */
import test from 'ava';
import { besiege } from './hostile.suite.ts';

test('no call stops a master: each gets an answer that is foreseen, and the work goes on', async (t) => {
  await besiege(t, { callsMax: 2000, seed: 1 });
});
