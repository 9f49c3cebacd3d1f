/** The service framework, whatever fails around it. */
import test from 'ava';
import { servicesAreLookedAfter } from './service-laws.suite.ts';

const seed = Number(process.env['SEED'] ?? 1);

test('an instance has one task and its own volumes, and all is as wanted when the storm is over', (t) =>
  servicesAreLookedAfter(t, seed));
