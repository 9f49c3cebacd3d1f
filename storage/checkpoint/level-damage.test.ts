import test from 'ava';
import { levelDamageSuite } from './level-damage.suite.ts';

// `level-damage.sim.test.ts` damages every byte.
levelDamageSuite(test, { stride: 13 });
