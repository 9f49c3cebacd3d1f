import test from 'ava';
import fc from 'fast-check';
import { bounded, type Limits } from './bounded-record.ts';
import { anyRecord, hugeRecord } from './testing/sample-record.ts';
import { timeAxis, valueAxis } from './time-axis.ts';
import { lasting, moment } from './words.ts';

const generous: Limits = {
  violationsMax: 1000,
  factsMax: 1000,
  eventsMax: 1000,
  spansMax: 1000,
  seriesMax: 1000,
  pointsMax: 1000,
  figuresMax: 1000,
  lanesMax: 1000,
  lengthMax: 1000,
};

test('a record within its bounds stays as it is, but for points that are no numbers', (t) => {
  fc.assert(
    fc.property(anyRecord, (record) => {
      const { record: kept, cut } = bounded(record, generous);
      t.deepEqual({ ...kept, series: [] }, { ...record, series: [] });
      return cut.length === 0;
    }),
  );
});

test('whatever a record holds, no list of it is longer than its bound, and each cut is said', (t) => {
  const bound = fc.integer({ min: 2, max: 8 });
  const limits = bound.map((max) => ({
    ...generous,
    violationsMax: max,
    eventsMax: max,
    spansMax: max,
    seriesMax: max,
    pointsMax: max,
    figuresMax: max,
    lanesMax: max,
  }));
  fc.assert(
    fc.property(anyRecord, limits, (record, most) => {
      const { record: kept, cut } = bounded(record, most);
      const lists = ['violations', 'events', 'spans', 'series', 'figures'] as const;
      return (
        lists.every(
          (name) =>
            kept[name].length === Math.min(record[name].length, most.eventsMax) &&
            cut.some((sentence) => sentence.includes(` ${name} `)) ===
              record[name].length > most.eventsMax,
        ) && kept.series.every(({ points }) => points.length <= most.pointsMax)
      );
    }),
  );
  t.pass();
});

test('of many events, those before a violation and all faults are kept, in order', (t) => {
  const whole = hugeRecord(20_000);
  const { events } = bounded(whole, { ...generous, eventsMax: 1200 }).record;
  const [first] = whole.violations;
  const near = whole.events.filter(({ atMs }) => atMs <= first!.atMs).slice(-400);
  const kept = new Set(events.map(({ text }) => text));
  t.is(events.length, 1200);
  t.true(near.every(({ text }) => kept.has(text)));
  t.true(whole.events.every(({ kind, text }) => kind !== 'fault' || kept.has(text)));
  t.true(events.every(({ atMs }, n) => n === 0 || events[n - 1]!.atMs <= atMs));
});

test('a peak of one point is seen, however many points there are', (t) => {
  const points = Array.from({ length: 50_000 }, (_, n) => [n, n === 31_337 ? 99 : 1] as const);
  const whole = { ...hugeRecord(1), series: [{ name: 's', unit: '', points }] };
  const [series] = bounded(whole, generous).record.series;
  t.true(series!.points.length <= 1000);
  t.true(series!.points.some(([, value]) => value === 99));
});

test('an axis of time holds all there is, with at most nine ticks in order', (t) => {
  fc.assert(
    fc.property(anyRecord, (record) => {
      const { endMs, ticks } = timeAxis(record);
      return (
        record.spans.every(({ toMs }) => toMs <= endMs) &&
        record.events.every(({ atMs }) => atMs <= endMs) &&
        ticks.length <= 9 &&
        ticks.every(({ atMs }, n) => atMs <= endMs && (n === 0 || ticks[n - 1]!.atMs < atMs))
      );
    }),
  );
  t.pass();
});

test('an axis of values holds them all, and zero', (t) => {
  const values = fc.array(fc.double({ noNaN: true, min: -1e9, max: 1e9 }));
  fc.assert(
    fc.property(values, (all) => {
      const { from, to, ticks } = valueAxis(all);
      const slack = (to - from) * 1e-5;
      return (
        [0, ...all].every((value) => from - slack <= value && value <= to + slack) &&
        to > from &&
        ticks.length <= 8
      );
    }),
  );
  t.pass();
});

test('moments and lengths of time are told as people tell them', (t) => {
  t.is(moment(12_345.4), '0:12.345');
  t.is(moment(3_723_456), '1:02:03.456');
  t.deepEqual([0.4, 850, 999.6, 3250, 59_960, 125_000, 3_780_000].map(lasting), [
    '0 ms',
    '850 ms',
    '1 s',
    '3.25 s',
    '1 min 0 s',
    '2 min 5 s',
    '1 h 3 min',
  ]);
});
