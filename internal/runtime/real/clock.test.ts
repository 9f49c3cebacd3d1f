import test from 'ava';
import { clockSuite } from '../clock.suite.ts';
import { systemClock } from './clock.ts';

clockSuite(test, 'system clock', () => ({ clock: systemClock(), run: (promise) => promise }));
