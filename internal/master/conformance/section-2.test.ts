/** Contract 2: ids and numbers. */
import test from 'ava';
import { frameworkInfo, Stage } from '../testing/stage.ts';

test('2.1: ids are made of the id of the master and counters of their own', async (t) => {
  const stage = await Stage.subscribed();
  const agent = await stage.agent();
  const offer = await stage.offer();
  t.deepEqual([stage.id, agent.id, offer.id.value], ['m1-1-0000', 'm1-1-S0', 'm1-1-O0']);
  t.not(stage.streamId, '');
});

test('2.2: heartbeats are told of as 15 s, and come at once and every 15 s', async (t) => {
  const stage = await Stage.empty();
  const events = await stage.subscribe({ framework_info: frameworkInfo() });
  t.deepEqual(
    events.map(({ type }) => type),
    ['SUBSCRIBED', 'HEARTBEAT'],
  );
  t.is(events[0]?.subscribed?.heartbeat_interval_seconds, 15);
  await stage.cluster.world.runFor(60_000);
  t.is(stage.events().filter(({ type }) => type === 'HEARTBEAT').length, 5);
});

test('2.2: what is below the minimum of an offer is not offered', async (t) => {
  const stage = await Stage.subscribed();
  const agent = await stage.cluster.agent(stage.leader, 'small', {
    resources: [
      { name: 'cpus', type: 'SCALAR', scalar: { value: 0.009 } },
      { name: 'mem', type: 'SCALAR', scalar: { value: 31 } },
    ],
  });
  await stage.cluster.world.runFor(3000);
  t.true(agent.isConnected);
  t.false(stage.events().some(({ type }) => type === 'OFFERS'));
});

test('2.2: an agent that is silent for 75 s is unreachable, and heard of it', async (t) => {
  const stage = await Stage.subscribed();
  const agent = await stage.agent();
  t.is(agent.heard('registered')[0]?.total_ping_timeout_seconds, 75);
  agent.answersPings = false;
  await stage.cluster.world.runFor(74_000);
  t.false(stage.events().some(({ type }) => type === 'FAILURE'));
  await stage.cluster.world.runFor(17_000);
  t.true(stage.events().some(({ failure }) => failure?.agent_id?.value === agent.id));
});
