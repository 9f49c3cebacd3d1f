import test from 'ava';
import { Violation } from '#chaos/checkers/violation.ts';
import type { Run } from '#chaos/simulation/worlds.ts';
import type { LogLine } from '#internal/runtime/simulated/logger.ts';
import { storyRecord } from './story-record.ts';

const line = (atMs: number, message: string, fields: LogLine['fields'] = {}): LogLine => ({
  atMs,
  level: 'info',
  message,
  fields,
});

const story = [
  line(10, 'leading', { machine: 'm1', term: 1 }),
  line(20, 'nemesis master crash'),
  line(30, 'leading', { machine: 'm2', term: 2 }),
  line(40, 'nemesis restart'),
  line(45, 'task is over', { machine: 'shell1' }),
  line(50, 'not leading any more', { machine: 'm2', term: 2 }),
  line(80, 'agent connected', { machine: 'm2' }),
];

const run: Run = { seed: 3, events: 9, hash: 1, violation: undefined, figures: { failovers: 1 } };
const told = { world: 'cluster', run, story, hostileMs: 60, replay: 'again' };

test('who led when, and until when faults could strike, are spans of the record', (t) => {
  const { spans, durationMs, verdict } = storyRecord(told);
  t.deepEqual(
    spans.map(({ kind, who, fromMs, toMs }) => [kind, who, fromMs, toMs]),
    [
      ['phase', 'run', 0, 60],
      ['phase', 'run', 60, 80],
      ['leading', 'm1', 10, 30],
      ['leading', 'm2', 30, 50],
    ],
  );
  t.deepEqual([durationMs, verdict], [80, 'held']);
});

test('each line of the story is an event of its machine, faults and their healing by kind', (t) => {
  const { events } = storyRecord(told);
  t.deepEqual(
    events.map(({ kind, who }) => `${kind} ${who}`),
    [
      'cluster m1',
      'fault nemesis',
      'cluster m2',
      'heal nemesis',
      'workload shell1',
      'cluster m2',
      'cluster m2',
    ],
  );
  t.is(events[0]?.text, 'leading term=1');
});

test('a run that broke ends with its violation', (t) => {
  const violation = new Violation('one-launch', 't1 started twice');
  const { verdict, violations } = storyRecord({ ...told, run: { ...run, violation } });
  t.is(verdict, 'broken');
  t.like(violations[0], { atMs: 80, law: 'one-launch', text: 'one-launch: t1 started twice' });
});
