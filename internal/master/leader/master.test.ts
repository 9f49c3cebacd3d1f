/** One task's whole way through a leading master, and who leads when. */
import test from 'ava';
import { frameworkId } from '#internal/model/ids.ts';
import type { Call } from '#proto/gen/mesos/v1/master.ts';
import { smallCluster, TestCluster } from '../testing/test-cluster.ts';
import { taskFor, TestScheduler } from '../testing/test-scheduler.ts';

const teardown = (id: string): Call => ({
  type: 'TEARDOWN',
  teardown: { framework_id: { value: id } },
});

test('a task is offered, launched, reported and acknowledged, and what it held is free again', async (t) => {
  const { cluster, leader, scheduler, agent } = await smallCluster();
  const { offer } = scheduler;
  t.deepEqual(await scheduler.launch(offer, taskFor(offer, 't1')), { status: 202, text: '' });
  await cluster.until(() => agent.tasks.has('t1'), 'not launched');

  for (const state of ['TASK_STARTING', 'TASK_RUNNING', 'TASK_FINISHED'] as const) {
    const status = agent.report('t1', state);
    await cluster.until(() => scheduler.updates('t1').at(-1)?.state === state, state);
    t.deepEqual(scheduler.updates('t1').at(-1), status);
    await scheduler.acknowledge(status);
    await cluster.until(() => agent.tasks.get('t1')!.updates.length === 0, 'not acknowledged');
  }
  const record = leader.ledger.state().frameworks.get(frameworkId(scheduler.id))!;
  t.is(record.tasks.size, 0);
  t.deepEqual(record.completed.map(({ state }) => state).toArray(), ['finished']);
  await cluster.until(() => scheduler.offered('cpus') === 4, 'it is not offered again', 7000);
});

test('everything that a master says to an agent carries the term under which it leads', async (t) => {
  const cluster = new TestCluster();
  const first = await cluster.lead(1);
  const agent = await cluster.agent(first, 'a1');
  const second = await cluster.lead(2);
  await cluster.until(() => !agent.isConnected, 'the deposed leader keeps its links');
  agent.connect(second.master.acceptAgent);
  await cluster.until(() => agent.heard('registered').length === 2, 'not registered again');
  const [one, other] = agent.received.filter(({ registered }) => registered !== undefined);
  t.deepEqual([one!.term, other!.term], [1n, 2n]);
});

test('a master that does not lead names the leader, and lets nobody in', async (t) => {
  const cluster = new TestCluster();
  const follower = await cluster.start(2);
  t.deepEqual(follower.master.leadership(), { kind: 'leaderless' });
  const leader = await cluster.lead(1);
  const { self } = leader.master.view();
  t.deepEqual(follower.master.leadership(), { kind: 'following', leader: self });

  const scheduler = new TestScheduler(follower.master, cluster.world.random('s'));
  const stream = scheduler.subscribe();
  t.deepEqual(scheduler.types(), [], 'an ERROR would be final, and another master leads');
  t.true(stream.closed.aborted);

  const agent = await cluster.agent(leader, 'a1');
  agent.disconnect();
  agent.connect(follower.master.acceptAgent);
  await cluster.until(() => !agent.isConnected, 'the follower keeps the link');
  t.deepEqual(agent.heard('not_leading'), [{ leader: '127.0.0.1:5061' }]);
});

test('an elected master recovers until its own word is in the log', async (t) => {
  const cluster = new TestCluster();
  const { master } = await cluster.start(1);
  cluster.log.hold();
  cluster.log.elect(1);
  await cluster.settle();
  t.deepEqual(master.leadership(), { kind: 'recovering' });
  cluster.log.release();
  await cluster.settle();
  t.deepEqual(master.leadership(), { kind: 'leading' });
});

test('of a leader that was elected and has not announced itself, nobody is told', async (t) => {
  const cluster = new TestCluster();
  await cluster.lead(1);
  const follower = await cluster.start(3);
  await cluster.start(2);
  cluster.log.hold();
  cluster.log.elect(2);
  await cluster.settle();
  t.deepEqual(follower.master.leadership(), { kind: 'leaderless' });
});

