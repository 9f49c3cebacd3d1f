/** Agents: they register, answer pings, go and come back (contract 7.3 and 7.4). */
import test from 'ava';
import { agentId, frameworkId } from '#internal/model/ids.ts';
import type { FrameworkInfo_Capability_Type } from '#proto/gen/mesos/v1.ts';
import { type SmallCluster, smallCluster, TestCluster } from '../testing/test-cluster.ts';
import { TestAgent } from '../testing/test-agent.ts';
import { taskFor } from '../testing/test-scheduler.ts';

async function running(
  capabilities: readonly FrameworkInfo_Capability_Type[] = ['MULTI_ROLE', 'PARTITION_AWARE'],
): Promise<SmallCluster> {
  const small = await smallCluster({ framework: { capabilities, failover_timeout: 10_000 } });
  const { cluster, scheduler, agent } = small;
  const { offer } = scheduler;
  await scheduler.launch(offer, taskFor(offer, 't1'));
  await cluster.until(() => agent.tasks.has('t1'), 'not launched');
  const status = agent.report('t1', 'TASK_RUNNING');
  await cluster.settle();
  await scheduler.acknowledge(status);
  await cluster.settle();
  return small;
}

const reachOf = ({ leader, agent }: SmallCluster) =>
  leader.ledger.state().agents.get(agentId(agent.id))?.reach.kind;

test('an agent is registered when the log knows it, and told how long silence may last', async (t) => {
  const cluster = new TestCluster();
  const { master } = await cluster.lead();
  cluster.log.hold();
  const agent = new TestAgent({ world: cluster.world, name: 'a1' });
  agent.connect(master.acceptAgent);
  await cluster.settle();
  t.deepEqual(agent.received, []);
  cluster.log.release();
  await cluster.settle();
  t.deepEqual(agent.heard('registered'), [
    { agent_id: { value: 'm1-1-S0' }, total_ping_timeout_seconds: 75 },
  ]);
});

test('a registration that is repeated finds the id that the first was given', async (t) => {
  const cluster = new TestCluster();
  const leader = await cluster.lead();
  const agent = new TestAgent({ world: cluster.world, name: 'a1' });
  cluster.log.hold();
  agent.connect(leader.master.acceptAgent);
  await cluster.settle();
  agent.disconnect(); // The answer never reaches it.
  agent.connect(leader.master.acceptAgent);
  cluster.log.release();
  await cluster.settle();
  t.is(agent.heard('registered').length, 1);
  t.is(agent.id, 'm1-1-S0');
  t.is(leader.ledger.state().agents.size, 1);
  const scheduler = await cluster.scheduler(leader);
  await cluster.until(() => scheduler.offered('cpus') === 4, 'it is not offered');
  const next = await cluster.lead(2);
  const twin = new TestAgent({ world: cluster.world, name: 'a1' });
  twin.connect(next.master.acceptAgent);
  await cluster.settle();
  t.is(twin.id, 'm1-1-S0', 'the next leader knows it too');
});

test('an agent without pongs for 75 s is unreachable, and its tasks are told so', async (t) => {
  for (const [capabilities, state] of [
    [['MULTI_ROLE', 'PARTITION_AWARE'], 'TASK_UNREACHABLE'],
    [['MULTI_ROLE'], 'TASK_LOST'],
  ] as const) {
    const small = await running(capabilities);
    const { cluster, scheduler, agent, leader } = small;
    agent.answersPings = false;
    await cluster.world.runFor(60_000);
    t.is(reachOf(small), 'admitted');
    await cluster.world.runFor(35_000);
    t.is(reachOf(small), 'unreachable');
    t.false(agent.isConnected);
    const status = scheduler.updates('t1').at(-1)!;
    t.like(status, { state, reason: 'REASON_AGENT_REMOVED', source: 'SOURCE_MASTER' });
    t.is(status.uuid, undefined);
    t.true(status.unreachable_time !== undefined);
    const types = scheduler.types().filter((type) => type !== 'HEARTBEAT' && type !== 'OFFERS');
    t.deepEqual(types.slice(-3), ['UPDATE', 'RESCIND', 'FAILURE']);
    t.deepEqual(scheduler.events.findLast(({ type }) => type === 'FAILURE')!.failure, {
      agent_id: { value: agent.id },
    });
    t.is(scheduler.offers.size, 0);
    t.is(leader.master.view().connectedAgents.size, 0);
  }
});

