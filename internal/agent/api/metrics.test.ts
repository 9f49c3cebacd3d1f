import test from 'ava';
import { simulatedClock } from '#internal/runtime/simulated/clock.ts';
import { SimulatedWorld } from '#internal/runtime/simulated/world.ts';
import type { Effect } from '../core/input.ts';
import { counters } from '../core/counters.ts';
import { newMeters } from '../meters.ts';
import { Bench } from '../testing/core-bench.ts';
import { ExecutorBench, executor, key } from '../testing/executor-bench.ts';
import { noFigures, noSystem } from '../testing/no-figures.ts';
import { metricsOf } from './metrics.ts';

const usual = { uptimeMs: 1000, figures: noFigures, system: noSystem };

test('executors are counted in the phase that they are in', (t) => {
  const bench = new ExecutorBench().register();
  const counted = (): readonly (number | undefined)[] => {
    const metrics = metricsOf({ ...usual, state: bench.core.state });
    return ['registering', 'running', 'terminating'].map((phase) =>
      metrics.get(`slave/executors_${phase}`),
    );
  };
  t.deepEqual(counted(), [0, 0, 0]);
  bench.run('t');
  t.deepEqual(counted(), [1, 0, 0]);
  const subscribed = { kind: 'executor-subscribed', executor: key, connection: 1 } as const;
  bench.note(bench.core.take({ ...subscribed, subscribe: {} }));
  t.deepEqual(counted(), [0, 1, 0]);
  const ids = { framework_id: { value: 'f' }, executor_id: { value: 'e' } };
  bench.note(bench.core.hear({ shutdown_executor: ids }));
  t.deepEqual(counted(), [0, 0, 1]);
});

/** What Mesos's agents show from their start on, but of what is only there in Docker's or XFS's hands. */
const mesosNames: readonly string[] = [
  'container_launch_errors',
  'executor_directory_max_allowed_age_secs',
  'frameworks_active',
  'recovery_errors',
  'recovery_time_secs',
  'registered',
  'uptime_secs',
  ...['registering', 'running', 'terminating', 'terminated', 'preempted'].map(
    (phase) => `executors_${phase}`,
  ),
  ...['staging', 'starting', 'running', 'killing'].map((state) => `tasks_${state}`),
  ...['finished', 'failed', 'killed', 'lost', 'gone'].map((state) => `tasks_${state}`),
  ...['valid', 'invalid'].flatMap((how) => [`${how}_status_updates`, `${how}_framework_messages`]),
  ...['cpus', 'gpus', 'mem', 'disk'].flatMap((name) =>
    ['', '_revocable'].flatMap((kind) =>
      ['total', 'used', 'percent'].map((what) => `${name}${kind}_${what}`),
    ),
  ),
].map((name) => `slave/${name}`);

const otherNames: readonly string[] = [
  'containerizer/fetcher/cache_size_total_bytes',
  'containerizer/fetcher/cache_size_used_bytes',
  'containerizer/fetcher/task_fetches_failed',
  'containerizer/fetcher/task_fetches_succeeded',
  'containerizer/mesos/container_destroy_errors',
  'containerizer/mesos/filesystem/containers_new_rootfs',
  'gc/path_removals_failed',
  'gc/path_removals_pending',
  'gc/path_removals_succeeded',
  'system/cpus_total',
  'system/load_15min',
  'system/load_1min',
  'system/load_5min',
  'system/mem_free_bytes',
  'system/mem_total_bytes',
];

const ours: readonly string[] = ['checkpoint/write_ms/count'];

test("an agent that has started shows Mesos's names, sorted, and beside them only what is told to be ours", (t) => {
  const world = new SimulatedWorld({ seed: 'metrics' });
  const meters = newMeters(simulatedClock({ world, life: world.boot('agent') }));
  meters.recovered({ restored: [], dropped: [] }, 0);
  const figures = { ...noFigures, counted: meters.snapshot() };
  const { state } = new Bench('a');
  const shown = [...metricsOf({ ...usual, state, figures }).keys()];
  t.deepEqual(shown, [...mesosNames, ...otherNames, ...ours].toSorted());
});