test('an announcement that comes true too late makes nobody a leader', async (t) => {
  let late = 0;
  for (let seed = 0; seed < 10; seed++) {
    const cluster = new TestCluster({ seed });
    const { master, ledger } = await cluster.start(1);
    cluster.log.hold();
    cluster.log.elect(1);
    await cluster.settle();
    cluster.log.depose();
    await cluster.settle();
    if (ledger.state().leader !== undefined) late++;
    t.deepEqual(master.leadership(), { kind: 'leaderless' });
  }
  t.true(late > 0 && late < 10, 'the log was never of two minds');
});

test('a deposed leader ends its streams without a word and answers 503', async (t) => {
  const { cluster, scheduler, leader } = await smallCluster();
  const before = scheduler.events.length;
  cluster.log.elect(7);
  t.false(scheduler.isConnected);
  t.is(scheduler.events.length, before);
  const answer = await scheduler.call({ type: 'REVIVE' });
  t.is(answer.status, 503);
  t.deepEqual(leader.master.view().offers, []);
});

test('a leader whose entry is lost starts anew from the state', async (t) => {
  const { cluster, scheduler, leader } = await smallCluster();
  cluster.log.hold();
  const { offer } = scheduler;
  await scheduler.launch(offer, taskFor(offer, 't1'));
  cluster.log.lose();
  await cluster.settle();
  t.is(leader.master.leadership().kind, 'recovering');
  t.false(scheduler.isConnected);
  cluster.log.release();
  await cluster.until(
    () => leader.master.leadership().kind === 'leading',
    'it does not lead again',
  );
  scheduler.subscribe();
  await cluster.settle();
  t.true(scheduler.isConnected);
});

test('a call that nobody can take any more is answered 503, and none is forgotten', async (t) => {
  const { cluster, scheduler, leader } = await smallCluster({ master: { backlogMax: 1 } });
  cluster.log.hold();
  const answer = leader.master.operate(teardown(frameworkId(scheduler.id)));
  const kill = await scheduler.call({ type: 'KILL', kill: { task_id: { value: 't' } } });
  t.deepEqual(kill, { status: 503, text: 'Master is overloaded' });
  cluster.log.lose();
  t.is((await answer).status, 503);
});

test('a subscription that a leader cannot keep ends without a word', async (t) => {
  const cluster = new TestCluster({ master: { backlogMax: 1 } });
  const { master } = await cluster.lead();
  cluster.log.hold();
  const waiting = new TestScheduler(master, cluster.world.random('waiting'));
  const late = new TestScheduler(master, cluster.world.random('late'));
  waiting.subscribe();
  late.subscribe();
  t.deepEqual([waiting.isConnected, late.isConnected], [true, false], 'one more is too many');
  cluster.log.lose();
  await cluster.settle();
  t.false(waiting.isConnected);
  t.deepEqual([...waiting.events, ...late.events], []);
});

test('the operator tears a framework down, once', async (t) => {
  const { scheduler, leader, cluster } = await smallCluster();
  const id = frameworkId(scheduler.id);
  const first = cluster.world.settle(leader.master.operate(teardown(id)), { withinMs: 100 });
  t.deepEqual(await first, { status: 200, text: '' });
  t.false(scheduler.isConnected);
  t.deepEqual(await leader.master.operate(teardown(id)), {
    status: 400,
    text: 'No framework found with specified ID',
  });
});

test('the view shows who is there and what is on offer', async (t) => {
  const { cluster, scheduler, leader, agent } = await smallCluster();
  const view = leader.master.view();
  t.deepEqual([...view.connectedAgents], [agent.id]);
  t.deepEqual([...view.connectedFrameworks], [scheduler.id]);
  t.deepEqual(
    view.offers.map(({ id }) => id),
    [scheduler.offer.id.value],
  );
  const next = await cluster.lead(2);
  const later = next.master.view();
  t.deepEqual([...later.recoveredAgents], [agent.id]);
  t.deepEqual([...later.recoveredFrameworks], [scheduler.id]);
  t.deepEqual(later.offers, []);
});
