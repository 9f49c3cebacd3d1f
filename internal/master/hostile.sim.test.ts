/** A hundred thousand hostile calls against a master that leads, through its faces. */
import test from 'ava';
import { seedsOf } from '#internal/testing/seeds.ts';
import { besiege } from './hostile.suite.ts';

test('a hundred thousand hostile calls do not stop a master', async (t) => {
  for (const seed of seedsOf(20)) await besiege(t, { callsMax: 5000, seed });
});
