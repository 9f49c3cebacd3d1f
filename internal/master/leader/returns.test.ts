/** Agents that come back in crowds, and those that are forgotten (contract 2.2 and 7.4). */
import test from 'ava';
import { agentId } from '#internal/model/ids.ts';
import { newState } from '#internal/state/state.ts';
import { TestAgent } from '../testing/test-agent.ts';
import { TestCluster, type TestMaster } from '../testing/test-cluster.ts';
import { taskFor } from '../testing/test-scheduler.ts';
import { forgettable } from './forgetting.ts';

const crowd = 300;

async function crowded(): Promise<{
  readonly cluster: TestCluster;
  readonly leader: TestMaster;
  readonly agents: readonly TestAgent[];
}> {
  const cluster = new TestCluster();
  const leader = await cluster.lead();
  const agents = Array.from({ length: crowd }, (_, n) => {
    const agent = new TestAgent({ world: cluster.world, name: `a${n}` });
    agent.connect(leader.master.acceptAgent);
    return agent;
  });
  await cluster.settle();
  return { cluster, leader, agents };
}

function comeBackTo(leader: TestMaster, agents: readonly TestAgent[]): void {
  for (const agent of agents) {
    agent.disconnect();
    agent.connect(leader.master.acceptAgent);
  }
}

test('a crowd that comes back at once is let in by few entries of the log', async (t) => {
  const { cluster, agents } = await crowded();
  const next = await cluster.lead(2);
  const before = next.ledger.appliedIndex();
  comeBackTo(next, agents);
  await cluster.settle();
  t.is(next.master.view().connectedAgents.size, crowd);
  t.true(agents.every((agent) => agent.heard('registered').length === 2));
  const entries = next.ledger.appliedIndex() - before;
  t.true(entries <= 2 + Math.ceil(crowd / 32), `${entries} entries`);
});

test('whoever comes twice while the first is under way is let in once, by its newest link', async (t) => {
  const { cluster, agents } = await crowded();
  const next = await cluster.lead(2);
  cluster.log.hold();
  comeBackTo(next, agents);
  await cluster.settle();
  comeBackTo(next, agents);
  await cluster.settle();
  cluster.log.release();
  await cluster.settle();
  await cluster.world.runFor(100_000);
  t.is(next.master.view().connectedAgents.size, crowd);
  t.true(agents.every((agent) => agent.isConnected));
});

test('a crowd that leaves while it is under way is waited for', async (t) => {
  const { cluster, agents } = await crowded();
  const next = await cluster.lead(2);
  cluster.log.hold();
  comeBackTo(next, agents);
  await cluster.settle();
  for (const agent of agents) agent.disconnect();
  cluster.log.release();
  await cluster.settle();
  t.is(next.master.view().connectedAgents.size, 0);
  comeBackTo(next, agents);
  await cluster.settle();
  t.is(next.master.view().connectedAgents.size, crowd);
});

test('agents that are away too long are forgotten, and begin anew when they come after all', async (t) => {
  const memory = { ageMsMax: 3_600_000, agentsMax: 10 };
  const cluster = new TestCluster({ master: { memory, allocationIntervalMs: 60_000 } });
  const leader = await cluster.lead();
  const agent = await cluster.agent(leader, 'a1');
  const scheduler = await cluster.scheduler(leader);
  await cluster.until(() => scheduler.offers.size > 0, 'no offer', 61_000);
  await scheduler.launch(scheduler.offer, taskFor(scheduler.offer, 't1'));
  await cluster.until(() => agent.tasks.has('t1'), 'not launched');
  agent.report('t1', 'TASK_RUNNING');
  agent.disconnect();
  scheduler.disconnect();
  const state = () => leader.ledger.state();
  await cluster.world.runFor(3_600_000);
  t.is(state().agents.get(agentId(agent.id))?.reach.kind, 'unreachable');
  await cluster.world.runFor(3_600_000);
  t.is(state().agents.size, 0);
  agent.connect(leader.master.acceptAgent);
  await cluster.settle();
  t.deepEqual([...state().agents.keys()], [agentId(agent.id)]);
  t.is(agent.heard('shutdown').length, 0);
});

test('of more than are worth remembering the oldest are forgotten, of each list', (t) => {
  const gone = newState().goneAgents.withMutations((list) => {
    for (let n = 0; n < 10; n++) list.set(agentId(`g${n}`), 1000 + n);
  });
  const state = { ...newState(), goneAgents: gone };
  const limits = { ageMsMax: 100_000, agentsMax: 7 };
  t.deepEqual(forgettable(state, 2000, limits), ['g0', 'g1', 'g2'].map(agentId));
  t.deepEqual(forgettable(state, 2000, { ...limits, agentsMax: 10 }), []);
  t.deepEqual(
    forgettable(state, 101_005, { ...limits, agentsMax: 10 }),
    ['g0', 'g1', 'g2', 'g3', 'g4'].map(agentId),
  );
});
