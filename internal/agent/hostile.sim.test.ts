/** Twenty thousand hostile calls against the faces of an agent. */
import test from 'ava';
import { seedsOf } from '#internal/testing/seeds.ts';
import { besiegeExecutorFace, besiegeOperatorFace } from './hostile.suite.ts';

test('twenty thousand hostile calls do not stop an agent', async (t) => {
  for (const seed of seedsOf(10)) {
    await besiegeOperatorFace(t, { callsMax: 1500, seed });
    await besiegeExecutorFace(t, { callsMax: 500, seed });
  }
});
