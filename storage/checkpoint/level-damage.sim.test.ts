import test from 'ava';
import { levelDamageSuite } from './level-damage.suite.ts';

levelDamageSuite(test, { stride: 1 });
