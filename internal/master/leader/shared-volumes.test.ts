/** Shared volumes in one ACCEPT, with more uses than were offered (contract 4.2). */
import test from 'ava';
import type { Offer_Operation, Resource, TaskInfo } from '#proto/gen/mesos/v1.ts';
import { executorFor, group, scalar } from '../testing/group-stage.ts';
import { TestCluster, type TestMaster } from '../testing/test-cluster.ts';
import type { TestAgent } from '../testing/test-agent.ts';
import { taskFor, type TestScheduler } from '../testing/test-scheduler.ts';

const reserved: Resource = {
  ...scalar('disk', 40),
  reservations: [{ type: 'DYNAMIC', role: 'test', principal: 'p' }],
};
const volume: Resource = {
  ...reserved,
  disk: {
    persistence: { id: 'v1', principal: 'p' },
    volume: { container_path: 'data', mode: 'RW' },
  },
  shared: {},
};
const make: readonly Offer_Operation[] = [
  { type: 'RESERVE', reserve: { resources: [reserved] } },
  { type: 'CREATE', create: { volumes: [volume] } },
];
const destroy: Offer_Operation = {
  type: 'DESTROY',
  id: { value: 'd' },
  destroy: { volumes: [volume] },
};

type Given = {
  readonly cluster: TestCluster;
  readonly leader: TestMaster;
  readonly scheduler: TestScheduler;
  readonly agent: TestAgent;
};

async function given(): Promise<Given> {
  const cluster = new TestCluster();
  const leader = await cluster.lead();
  const capabilities = ['MULTI_ROLE', 'RESERVATION_REFINEMENT', 'SHARED_RESOURCES'] as const;
  const scheduler = await cluster.scheduler(leader, { capabilities, principal: 'p' });
  const resources = [scalar('cpus', 4), scalar('mem', 1024), scalar('disk', 100)];
  const agent = await cluster.agent(leader, 'a1', { resources });
  await cluster.until(() => scheduler.offers.size > 0, 'no offer');
  return { cluster, leader, scheduler, agent };
}

const launch = (...task_infos: readonly TaskInfo[]): Offer_Operation => ({
  type: 'LAUNCH',
  launch: { task_infos },
});

const own = (...more: readonly Resource[]): readonly Resource[] => [
  scalar('cpus', 0.1),
  scalar('mem', 32),
  ...more,
];

const volumesOffered = ({ offers }: TestScheduler): readonly number[] =>
  [...offers.values()].map(
    ({ resources = [] }) => resources.filter(({ shared }) => shared !== undefined).length,
  );

for (const isMadeBefore of [true, false]) {
  test(`tasks of one ACCEPT share a volume that was ${isMadeBefore ? 'offered once' : 'made in it'}`, async (t) => {
    const { cluster, leader, scheduler, agent } = await given();
    const rest = { refuse_seconds: 0 };
    if (isMadeBefore) {
      await scheduler.accept([scheduler.offer], make, rest);
      await cluster.until(() => scheduler.offers.size > 0, 'the volume is not offered');
    }
    const { offer } = scheduler;
    const tasks = ['t1', 't2'].map((id) => taskFor(offer, id, { resources: own(volume) }));
    const pair = ['g1', 'g2'].map((id) => taskFor(offer, id, { resources: own(volume) }));
    const executor = executorFor(scheduler, 'e1');
    const operations = [...(isMadeBefore ? [] : make), launch(...tasks), group(executor, ...pair)];
    await scheduler.accept([offer], [...operations, destroy], rest);
    await cluster.settle();
    t.deepEqual(scheduler.updates(), []);
    t.deepEqual(
      ['t1', 't2'].map((id) => agent.starts.get(id)),
      [1, 1],
    );
    t.is(agent.heard('run_group').length, 1);
    await cluster.until(() => scheduler.offers.size > 0, 'the rest is not offered');
    t.deepEqual(volumesOffered(scheduler), [1], 'who uses it takes it from nobody');
    for (const id of ['t1', 't2', 'g1', 'g2']) {
      await scheduler.acknowledge(agent.report(id, 'TASK_FINISHED'));
    }
    agent.exit('e1', 0);
    await cluster.settle();
    await cluster.until(() => scheduler.offered('cpus') === 4, 'not all comes back');
    const { offers } = scheduler;
    await scheduler.accept(
      [[...offers.values()][0]!],
      [{ ...destroy, id: { value: 'last' } }],
      rest,
    );
    await cluster.until(() => scheduler.offered('disk') === 100, 'the disk does not come back');
    const told = scheduler.events.flatMap(({ update_operation_status: one }) =>
      one === undefined ? [] : [`${one.status.operation_id?.value} ${one.status.state}`],
    );
    t.deepEqual(told, ['d OPERATION_ERROR', 'last OPERATION_FINISHED']);
    t.is(leader.ledger.state().operations.size, 1);
  });
}

test('a shared volume that was not offered, or is destroyed, is used by nobody', async (t) => {
  const { cluster, scheduler, agent } = await given();
  const { offer } = scheduler;
  const task = (id: string): TaskInfo => taskFor(offer, id, { resources: own(volume) });
  await scheduler.accept(
    [offer],
    [launch(task('early')), ...make, destroy, launch(task('late'), taskFor(offer, 'fine'))],
  );
  await cluster.settle();
  t.deepEqual(
    scheduler.updates().map(({ task_id: id, state }) => `${id.value} ${state}`),
    ['early TASK_ERROR', 'late TASK_ERROR'],
  );
  t.deepEqual([...agent.starts.keys()], ['fine']);
});
