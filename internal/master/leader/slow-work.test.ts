import test from 'ava';
import { smallCluster } from '../testing/test-cluster.ts';

test('who asks about thousands of tasks is told of each once, in order, while others have their turns', async (t) => {
  const { cluster, leader, scheduler } = await smallCluster();
  const other = await cluster.scheduler(leader);
  const ids = Array.from({ length: 2000 }, (_, at) => `t${at}`);
  const tasks = ids.map((value) => ({ task_id: { value } }));
  const toldOf = (): readonly string[] =>
    scheduler.events.flatMap(({ update }) => update?.status.task_id.value ?? []);
  t.is((await scheduler.call({ type: 'RECONCILE', reconcile: { tasks } })).status, 202);
  t.deepEqual(toldOf(), []);
  await other.call({ type: 'RECONCILE', reconcile: { tasks: tasks.slice(0, 1) } });
  t.is(other.updates('t0').length, 1);
  t.true(toldOf().length < ids.length, 'all of it came in one turn');
  await cluster.settle();
  t.deepEqual(toldOf(), ids);
});
