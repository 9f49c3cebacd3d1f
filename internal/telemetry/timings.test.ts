import test from 'ava';
import fc from 'fast-check';
import { newTimings } from './timings.ts';

const milliseconds = fc.array(fc.integer({ min: 0, max: 1000 }), { minLength: 1, maxLength: 60 });

test('before anything was timed nothing but the count is told', (t) => {
  t.deepEqual([...newTimings('x_ms', { kept: 3 }).snapshot()], [['x_ms/count', 0]]);
});

test('no more than the stated share of what is kept took longer than a percentile, and what is kept is the newest', (t) => {
  const bounded = fc.property(milliseconds, fc.integer({ min: 1, max: 20 }), (all, kept) => {
    const timings = newTimings('x', { kept });
    for (const one of all) timings.record(one);
    const told = timings.snapshot();
    const newest = all.slice(-kept);
    const figure = (name: string): number => told.get(`x/${name}`) ?? Number.NaN;
    const above = (name: string): number => newest.filter((one) => one > figure(name)).length;
    const below = (name: string): number => newest.filter((one) => one < figure(name)).length;
    t.is(told.get('x'), all.at(-1));
    t.is(figure('count'), all.length);
    t.is(figure('min'), Math.min(...newest));
    t.is(figure('max'), Math.max(...newest));
    for (const [name, share] of [
      ['p50', 0.5],
      ['p90', 0.9],
      ['p9999', 0.9999],
    ] as const) {
      t.true(newest.includes(figure(name)));
      t.true(above(name) <= newest.length * (1 - share) + 1e-9);
      t.true(below(name) < newest.length * share);
    }
  });
  fc.assert(bounded);
});
