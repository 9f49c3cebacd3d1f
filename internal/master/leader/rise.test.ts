/** Taking a leadership up in slices: nobody is served before the books are whole, and nobody is lost. */
import test from 'ava';
import { TestAgent } from '../testing/test-agent.ts';
import { TestCluster, type TestMaster } from '../testing/test-cluster.ts';
import { TestScheduler } from '../testing/test-scheduler.ts';

const agents = 12;

type Scene = {
  readonly cluster: TestCluster;
  readonly second: TestMaster;
  readonly agent: TestAgent;
  readonly scheduler: TestScheduler;
};

/** The second master has been elected and is making its books; an agent and a scheduler have just come. */
async function rising(): Promise<Scene> {
  const cluster = new TestCluster({ master: { recoverySliceMax: 1 } });
  const first = await cluster.lead(1);
  const second = await cluster.start(2);
  for (let n = 0; n < agents; n++) await cluster.agent(first, `a${n}`);
  const { master, ledger } = second;
  cluster.log.elect(2);
  const isRising = (): boolean =>
    ledger.state().leader?.nodeId === 2 && master.leadership().kind === 'recovering';
  await cluster.until(isRising, 'the books were made in one turn');
  const agent = new TestAgent({ world: cluster.world, name: 'late' });
  const scheduler = new TestScheduler(master, cluster.world.random('s'));
  agent.connect(master.acceptAgent);
  scheduler.subscribe();
  return { cluster, second, agent, scheduler };
}

test('who comes while the books are made is let in when they are whole, and calls come too early', async (t) => {
  const { cluster, second, agent, scheduler } = await rising();
  const call = { type: 'REVIVE', framework_id: { value: 'f' } } as const;
  t.like(await second.master.call(call, undefined), { status: 503 });
  await cluster.until(() => agent.heard('registered').length === 1, 'the agent was forgotten');
  await cluster.until(() => scheduler.types().includes('OFFERS'), 'the scheduler was forgotten');
  t.is(second.master.leadership().kind, 'leading');
  t.true(scheduler.isConnected && agent.isConnected);
  t.is(second.master.view().recoveredAgents.size, agents);
});

test('a leadership that ends before it began lets all go, and the next one is whole', async (t) => {
  const { cluster, second, agent, scheduler } = await rising();
  cluster.log.elect(1);
  await cluster.until(() => !agent.isConnected && !scheduler.isConnected, 'they still wait');
  t.deepEqual(scheduler.events, []);
  t.deepEqual(agent.heard('registered'), []);
  await cluster.settle();
  await cluster.lead(2);
  t.is(second.master.view().recoveredAgents.size, agents);
});