test('any answer to a ping starts the count anew', async (t) => {
  const small = await running();
  const { cluster, agent } = small;
  for (let n = 0; n < 4; n++) {
    agent.answersPings = false;
    await cluster.world.runFor(60_000);
    agent.answersPings = true;
    await cluster.world.runFor(16_000);
  }
  t.is(reachOf(small), 'admitted');
  t.true(agent.isConnected);
});

test('an agent that comes back from out of reach brings its tasks', async (t) => {
  const small = await running();
  const { cluster, scheduler, agent, leader } = small;
  agent.answersPings = false;
  await cluster.world.runFor(100_000);
  agent.answersPings = true;
  agent.connect(leader.master.acceptAgent);
  await cluster.settle();
  t.is(reachOf(small), 'admitted');
  t.like(scheduler.updates('t1').at(-1), {
    state: 'TASK_RUNNING',
    reason: 'REASON_AGENT_REREGISTERED',
  });
  await cluster.until(() => scheduler.offered('cpus') === 3, 'what it holds is not counted');
});

test('an agent whose link broke has ten minutes', async (t) => {
  const small = await running();
  const { cluster, agent, leader } = small;
  agent.disconnect();
  await cluster.world.runFor(599_000);
  t.is(reachOf(small), 'admitted');
  agent.connect(leader.master.acceptAgent);
  await cluster.settle();
  agent.disconnect();
  await cluster.world.runFor(599_000);
  t.is(reachOf(small), 'admitted', 'the time begins anew');
  await cluster.world.runFor(2000);
  t.is(reachOf(small), 'unreachable');
});

test('a newer link of an agent replaces the older one', async (t) => {
  const { cluster, agent, leader, scheduler } = await running();
  agent.connect(leader.master.acceptAgent);
  await cluster.world.runFor(2000);
  t.true(agent.isConnected);
  t.deepEqual([...leader.master.view().connectedAgents], [agent.id]);
  t.is(scheduler.offered('cpus'), 3);
});

test('an agent that introduces itself twice on one link keeps it', async (t) => {
  const { cluster, agent, leader } = await running();
  agent.introduce();
  agent.introduce();
  await cluster.settle();
  t.true(agent.isConnected);
  t.is(agent.heard('registered').length, 2, 'both are answered by one');
  await cluster.world.runFor(30_000);
  t.is(agent.heard('ping').length, 4, 'one an interval, and one at each registration');
  t.is(leader.master.view().connectedAgents.size, 1);
});

test('an agent that is described by more than the log holds is turned away', async (t) => {
  const cluster = new TestCluster({ master: { entryBytesMax: 2000 } });
  const leader = await cluster.lead();
  const text = { value: 'x'.repeat(3000) };
  const attributes = [{ name: 'a', type: 'TEXT', text } as const];
  const agent = new TestAgent({ world: cluster.world, name: 'a1' }, { attributes });
  agent.connect(leader.master.acceptAgent);
  await cluster.settle();
  t.false(agent.isConnected);
  t.is(leader.ledger.state().agents.size, 0);
});

test('a task that the agent never started is sent again; one that it forgot is lost', async (t) => {
  const { cluster, scheduler, agent, leader } = await running();
  await cluster.until(() => scheduler.offers.size > 0, 'no offer', 7000);
  const { offer } = scheduler;
  cluster.log.hold();
  await scheduler.launch(offer, taskFor(offer, 't2'));
  agent.disconnect();
  cluster.log.release();
  await cluster.settle();
  agent.forgetTasks();
  agent.connect(leader.master.acceptAgent);
  await cluster.settle();
  t.deepEqual([...agent.tasks.keys()], ['t2']);
  t.like(scheduler.updates('t1').at(-1), { state: 'TASK_GONE', reason: 'REASON_RECONCILIATION' });
  t.deepEqual(scheduler.updates('t2'), []);
  await cluster.until(() => scheduler.offered('cpus') === 3, 'what was lost is not free', 7000);
});

