/**
 * The Raft paper (Ongaro and Ousterhout 2014, extended version) sentence by sentence, each claim a test
 * that is titled with its section. Here: members, snapshots and clients (§6 to §8).
 * What needs more than a sentence has a file of its own.
 */
import test from 'ava';
import { assert } from '#internal/base/assert.ts';
import { empty, Lone, one, plea, three, two, vote } from './lone-node.ts';
import { addLearner, change, confOf, removeNode, TestCluster } from './test-cluster.ts';

test('§6 new servers join as non-voting members: they get the log and are counted for nothing', (t) => {
  const cluster = new TestCluster({}, { size: 2, waiting: 1 });
  cluster.elect(1);
  cluster.reconfigure(1, change(addLearner(3)));
  cluster.tick(3);
  cluster.isolate(2);
  cluster.propose(1, 'a');
  cluster.tick(3);
  t.deepEqual(cluster.applied(1), []);
  t.is(cluster.node(3).status().last, cluster.node(1).status().last);
});

test('§6 a leader that is not in the new configuration steps down once that is committed', (t) => {
  const cluster = new TestCluster({}, { size: 3 });
  cluster.elect(1);
  cluster.tick(1);
  cluster.reconfigure(1, change(removeNode(1)));
  t.is(cluster.node(1).status().role, 'leader');
  cluster.tick(3);
  t.not(cluster.node(1).status().role, 'leader');
  t.is(cluster.conf(2), '{2,3}');
});

test('§6 servers disregard requests for votes while they believe that a leader exists', (t) => {
  const lone = new Lone({}, { term: 1 });
  lone.say({ ...empty, from: two, term: 1 });
  t.deepEqual(lone.say({ ...plea, from: three, term: 8 }), []);
  t.is(lone.node.status().term, 1);
});

test('§7 a leader sends a snapshot to a follower that lags behind what it has discarded', (t) => {
  const cluster = new TestCluster({}, { size: 3 });
  cluster.elect(1);
  cluster.isolate(3);
  for (const word of ['a', 'b']) cluster.propose(1, word);
  cluster.run();
  const mark = cluster.node(1).markAt(cluster.node(1).status().applied);
  assert(mark !== undefined, 'it is applied');
  cluster.log(1).forget(mark);
  const kinds = new Set<string>();
  cluster.filter(({ kind }) => {
    kinds.add(kind);
    return true;
  });
  cluster.tick(5);
  t.true(kinds.has('MsgSnap'));
  t.is(cluster.node(3).status().applied, mark.index);
});

test('§7 a snapshot of a prefix of the log leaves what follows it', (t) => {
  const lone = new Lone({}, { terms: [1, 1, 1] });
  const snapshot = { index: 2, term: 1, conf: confOf(1, 2, 3) };
  lone.say({ kind: 'MsgSnap', from: two, to: one, term: 1, snapshot });
  t.like(lone.node.status(), { last: 3, commit: 2 });
});

test('§7 a snapshot with news supersedes the whole log', (t) => {
  const lone = new Lone({}, { terms: [1, 1, 1] });
  const snapshot = { index: 3, term: 2, conf: confOf(1, 2, 3) };
  lone.say({ kind: 'MsgSnap', from: two, to: one, term: 2, snapshot });
  t.like(lone.node.status(), { last: 3, commit: 3, applied: 3 });
  t.is(lone.log.firstIndex(), 4);
});

test('§8 a leader commits a blank entry at the start of its term', (t) => {
  const lone = new Lone({}, { terms: [1] });
  lone.stand();
  lone.say({ kind: 'MsgVoteResp', ...vote, from: two, term: 2 });
  t.like(lone.log.entries(2, 3, Infinity), [{ kind: 'noop', term: 2 }]);
});

test('§8 a leader exchanges heartbeats with a majority before it answers a read', (t) => {
  const cluster = new TestCluster({}, { size: 3 });
  cluster.elect(1);
  cluster.tick(1);
  cluster.isolate(1);
  cluster.node(1).readIndex(1);
  cluster.tick(1);
  t.deepEqual(cluster.reads(1), []);
  cluster.filter();
  cluster.tick(1);
  t.is(cluster.reads(1).length, 1);
});
