import test from 'ava';
import { newMetrics } from './metrics.ts';

test('a snapshot has counters, known ones from the start, and gauges read anew, by name', (t) => {
  const metrics = newMetrics(['master/tasks_lost']);
  let offers = 1;
  metrics.gauge('master/outstanding_offers', () => offers);
  metrics.count('master/dropped_messages');
  metrics.count('master/dropped_messages', 2);
  const before = metrics.snapshot();
  offers = 5;
  metrics.count('master/tasks_lost');
  t.deepEqual(
    [...before],
    [
      ['master/dropped_messages', 3],
      ['master/outstanding_offers', 1],
      ['master/tasks_lost', 0],
    ],
  );
  t.is(metrics.snapshot().get('master/outstanding_offers'), 5);
  t.is(metrics.snapshot().get('master/tasks_lost'), 1);
});

test('a counter never falls, and no name means two things', (t) => {
  const metrics = newMetrics();
  metrics.gauge('a', () => 1);
  metrics.count('b');
  const bug = { name: 'AssertionError' };
  t.throws(() => metrics.count('b', -1), bug);
  t.throws(() => metrics.count('a'), bug);
  t.throws(() => metrics.gauge('b', () => 1), bug);
  t.throws(() => metrics.gauge('a', () => 1), bug);
});