test('an agent that says good-bye is removed, and its tasks are lost', async (t) => {
  const { cluster, scheduler, agent, leader } = await running();
  agent.say({ unregister: { message: 'asked to stop' } });
  await cluster.settle();
  t.is(leader.ledger.state().agents.size, 0);
  t.like(scheduler.updates('t1').at(-1), {
    state: 'TASK_LOST',
    reason: 'REASON_AGENT_REMOVED',
    message: 'Agent a1 removed: asked to stop',
  });
  agent.disconnect();
  agent.connect(leader.master.acceptAgent);
  await cluster.settle();
  t.deepEqual([...leader.ledger.state().agents.keys()], [agentId(agent.id)], 'it begins anew');
  const killed = agent.heard('kill_task').map(({ task_id }) => task_id.value);
  t.deepEqual(killed, ['t1'], 'what was told to be lost has to end');
});

test('an agent that starts afresh at the address of a lost one takes its place', async (t) => {
  const { cluster, scheduler, agent, leader } = await running();
  agent.disconnect();
  const fresh = new TestAgent({ world: cluster.world, name: 'fresh' }, { hostname: 'a1' });
  fresh.connect(leader.master.acceptAgent);
  await cluster.settle();
  t.deepEqual([...leader.ledger.state().agents.keys()], [fresh.id]);
  t.is(
    scheduler.updates('t1').at(-1)!.message,
    'Agent a1 removed: a new agent registered at the same address',
  );
});

test('a launch that an agent comes back too small for is dropped, and holds nothing', async (t) => {
  const { cluster, scheduler, agent, leader } = await smallCluster();
  const { offer } = scheduler;
  cluster.log.hold();
  const small = [{ name: 'cpus', type: 'SCALAR', scalar: { value: 0.5 } }] as const;
  agent.connect(leader.master.acceptAgent, { resources: small });
  await cluster.settle();
  await scheduler.launch(offer, taskFor(offer, 't1'));
  cluster.log.release();
  await cluster.settle();
  t.like(scheduler.updates('t1')[0], { state: 'TASK_DROPPED', reason: 'REASON_INVALID_OFFERS' });
  t.deepEqual(agent.heard('run_task'), []);
  await cluster.until(() => scheduler.offered('cpus') === 0.5, 'what is left is not offered', 7000);
});

test('a launch under way while its agent is lost and found is counted', async (t) => {
  const { cluster, scheduler, agent, leader } = await smallCluster();
  const { offer } = scheduler;
  cluster.log.hold();
  agent.answersPings = false;
  await cluster.world.runFor(95_000);
  agent.answersPings = true;
  agent.connect(leader.master.acceptAgent);
  await cluster.settle();
  await scheduler.launch(offer, taskFor(offer, 't1'));
  cluster.log.release();
  await cluster.until(() => agent.tasks.has('t1'), 'not launched');
  await cluster.until(() => scheduler.offers.size > 0, 'no offer', 7000);
  t.is(scheduler.offered('cpus'), 3);
});

test('an agent may not come back from another host, and not with impossible resources', async (t) => {
  const { cluster, agent, leader } = await running();
  const description = (hostname: string, value: number) => ({
    agent_info: {
      hostname,
      id: { value: agent.id },
      resources: [{ name: 'cpus', type: 'SCALAR', scalar: { value } } as const],
    },
    version: '1.12.0',
    ip: '127.0.0.1',
  });
  const registration_uuid = 'x';
  agent.say({ reregister: { description: description('b', 1), registration_uuid } });
  await cluster.settle();
  t.deepEqual(agent.heard('shutdown'), [
    { message: 'Agent attempted to reregister with different IP / hostname' },
  ]);
  agent.connect(leader.master.acceptAgent);
  await cluster.settle();
  agent.say({ reregister: { description: description('a1', -1), registration_uuid } });
  await cluster.settle();
  t.deepEqual(agent.heard('shutdown').at(-1), {
    message: "Resource 'cpus:-1' is invalid: Invalid scalar resource: value <= 0",
  });
});

