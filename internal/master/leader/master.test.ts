/** One task's whole way through a leading master, and who leads when. */
import test from 'ava';
import { TestCluster } from '../testing/test-cluster.ts';
import { taskFor } from '../testing/test-scheduler.ts';

test('a task is offered, launched, reported, acknowledged, and its resources are free again', async (t) => {
  const cluster = new TestCluster();
  const leader = await cluster.lead();
  const scheduler = await cluster.scheduler(leader);
  const agent = await cluster.agent(leader, 'a1');
  await cluster.until(() => scheduler.offers.size === 1, 'no offer');
  const [offer] = scheduler.offers.values();
  t.deepEqual(await scheduler.launch(offer!, taskFor(offer!, 't1')), { status: 202, text: '' });
  await cluster.until(() => agent.tasks.has('t1'), 'not launched');

  for (const state of ['TASK_STARTING', 'TASK_RUNNING', 'TASK_FINISHED'] as const) {
    const status = agent.report('t1', state);
    await cluster.until(() => scheduler.updates('t1').at(-1)?.state === state, state);
    t.deepEqual(scheduler.updates('t1').at(-1), status);
    await scheduler.acknowledge(status);
    await cluster.until(() => agent.tasks.get('t1')!.updates.length === 0, 'not acknowledged');
  }
  const record = leader.ledger
    .state()
    .frameworks.get(leader.master.view().state.frameworks.keys().next().value!)!;
  t.is(record.tasks.size, 0);
  t.deepEqual(record.completed.map(({ state }) => state).toArray(), ['finished']);
  await cluster.until(
    () => freeCpus(scheduler) === 4,
    'what the task held is not offered again',
    7000,
  );
});

const freeCpus = (scheduler: {
  offers: Map<string, { resources?: readonly { name: string; scalar?: { value: number } }[] }>;
}): number =>
  [...scheduler.offers.values()]
    .flatMap(({ resources = [] }) => resources)
    .filter(({ name }) => name === 'cpus')
    .reduce((sum, { scalar }) => sum + (scalar?.value ?? 0), 0);
