/** Hostile calls against the faces of an agent. `hostile.sim.test.ts` makes many more. */
import test from 'ava';
import { besiegeExecutorFace, besiegeOperatorFace } from './hostile.suite.ts';

test('no call of an operator stops an agent: each gets an answer that is foreseen, and it goes on', async (t) => {
  await besiegeOperatorFace(t, { callsMax: 1000, seed: 1 });
});

test('no call of an executor stops an agent, and tasks are still handed out', async (t) => {
  await besiegeExecutorFace(t, { callsMax: 500, seed: 1 });
});