test('what is said before it is let in, or without sense, changes nothing', async (t) => {
  const cluster = new TestCluster();
  const { master, ledger } = await cluster.lead();
  const agent = new TestAgent({ world: cluster.world, name: 'a1' });
  cluster.log.hold();
  agent.connect(master.acceptAgent);
  const state = 'TASK_RUNNING' as const;
  const status = { task_id: { value: 't' }, state };
  agent.say({ status_update: { framework_id: { value: 'f' }, status, latest_state: state } });
  agent.say({ pong: { sequence: 9n } });
  agent.say({ unregister: { message: 'x' } });
  agent.say({});
  await cluster.settle();
  cluster.log.release();
  await cluster.settle();
  t.is(agent.id, 'm1-1-S0');
  agent.say({ status_update: { framework_id: { value: 'f' }, status, latest_state: state } });
  await cluster.settle();
  t.is(ledger.state().agents.size, 1);
});

test('links beyond the bound are closed', async (t) => {
  const cluster = new TestCluster({ master: { linksMax: 1 } });
  const leader = await cluster.lead();
  await cluster.agent(leader, 'a1');
  const agent = new TestAgent({ world: cluster.world, name: 'a2' });
  agent.connect(leader.master.acceptAgent);
  await cluster.settle();
  t.false(agent.isConnected);
});

test('after a change of leaders, agents and frameworks have their time to come back', async (t) => {
  const { cluster, scheduler, agent } = await running();
  const framework = frameworkId(scheduler.id);
  cluster.crash(1);
  const next = await cluster.lead(2);
  await cluster.settle();
  const view = next.master.view();
  t.deepEqual([...view.recoveredAgents], [agent.id]);
  const { connection } = next.ledger.state().frameworks.get(framework)!.framework;
  t.is(connection.kind, 'disconnected');
  t.true(
    connection.kind === 'disconnected' && connection.deadlineMs - connection.sinceMs >= 10_000_000,
  );

  agent.disconnect();
  agent.connect(next.master.acceptAgent);
  scheduler.disconnect();
  scheduler.subscribe(next.master);
  await cluster.until(
    () => scheduler.offered('cpus') === 3,
    'the rest of the agent is not offered',
  );
  t.is(next.ledger.state().frameworks.get(framework)!.framework.connection.kind, 'connected');
  t.is(agent.starts.get('t1'), 1);
});

test('a framework without a failover time-out survives a change of leaders', async (t) => {
  const { cluster, scheduler } = await smallCluster({ framework: { failover_timeout: 0 } });
  const next = await cluster.lead(2);
  await cluster.world.runFor(300_000);
  scheduler.subscribe(next.master);
  await cluster.settle();
  t.true(scheduler.isConnected);
  scheduler.disconnect();
  await cluster.settle();
  t.is(next.ledger.state().frameworks.size, 0);
});

test('deadlines outlive the leaders that set them', async (t) => {
  const { cluster, scheduler } = await smallCluster({ framework: { failover_timeout: 100 } });
  scheduler.disconnect();
  await cluster.world.runFor(60_000);
  const next = await cluster.lead(2);
  await cluster.world.runFor(35_000);
  t.is(next.ledger.state().frameworks.size, 1);
  await cluster.world.runFor(10_000);
  t.is(next.ledger.state().frameworks.size, 0);
});

test('agents that do not come back to a new leader are unreachable after ten minutes', async (t) => {
  const { cluster, scheduler, agent } = await running();
  const next = await cluster.lead(2);
  scheduler.subscribe(next.master);
  await cluster.world.runFor(599_000);
  t.false(scheduler.types().includes('FAILURE'));
  await cluster.world.runFor(2000);
  t.is(next.ledger.state().agents.get(agentId(agent.id))!.reach.kind, 'unreachable');
  t.true(scheduler.types().includes('FAILURE'));
});
