/** What a leader makes of flags that Mesos has: domains, root, and how much is remembered. */
import test from 'ava';
import { randomFromSeed } from '#internal/base/random.ts';
import { domainToWire } from '#internal/wire/agent-traits.ts';
import { TestAgent } from '../testing/test-agent.ts';
import { smallCluster, TestCluster } from '../testing/test-cluster.ts';
import { TestScheduler } from '../testing/test-scheduler.ts';

const north = { region: 'north', zone: 'n1' };
const south = { region: 'south', zone: 's1' };
const domain = domainToWire(north);

test('frameworks of root are turned away without --root_submissions (contract 3.2, row 9)', async (t) => {
  const cluster = new TestCluster({ master: { rootSubmissions: false } });
  const { master } = await cluster.lead();
  const told = (user: string): readonly string[] => {
    const scheduler = new TestScheduler(master, randomFromSeed(1), { user });
    scheduler.subscribe();
    return scheduler.errors;
  };
  t.deepEqual(told('root'), [
    "User 'root' is not allowed to run frameworks without --root_submissions set",
  ]);
  t.deepEqual(told('nobody'), []);
});

test('agents whose domain does not go with their master are not answered (contract 7.4)', async (t) => {
  for (const [options, own, isLetIn] of [
    [{}, undefined, true],
    [{}, domain, false],
    [{ domain: north }, undefined, true],
    [{ domain: north }, domain, true],
    [{ domain: north, requireAgentDomain: true }, undefined, false],
    [{ domain: north, requireAgentDomain: true }, domain, true],
  ] as const) {
    const cluster = new TestCluster({ master: options });
    const { master } = await cluster.lead();
    const agent = new TestAgent({ world: cluster.world, name: 'a' }, own && { domain: own });
    agent.connect(master.acceptAgent);
    await cluster.settle();
    t.is(agent.heard('registered').length, isLetIn ? 1 : 0);
    t.true(agent.isConnected, 'it may ask again');
  }
});

test('agents of other regions are for frameworks that mind regions, and all hear where the master is', async (t) => {
  const modern = ['MULTI_ROLE', 'PARTITION_AWARE'] as const;
  for (const [capabilities, far] of [
    [modern, 0],
    [[...modern, 'REGION_AWARE'], 4],
  ] as const) {
    const options = { domain: north, allocator: { region: north.region } };
    const cluster = new TestCluster({ master: options });
    const leader = await cluster.lead();
    await cluster.agent(leader, 'far', { domain: domainToWire(south) });
    await cluster.agent(leader, 'near', { domain });
    const scheduler = await cluster.scheduler(leader, { capabilities });
    await cluster.world.runFor(3000);
    t.is(scheduler.offered('cpus'), 4 + far);
    const [said] = scheduler.events;
    t.deepEqual(said?.subscribed?.master_info?.domain, domain);
  }
});

test('the log remembers as much as the leader’s flags say, once all masters know how', async (t) => {
  const histories = { completedFrameworks: 1, completedTasks: 2, unreachableTasks: 3 };
  for (const version of [3, 4]) {
    const { cluster, leader } = await smallCluster({ version, master: { histories } });
    await cluster.world.runFor(30_000);
    const isSaid = version === 4;
    t.is(leader.ledger.state().histories.completedTasks, isSaid ? 2 : 1000);
    const appliedIndex = leader.ledger.appliedIndex();
    await cluster.world.runFor(30_000);
    t.is(leader.ledger.appliedIndex(), appliedIndex, 'it is said once');
  }
});