test('what the fetcher and the garbage collector count is shown by the names of Mesos', (t) => {
  const fetches = { succeeded: 1, failed: 2, cacheBytes: 3, cacheBytesMax: 4, pending: [] };
  const garbage = { succeeded: 5, failed: 6, pending: 7, allowedAgeMs: 8000 };
  const figures = { ...noFigures, fetches, garbage };
  const shown = metricsOf({ ...usual, state: new Bench('a').state, figures });
  const named = [...shown].filter(([name]) => /fetch|gc\/|allowed_age/u.test(name));
  t.deepEqual(named, [
    ['containerizer/fetcher/cache_size_total_bytes', 4],
    ['containerizer/fetcher/cache_size_used_bytes', 3],
    ['containerizer/fetcher/task_fetches_failed', 2],
    ['containerizer/fetcher/task_fetches_succeeded', 1],
    ['gc/path_removals_failed', 6],
    ['gc/path_removals_pending', 7],
    ['gc/path_removals_succeeded', 5],
    ['slave/executor_directory_max_allowed_age_secs', 8],
  ]);
});

/** How often each was counted that was. */
function tally(effects: readonly Effect[]): Readonly<Record<string, number>> {
  const counted = effects.flatMap((effect) => (effect.kind === 'count' ? [effect.counter] : []));
  const found = counters.filter((counter) => counted.includes(counter));
  return Object.fromEntries(
    found.map((name) => [name, counted.filter((one) => one === name).length]),
  );
}

test('an update of an executor counts as valid also when it comes again, and its end counts once', (t) => {
  const bench = new ExecutorBench().register().run('t').launched().subscribes();
  bench.effects.length = 0;
  bench.says('t', 'TASK_RUNNING', 1).says('t', 'TASK_FINISHED', 2).says('t', 'TASK_FINISHED', 2);
  t.deepEqual(tally(bench.effects), { tasks_finished: 1, valid_status_updates: 3 });
});

test('what is said of a framework that is gone, or by an executor that is, counts as invalid', (t) => {
  const bench = new ExecutorBench().register().run('t').launched().subscribes();
  bench.effects.length = 0;
  bench.note(bench.core.hear({ shutdown_framework: { framework_id: { value: 'f' } } }));
  bench.says('t', 'TASK_RUNNING', 1);
  t.deepEqual(tally(bench.effects.splice(0)), { invalid_status_updates: 1 });
  bench.ends();
  t.deepEqual(tally(bench.effects.splice(0)), { executors_terminated: 1 });
  const data = new Uint8Array(1);
  bench.says('t', 'TASK_RUNNING', 2);
  bench.note(bench.core.take({ kind: 'executor-spoke', executor: key, data }));
  const invalid = { invalid_framework_messages: 1, invalid_status_updates: 1 };
  t.deepEqual(tally(bench.effects), invalid);
});

test('messages count as valid both ways, but not to an executor that does not listen', (t) => {
  const bench = new ExecutorBench().register().run('t').launched();
  bench.effects.length = 0;
  const data = new Uint8Array(1);
  const { executor_id } = executor;
  const message = { framework_id: { value: 'f' }, executor_id, data };
  bench.note(bench.core.hear({ executor_message: message }));
  t.deepEqual(tally(bench.effects.splice(0)), { invalid_framework_messages: 1 });
  bench.subscribes();
  bench.note(bench.core.hear({ executor_message: message }));
  bench.note(bench.core.take({ kind: 'executor-spoke', executor: key, data }));
  t.deepEqual(tally(bench.effects.splice(0)), { valid_framework_messages: 2 });
  const stranger = { ...message, executor_id: { value: 'nobody' } };
  bench.note(bench.core.hear({ executor_message: stranger }));
  t.deepEqual(tally(bench.effects), { invalid_framework_messages: 1 });
});

test('a container that could not be launched counts, with the executor that it was to be', (t) => {
  const bench = new ExecutorBench().register().run('t').run('u');
  const { containerId } = bench;
  bench.effects.length = 0;
  const reason = 'no room';
  const failed = { kind: 'executor-launch-failed', executor: key, containerId, reason } as const;
  bench.note(bench.core.take(failed));
  t.deepEqual(tally(bench.effects), {
    container_launch_errors: 1,
    executors_terminated: 1,
    tasks_failed: 2,
    valid_status_updates: 2,
  });
});
