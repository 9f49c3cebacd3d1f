/** Agents that are given up, and those that a new leader waits for (contract 2.2 and 7.4). */
import test from 'ava';
import { agentId } from '#internal/model/ids.ts';
import type { TestAgent } from '../testing/test-agent.ts';
import { TestCluster, type TestMaster } from '../testing/test-cluster.ts';
import type { MasterOptions } from './master.ts';

const tenMinutesMs = 600_000;
const onceInTenMinutes = { agentRemovalRate: { permits: 1, intervalMs: tenMinutesMs } };

type Many = {
  readonly cluster: TestCluster;
  readonly leader: TestMaster;
  readonly agents: readonly TestAgent[];
};

async function many(count: number, master: Partial<MasterOptions> = {}): Promise<Many> {
  const cluster = new TestCluster({ master });
  const leader = await cluster.lead();
  const agents: TestAgent[] = [];
  for (let n = 0; n < count; n++) agents.push(await cluster.agent(leader, `a${n}`));
  return { cluster, leader, agents };
}

const unreachable = ({ ledger }: TestMaster): number =>
  ledger.state().agents.count(({ reach }) => reach.kind === 'unreachable');

test('agents are given up no faster than the operator allows', async (t) => {
  const { cluster, leader, agents } = await many(4, onceInTenMinutes);
  for (const agent of agents) agent.disconnect();
  await cluster.world.runFor(tenMinutesMs - 1000);
  t.is(unreachable(leader), 0);
  for (let gone = 1; gone <= agents.length; gone++) {
    await cluster.world.runFor(2000);
    t.is(unreachable(leader), gone);
    await cluster.world.runFor(tenMinutesMs - 4000);
    t.is(unreachable(leader), gone);
    await cluster.world.runFor(2000);
  }
});

test('without a limit all that are lost go at once', async (t) => {
  const { cluster, leader, agents } = await many(4);
  for (const agent of agents) agent.disconnect();
  await cluster.world.runFor(tenMinutesMs + 1000);
  t.is(unreachable(leader), 4);
});

test('an agent that is heard of while it waits for its turn stays', async (t) => {
  const { cluster, leader, agents } = await many(3, onceInTenMinutes);
  for (const agent of agents) agent.answersPings = false;
  await cluster.world.runFor(100_000);
  const reachOf = ({ id }: TestAgent) => leader.ledger.state().agents.get(agentId(id))!.reach.kind;
  const [late, back, ...others] = agents.filter((agent) => reachOf(agent) === 'admitted');
  t.deepEqual(others, []);
  late!.answersPings = true;
  back!.answersPings = true;
  back!.disconnect();
  back!.connect(leader.master.acceptAgent);
  await cluster.world.runFor(3 * tenMinutesMs);
  t.is(unreachable(leader), 1);
  t.true(late!.isConnected && back!.isConnected);
});

test('one that waits for its turn and says nothing goes in the end', async (t) => {
  const { cluster, leader, agents } = await many(2, onceInTenMinutes);
  for (const agent of agents) agent.answersPings = false;
  await cluster.world.runFor(100_000);
  agents[1]!.disconnect();
  await cluster.world.runFor(tenMinutesMs);
  t.is(unreachable(leader), 2);
});

test('the limit holds for those that do not come back to a new leader', async (t) => {
  const { cluster } = await many(3, onceInTenMinutes);
  cluster.crash(1);
  const next = await cluster.lead(2);
  await cluster.world.runFor(tenMinutesMs + 1000);
  t.is(unreachable(next), 1);
  await cluster.world.runFor(tenMinutesMs);
  t.is(unreachable(next), 2);
});

test('when too many do not come back, the new leader gives up, and not they', async (t) => {
  const { cluster, agents } = await many(4, { recoveryAgentRemovalLimit: 0.5 });
  cluster.crash(1);
  const next = await cluster.lead(2);
  agents[0]!.disconnect();
  agents[0]!.connect(next.master.acceptAgent);
  await cluster.world.runFor(tenMinutesMs - 1000);
  t.is(next.master.leadership().kind, 'leading');
  await cluster.world.runFor(2000);
  t.not(next.master.leadership().kind, 'leading');
  t.is(unreachable(next), 0);
  t.is(cluster.abandoned.length, 1);
  t.regex(cluster.abandoned[0]!, /^3 of 4 agents \(75 %\) did not come back within 600 seconds/);
});

test('as many as the limit lets go are given up', async (t) => {
  const { cluster, agents } = await many(4, { recoveryAgentRemovalLimit: 0.5 });
  cluster.crash(1);
  const next = await cluster.lead(2);
  for (const agent of agents.slice(0, 2)) {
    agent.disconnect();
    agent.connect(next.master.acceptAgent);
  }
  await cluster.world.runFor(tenMinutesMs + 1000);
  t.is(next.master.leadership().kind, 'leading');
  t.is(unreachable(next), 2);
  t.deepEqual(cluster.abandoned, []);
});

/** A cluster of five agents after a change of leaders, and a scheduler that listens. */
async function afterFailover(hasQuota: boolean) {
  const { cluster, leader, agents } = await many(5);
  if (hasQuota) {
    const configs = [{ role: 'test', guarantees: { cpus: { value: 1 } } }];
    const call = { type: 'UPDATE_QUOTA', update_quota: { quota_configs: configs } } as const;
    const answer = await cluster.world.settle(leader.master.operate(call), { withinMs: 1000 });
    if (answer.status !== 200) throw new Error(answer.text);
  }
  cluster.crash(1);
  const next = await cluster.lead(2);
  const scheduler = await cluster.scheduler(next);
  const comeBack = async (agent: TestAgent | undefined): Promise<number> => {
    agent?.disconnect();
    agent?.connect(next.master.acceptAgent);
    await cluster.world.runFor(3000);
    return scheduler.offered('cpus');
  };
  return { cluster, agents, comeBack };
}

test('with a quota, a new leader offers nothing before four fifths of the agents are back', async (t) => {
  const { agents, comeBack } = await afterFailover(true);
  for (const agent of agents.slice(0, 3)) t.is(await comeBack(agent), 0);
  t.is(await comeBack(agents[3]), 16);
  t.is(await comeBack(agents[4]), 20);
});

test('with a quota, offers begin again when the agents had their time', async (t) => {
  const { cluster, agents, comeBack } = await afterFailover(true);
  t.is(await comeBack(agents[0]), 0);
  await cluster.world.runFor(tenMinutesMs);
  t.is(await comeBack(undefined), 4);
});

test('without a quota, a new leader offers the first agent that is back', async (t) => {
  const { agents, comeBack } = await afterFailover(false);
  t.is(await comeBack(agents[0]), 4);
});
