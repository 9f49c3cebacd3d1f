import test from 'ava';
import fc from 'fast-check';
import { lanesOf } from './lanes.ts';
import { anyRecord, heldRecord } from './testing/sample-record.ts';

test('every span and every event is in the lane of its owner or counted as left out', (t) => {
  fc.assert(
    fc.property(anyRecord, fc.integer({ min: 1, max: 4 }), (record, rowsMax) => {
      const lanes = lanesOf(record, { rowsMax, apartMs: 1000 });
      const spans = lanes.flatMap(({ rows }) => rows.flat()).length;
      const omitted = lanes.reduce((sum, lane) => sum + lane.omitted, 0);
      const marks = lanes.flatMap((lane) => lane.marks);
      const told = marks.reduce((sum, { count }) => sum + count, 0);
      return (
        spans + omitted === record.spans.length &&
        told === record.events.length &&
        lanes.every(({ who, rows }) => rows.flat().every((span) => span.who === who)) &&
        marks.every(({ first, index }) => record.events[index] === first)
      );
    }),
  );
  t.pass();
});

test('no two spans of a row stand on one another, and a lane has no more rows than it may', (t) => {
  fc.assert(
    fc.property(anyRecord, fc.integer({ min: 1, max: 4 }), (record, rowsMax) =>
      lanesOf(record, { rowsMax, apartMs: 1 }).every(
        ({ rows }) =>
          rows.length <= rowsMax &&
          rows.every((row) => row.every((span, n) => n === 0 || row[n - 1]!.toMs <= span.fromMs)),
      ),
    ),
  );
  t.pass();
});

test('phases come first, then the cluster by name, then workloads and checks', (t) => {
  const who = lanesOf(heldRecord, { rowsMax: 6, apartMs: 1 }).map((lane) => lane.who);
  t.deepEqual(who, [
    'run',
    'agent-1',
    'agent-2',
    'agent-3',
    'master-1',
    'master-2',
    'master-3',
    'launches',
    'leadership',
  ]);
});
