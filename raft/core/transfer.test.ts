/** Handing leadership over (§3.10), one law a test. */
import test from 'ava';
import { change, nodeId, removeNode, TestCluster, text } from './test-cluster.ts';
import type { Message } from './types.ts';

const two = nodeId(2);

function led(): TestCluster {
  const cluster = new TestCluster({}, { size: 3 });
  cluster.elect(1);
  cluster.tick(2);
  return cluster;
}

test('who has all of the log takes over at once, without a tick', (t) => {
  const cluster = led();
  t.true(cluster.node(1).transferLeader(two).ok);
  cluster.run();
  t.is(cluster.node(2).status().role, 'leader');
  t.is(cluster.node(1).status().leader, two);
});

test('who lacks some of it gets it first', (t) => {
  const cluster = led();
  cluster.isolate(2);
  cluster.propose(1, 'a');
  cluster.run();
  cluster.node(1).transferLeader(two);
  cluster.run();
  t.is(cluster.node(1).status().role, 'leader');
  cluster.filter();
  cluster.tick(2);
  t.is(cluster.node(2).status().role, 'leader');
  t.deepEqual(cluster.applied(2), ['a']);
});

test('while it lasts nothing is taken, and it ends at its deadline at the latest (catalogue 48)', (t) => {
  const cluster = led();
  cluster.isolate(2);
  cluster.node(1).transferLeader(two, 5);
  const refusal = { kind: 'transferring' };
  t.like(cluster.node(1).propose(text('x')), { ok: false, refusal });
  t.like(cluster.node(1).proposeConf(change(removeNode(3))), { ok: false, refusal });
  cluster.tick(4);
  t.like(cluster.node(1).propose(text('x')), { ok: false, refusal });
  cluster.tick(1);
  t.true(cluster.node(1).propose(text('x')).ok);
  t.is(cluster.node(1).status().role, 'leader');
});

test('a word that is lost is said again', (t) => {
  const cluster = led();
  const isLost: boolean[] = [];
  cluster.filter(({ kind }) => {
    if (kind !== 'MsgTimeoutNow') return true;
    isLost.push(isLost.length === 0);
    return isLost.length > 1;
  });
  cluster.node(1).transferLeader(two);
  cluster.run();
  t.is(cluster.node(1).status().role, 'leader');
  cluster.tick(2);
  t.is(cluster.node(2).status().role, 'leader');
});

test('a second wish replaces the first', (t) => {
  const cluster = led();
  cluster.isolate(2);
  cluster.node(1).transferLeader(two);
  cluster.run();
  cluster.node(1).transferLeader(nodeId(3));
  cluster.run();
  t.is(cluster.node(3).status().role, 'leader');
});

test('only a leader hands over, and only to another voter', (t) => {
  const cluster = new TestCluster({}, { size: 3, waiting: 1 });
  cluster.elect(1);
  const [leader, follower] = [cluster.node(1), cluster.node(2)];
  t.deepEqual(follower.transferLeader(two), {
    ok: false,
    refusal: { kind: 'not-leader', leader: nodeId(1) },
  });
  t.like(leader.transferLeader(nodeId(1)), { ok: false, refusal: { kind: 'leader-already' } });
  t.like(leader.transferLeader(nodeId(4)), { ok: false, refusal: { kind: 'not-voter' } });
});

test('a hand-over to one who is removed meanwhile is off', (t) => {
  const cluster = led();
  cluster.isolate(2);
  cluster.reconfigure(1, change(removeNode(2)));
  cluster.node(1).transferLeader(two);
  cluster.run();
  t.is(cluster.node(1).status().transferee, undefined);
});

test('a call to campaign that comes late, in a later term, is not heeded', (t) => {
  const cluster = led();
  const late: Message[] = [];
  cluster.filter((message) => {
    if (message.kind === 'MsgTimeoutNow') late.push(message);
    return message.kind !== 'MsgTimeoutNow';
  });
  cluster.node(1).transferLeader(two);
  cluster.run();
  t.true(late.length > 0);
  cluster.isolate(1);
  cluster.tick(60);
  const before = [2, 3].map((id) => cluster.node(id).describe());
  for (const message of late) cluster.node(2).step(message);
  cluster.run();
  t.deepEqual(
    [2, 3].map((id) => cluster.node(id).describe()),
    before,
  );
});

test('a follower that forgets its leader may vote for another, once a term still', (t) => {
  const cluster = led();
  cluster.isolate(1);
  for (const id of [2, 3]) cluster.node(id).forgetLeader();
  t.is(cluster.node(2).status().leader, undefined);
  cluster.node(3).campaign();
  cluster.run();
  t.is(cluster.node(3).status().role, 'leader');
  cluster.node(3).forgetLeader();
  t.is(cluster.node(3).status().role, 'leader', 'a leader knows itself');
});
