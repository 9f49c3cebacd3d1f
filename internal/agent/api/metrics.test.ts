import test from 'ava';
import { ExecutorBench, key } from '../testing/executor-bench.ts';
import { metricsOf } from './metrics.ts';

test('executors are counted in the phase that they are in', (t) => {
  const bench = new ExecutorBench().register();
  const counted = (): readonly (number | undefined)[] => {
    const metrics = metricsOf({ state: bench.core.state, uptimeMs: 1000 });
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
