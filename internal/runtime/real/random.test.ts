import test from 'ava';
import { randomSuite } from '#internal/base/random.suite.ts';
import { systemRandom } from './random.ts';

randomSuite(test, systemRandom);
