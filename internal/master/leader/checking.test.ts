/** The check of the books: it finds what disagrees for good, and is silent about what is on its way. */
import test from 'ava';
import type { CheckReport } from '../check/check-report.ts';
import { type SmallCluster, smallCluster } from '../testing/test-cluster.ts';
import { TestCluster } from '../testing/test-cluster.ts';
import { taskFor } from '../testing/test-scheduler.ts';
import { usualChecks } from './checking.ts';

async function checked({
  cluster,
  leader,
}: Pick<SmallCluster, 'cluster' | 'leader'>): Promise<CheckReport> {
  const report = await cluster.world.settle(leader.master.check(), { withinMs: 60_000 });
  if (report === undefined) throw new Error('nobody checked');
  return report;
}

/** With a task that runs. */
async function given(): Promise<SmallCluster> {
  const small = await smallCluster();
  const { cluster, leader, scheduler, agent } = small;
  agent.tellsBooks = true;
  agent.disconnect();
  agent.connect(leader.master.acceptAgent);
  await cluster.settle();
  await cluster.until(() => scheduler.offers.size > 0, 'no offer');
  const [offer] = scheduler.offers.values();
  void scheduler.launch(offer!, taskFor(offer!, 't1'));
  await cluster.settle();
  agent.report('t1', 'TASK_RUNNING');
  await cluster.settle();
  return small;
}

test('a cluster that is well has nothing to say', async (t) => {
  const { agents, silent, old, disagreements } = await checked(await given());
  t.deepEqual(
    { agents, silent, old, disagreements },
    { agents: 1, silent: [], old: [], disagreements: [] },
  );
});

test('a task that its agent lost is found, by both facts and since when', async (t) => {
  const small = await given();
  small.agent.tasks.delete('t1');
  const [one, ...others] = (await checked(small)).disagreements;
  t.deepEqual(others, []);
  t.is(one?.law, 'task-on-agent');
  t.regex(one?.facts[0] ?? '', /^masters: task "t1" .* is running on agent/);
  t.regex(one?.facts[1] ?? '', /^agent .*: knows no task "t1"/);
  const { cluster, leader } = small;
  const [again] = (await checked({ cluster, leader })).disagreements;
  t.is(again?.sinceMs, one?.sinceMs, 'it is as old as it was first seen');
  t.is(leader.master.checks().checks, 2);
});

test('a task that runs and that nobody launched is found', async (t) => {
  const small = await given();
  const known = small.agent.tasks.get('t1')!;
  small.agent.tasks.set('t2', { ...known, info: { ...known.info, task_id: { value: 't2' } } });
  const [one, ...others] = (await checked(small)).disagreements;
  t.deepEqual(others, []);
  t.is(one?.law, 'task-in-books');
});

test('what settles before it is asked again is no disagreement', async (t) => {
  const small = await given();
  const { cluster, agent } = small;
  const known = agent.tasks.get('t1')!;
  agent.tasks.delete('t1');
  const check = checked(small);
  await cluster.world.runFor(usualChecks.settleMs / 2);
  agent.tasks.set('t1', known);
  t.deepEqual((await check).disagreements, []);
});

test('an agent that does not answer is named, and the others are compared', async (t) => {
  const small = await given();
  small.agent.isSilent = true;
  const { silent, agents } = await checked(small);
  t.deepEqual([silent.length, agents], [1, 0]);
});

test('an agent of before is not asked, and named', async (t) => {
  const { old, agents, silent } = await checked(await smallCluster());
  t.deepEqual([old.length, agents, silent.length], [1, 0, 0]);
});

test('whoever asks while a check is under way hears the same, and no more than may wait do', async (t) => {
  const { cluster, leader } = await given();
  const asked = Array.from({ length: usualChecks.waitersMax + 1 }, () => leader.master.check());
  const reports = await cluster.world.settle(Promise.all(asked), { withinMs: 60_000 });
  t.is(new Set(reports).size, 2);
  t.is(reports.at(-1), undefined);
  t.is(leader.master.checks().checks, 1);
});

test('whoever waits for a check of a leader that falls is told so', async (t) => {
  const small = await given();
  small.agent.isSilent = true;
  const check = small.leader.master.check();
  await small.cluster.settle();
  small.leader.master.stop();
  t.is(await small.cluster.world.settle(check, { withinMs: 1000 }), undefined);
});

test('with an interval the leader checks by itself, and its log names both facts', async (t) => {
  const said: unknown[] = [];
  const logger = {
    debug: () => {},
    info: () => {},
    warn: () => {},
    error: (message: string, fields: unknown) =>
      void (message === 'books disagree' && said.push(fields)),
    child: () => logger,
  };
  const checks = { ...usualChecks, everyMs: 30_000 };
  const cluster = new TestCluster({ logger, master: { checks } });
  const leader = await cluster.lead();
  const agent = await cluster.agent(leader, 'a1');
  agent.tellsBooks = true;
  agent.isOddlyRich = true;
  agent.disconnect();
  agent.connect(leader.master.acceptAgent);
  await cluster.world.runFor(100_000);
  t.true(leader.master.checks().checks >= 2);
  t.like(said[0], { law: 'total' });
  t.regex(JSON.stringify(said[0]), /masters: agent a1 .* has .*agent a1 .*: has .*cpus:5/);
});
