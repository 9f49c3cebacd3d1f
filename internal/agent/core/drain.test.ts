import test from 'ava';
import type { Drain } from '#proto/gen/altiplano/agent/v1.ts';
import type { FrameworkInfo, TaskStatus } from '#proto/gen/mesos/v1.ts';
import { Bench, framework } from '../testing/core-bench.ts';
import { taskKey } from './state.ts';

/** An agent on which `t` runs, of a framework with all that drains tell apart. */
function running(
  info: FrameworkInfo = framework(['PARTITION_AWARE', 'TASK_KILLING_STATE']),
): Bench {
  const bench = new Bench('a').register();
  bench.run('t', { kill_policy: { grace_period: { nanoseconds: 9_000_000_000n } } }, info);
  bench.container('t', 'launched');
  return bench;
}

const lastStatus = (bench: Bench, id: string): TaskStatus | undefined =>
  bench.state.tasks.get(taskKey('f', id))?.updates.at(-1)?.status;

test('a drain kills every task in its own grace, but no slower than the operator allows', (t) => {
  const bench = running();
  bench.hear({ drain: { config: { gone_then: false, since_ms: 1 } } });
  t.deepEqual(bench.signals(), ['TERM']);
  t.is(bench.delay('escalate'), 9000);
  bench.hear({ drain: { config: { max_grace_ms: 2000, gone_then: false, since_ms: 1 } } });
  t.is(bench.delay('escalate'), 2000, 'said again with less time');

  const hasty = running();
  hasty.hear({ drain: { config: { max_grace_ms: 500, gone_then: false, since_ms: 1 } } });
  t.is(hasty.delay('escalate'), 500);
});

test('a drained task is killed because of the drain, whatever its own end says', (t) => {
  const bench = running();
  bench.hear({ drain: { config: { gone_then: false, since_ms: 1 } } });
  const killing = lastStatus(bench, 't');
  t.deepEqual([killing?.state, killing?.reason], ['TASK_KILLING', 'REASON_AGENT_DRAINING']);
  bench.container('t', 'exited');
  const status = lastStatus(bench, 't');
  t.deepEqual(
    [status?.state, status?.reason, status?.source],
    ['TASK_KILLED', 'REASON_AGENT_DRAINING', 'SOURCE_EXECUTOR'],
  );
});

test('of an agent that will be gone, partition-aware frameworks hear just that', (t) => {
  const gone = (info: FrameworkInfo): string | undefined => {
    const bench = running(info);
    bench.hear({ drain: { config: { gone_then: true, since_ms: 1 } } });
    bench.container('t', 'exited');
    return lastStatus(bench, 't')?.state;
  };
  t.is(gone(framework(['PARTITION_AWARE'])), 'TASK_GONE_BY_OPERATOR');
  t.is(gone(framework()), 'TASK_KILLED');
});

test('a draining agent starts nothing, until it is told that it does not drain any more', (t) => {
  const bench = new Bench('a').register();
  bench.hear({ drain: { config: { gone_then: false, since_ms: 1 } } });
  bench.run('late', {}, framework(['PARTITION_AWARE']));
  const status = lastStatus(bench, 'late');
  t.deepEqual(
    [status?.state, status?.reason, status?.source, status?.message],
    [
      'TASK_DROPPED',
      'REASON_AGENT_DRAINING',
      'SOURCE_AGENT',
      'Task was received while agent was already draining',
    ],
  );
  bench.run('later');
  t.is(lastStatus(bench, 'later')?.state, 'TASK_LOST', 'as older frameworks are told');
  bench.hear({ drain: {} });
  const effects = bench.run('welcome');
  t.true(effects.some(({ kind }) => kind === 'launch'));
});

test('a task that was being launched when the drain came is killed when it is there', (t) => {
  const bench = new Bench('a').register();
  bench.run('t');
  bench.hear({ drain: { config: { gone_then: false, since_ms: 1 } } });
  bench.container('t', 'launched');
  t.deepEqual(bench.signals(), ['KILL']);
  bench.container('t', 'exited');
  const status = lastStatus(bench, 't');
  t.deepEqual(
    [status?.state, status?.reason, status?.message],
    ['TASK_KILLED', 'REASON_AGENT_DRAINING', 'Command exited with status 0'],
    'it ran, if only for a moment',
  );
});

test('the master hears when the last of it has ended, and again when it asks again', (t) => {
  const told = (bench: Bench): readonly unknown[] =>
    bench.sent().flatMap(({ drained }) => drained ?? []);
  const drain = (since_ms: number): Drain => ({
    config: { gone_then: false, since_ms },
  });
  const bench = running();
  bench.run('u');
  bench.hear({ drain: drain(5) });
  t.deepEqual(told(bench), []);
  bench.hear({ shutdown_framework: { framework_id: { value: 'f' } } });
  t.deepEqual(told(bench), [], 'nobody wants to hear of them any more, and they run');
  bench.container('t', 'exited');
  t.deepEqual(told(bench), [], 'one is only being launched');
  bench.container('u', 'launched');
  bench.container('u', 'exited');
  t.deepEqual(told(bench), [{ since_ms: 5 }]);
  bench.hear({ drain: drain(6) });
  t.deepEqual(told(bench), [{ since_ms: 6 }]);
  bench.hear({ drain: {} });
  t.deepEqual(told(bench), []);
});

test('what its framework was killing when the drain came is killed by the drain', (t) => {
  const bench = running(framework(['PARTITION_AWARE']));
  bench.hear({ kill_task: { framework_id: { value: 'f' }, task_id: { value: 't' } } });
  bench.hear({ drain: { config: { gone_then: true, since_ms: 1 } } });
  bench.container('t', 'exited');
  const status = lastStatus(bench, 't');
  t.deepEqual([status?.state, status?.reason], ['TASK_GONE_BY_OPERATOR', 'REASON_AGENT_DRAINING']);
});
