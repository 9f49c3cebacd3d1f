/** What the dissertation (§4) and those who got it wrong say of membership, one law a test. */
import test from 'ava';
import { assert } from '#internal/base/assert.ts';
import { randomFromSeed } from '#internal/base/random.ts';
import { confChangeToBytes } from './confchange-codec.ts';
import type { LogReader } from './log-store.ts';
import { defaultLimits } from './options.ts';
import { RawNode } from './raw-node.ts';
import { MemoryLog } from './memory-log.ts';
import {
  addLearner,
  addVoter,
  carryOut,
  change,
  confOf,
  messagesOf,
  newNode,
  nodeId,
  removeNode,
  TestCluster,
  text,
} from './test-cluster.ts';
import type { ConfChange, Entry, Message } from './types.ts';

const [one, two, three] = [nodeId(1), nodeId(2), nodeId(3)] as const;

/** Node 1 leads; 4 and 5 wait. */
function threeLed(): TestCluster {
  const cluster = new TestCluster({}, { size: 3, waiting: 2 });
  cluster.elect(1);
  cluster.tick(1);
  return cluster;
}

function leaderAmong(cluster: TestCluster, ids: readonly number[]): number {
  const leader = ids.find((id) => cluster.node(id).status().role === 'leader');
  assert(leader !== undefined, 'nobody leads');
  return leader;
}

test('a change is in force where it is applied, and nowhere before', (t) => {
  const cluster = threeLed();
  cluster.filter(({ to }) => to !== 3);
  cluster.reconfigure(1, change(addLearner(4)));
  t.is(cluster.conf(1), '{1,2,3}');
  cluster.run();
  t.is(cluster.conf(1), '{1,2,3 learn 4}');
  t.is(cluster.conf(3), '{1,2,3}');
  cluster.filter();
  cluster.tick(3);
  t.is(cluster.conf(3), '{1,2,3 learn 4}');
});

test('a node that waits is told how the cluster began, and has its log', (t) => {
  const cluster = threeLed();
  cluster.propose(1, 'a');
  t.is(cluster.conf(4), '{}');
  cluster.reconfigure(1, change(addLearner(4)));
  cluster.tick(2);
  cluster.propose(1, 'b');
  cluster.tick(2);
  t.is(cluster.conf(4), '{1,2,3 learn 4}');
  t.deepEqual(cluster.applied(4), ['a', 'b']);
  cluster.crash(4);
  cluster.tick(3);
  t.is(cluster.conf(4), '{1,2,3 learn 4}', 'what it was told is on its disk');
});

test('a node that waits takes no entries before it knows whose they are', (t) => {
  const log = new MemoryLog({}, { conf: confOf() });
  const node = newNode(4, log);
  const entries = [{ term: 1, index: 1, kind: 'noop', data: new Uint8Array() }] as const;
  const append = { kind: 'MsgApp', prevTerm: 0, prevIndex: 0, entries, commit: 0 } as const;
  node.step({ ...append, from: one, to: nodeId(4), term: 1 });
  t.like(messagesOf(carryOut(node, log)), [{ kind: 'MsgAppResp', reject: true, index: 0 }]);
  t.is(node.status().last, 0);
  for (let i = 0; i < 50; i++) node.tick();
  t.is(node.status().role, 'follower');
});

test('a learner gets everything and decides nothing', (t) => {
  const cluster = threeLed();
  cluster.reconfigure(1, change(addLearner(4)));
  cluster.tick(2);
  cluster.isolate(2, 3);
  cluster.propose(1, 'nobody decides it');
  cluster.run();
  t.deepEqual(cluster.applied(1), []);
  t.is(cluster.node(4).status().last, cluster.node(1).status().last);
});

test('a learner votes when it is asked: it may be the last to hear of its promotion (catalogue 29)', (t) => {
  const cluster = threeLed();
  cluster.reconfigure(1, change(addLearner(4)));
  cluster.tick(2);
  cluster.reconfigure(1, change(addVoter(4)));
  cluster.filter(({ kind, to }) => to !== 4 || kind !== 'MsgApp');
  cluster.tick(1);
  t.is(cluster.conf(4), '{1,2,3 learn 4}');
  cluster.isolate(1);
  cluster.crash(3);
  cluster.tick(25);
  cluster.filter(({ from, to }) => ![from, to].includes(one));
  cluster.tick(60);
  t.true([2, 3, 4].some((id) => cluster.node(id).status().role === 'leader'));
});

test('two changes are never on their way at once (catalogue 24)', (t) => {
  const cluster = threeLed();
  cluster.isolate(1);
  cluster.reconfigure(1, change(addLearner(4)));
  const second = cluster.node(1).proposeConf(change(addLearner(5)));
  t.like(second, { ok: false, refusal: { kind: 'in-progress' } });
});

test('a new leader proposes no change before all that it inherited is applied (catalogue 23, 24)', (t) => {
  const cluster = threeLed();
  cluster.reconfigure(1, change(addLearner(4)));
  cluster.filter(({ kind, to }) => kind === 'MsgApp' && to === 2);
  cluster.run();
  cluster.isolate(1);
  cluster.tick(15);
  cluster.node(2).campaign();
  cluster.filter(({ kind, from, to }) => from !== 1 && to !== 1 && kind !== 'MsgApp');
  cluster.run();
  t.is(cluster.node(2).status().role, 'leader');
  t.like(cluster.node(2).proposeConf(change(addLearner(5))), {
    ok: false,
    refusal: { kind: 'in-progress' },
  });
  cluster.isolate(1);
  cluster.tick(3);
  t.is(cluster.conf(2), '{1,2,3 learn 4}', 'what the last leader began is in force');
  t.true(cluster.node(2).proposeConf(change(addLearner(5))).ok);
});

test('the bug of one-server changes: two leaders never decide by disjoint majorities (catalogue 23)', (t) => {
  // Ongaro, raft-dev 2015: 1 adds 5 and loses touch; 2 is elected and removes 1; both go on.
  const cluster = new TestCluster({}, { size: 4, waiting: 1 });
  cluster.elect(1);
  cluster.tick(1);
  cluster.isolate(1);
  cluster.reconfigure(1, change(addVoter(5)));
  cluster.run();
  cluster.tick(60);
  const second = leaderAmong(cluster, [2, 3, 4]);
  cluster.reconfigure(second, change(removeNode(1)));
  cluster.tick(2);
  t.is(cluster.conf(second), '{2,3,4}');
  // 1 and 5 among themselves are no quorum of anything that 1 believes in.
  cluster.filter(({ from, to }) => [from, to].every((id) => id === 1 || id === 5));
  cluster.tick(60);
  t.not(cluster.node(1).status().role, 'leader');
  t.is(cluster.conf(1), '{1,2,3,4}');
});

test('several changes go through a joint configuration, which is left by itself', (t) => {
  const cluster = threeLed();
  const seen = new Set<string>();
  cluster.reconfigure(1, change(addVoter(4), addVoter(5), removeNode(2), removeNode(3)));
  cluster.filter(() => {
    seen.add(cluster.conf(1));
    return true;
  });
  cluster.tick(5);
  t.deepEqual([...seen], ['{1,2,3}', '{1,4,5|1,2,3 leaving}', '{1,4,5}']);
  for (const id of [4, 5]) t.is(cluster.conf(id), '{1,4,5}');
});

test('an explicit change stays joint until it is told to end, and takes no other', (t) => {
  const cluster = threeLed();
  cluster.reconfigure(1, { transition: 'explicit', changes: [addVoter(4), addVoter(5)] });
  cluster.tick(20);
  t.is(cluster.conf(1), '{1,2,3,4,5|1,2,3}');
  t.like(cluster.node(1).proposeConf(change(addLearner(2))), {
    ok: false,
    refusal: { kind: 'impossible' },
  });
  cluster.reconfigure(1, change());
  cluster.tick(2);
  t.is(cluster.conf(1), '{1,2,3,4,5}');
});

test('in a joint configuration both majorities decide: neither alone does (catalogue 28)', (t) => {
  const explicit: ConfChange = {
    transition: 'explicit',
    changes: [addVoter(4), addVoter(5), removeNode(2), removeNode(3)],
  };
  for (const [cut, why] of [
    [[2, 3], 'the outgoing half has no majority'],
    [[4, 5], 'the incoming half has none'],
  ] as const) {
    const cluster = threeLed();
    cluster.reconfigure(1, explicit);
    cluster.tick(5);
    t.is(cluster.conf(1), '{1,4,5|1,2,3}');
    cluster.isolate(...cut);
    cluster.propose(1, 'x');
    cluster.tick(1);
    t.deepEqual(cluster.applied(1), [], why);
    cluster.tick(40);
    t.not(cluster.node(1).status().role, 'leader', 'and it resigns');
    cluster.filter();
    cluster.tick(60);
    t.true([1, 2, 3, 4, 5].some((id) => cluster.applied(id).includes('x')));
  }
});

test('a new leader leaves the joint configuration that its predecessor entered (catalogue 25, 26)', (t) => {
  const cluster = threeLed();
  cluster.reconfigure(1, change(addVoter(4), removeNode(3)));
  // The entry that leaves does not get through before the leader is gone.
  cluster.filter(
    (message) =>
      message.from !== 1 ||
      message.kind !== 'MsgApp' ||
      message.entries.every(({ kind, data }) => kind !== 'conf' || data.length > 6),
  );
  cluster.run();
  t.is(cluster.conf(1), '{1,2,4|1,2,3 leaving}');
  cluster.isolate(1);
  cluster.tick(80);
  for (const id of [2, 4]) t.is(cluster.conf(id), '{1,2,4}');
});

test('a change that is not decided is taken back with the log that held it (catalogue 32)', (t) => {
  const cluster = threeLed();
  cluster.isolate(1);
  cluster.reconfigure(1, change(removeNode(2)));
  cluster.run();
  cluster.tick(60);
  t.not(leaderAmong(cluster, [2, 3]), 1);
  cluster.filter();
  cluster.tick(5);
  for (const id of [1, 2, 3]) t.is(cluster.conf(id), '{1,2,3}');
});

test('a change is found again after a crash, decided or not, and made once (catalogue 25, 31)', (t) => {
  const cluster = threeLed();
  cluster.reconfigure(1, change(addLearner(4)));
  cluster.tick(2);
  cluster.propose(1, 'a');
  cluster.tick(2);
  for (const id of [1, 2, 3, 4]) cluster.crash(id);
  cluster.tick(60);
  for (const id of [1, 2, 3, 4]) t.is(cluster.conf(id), '{1,2,3 learn 4}');
});

test('a state machine that kept what it applied gets no change twice, and no configuration is lost', (t) => {
  const cluster = threeLed();
  cluster.reconfigure(1, change(addVoter(4), removeNode(2)));
  cluster.tick(3);
  const log = cluster.log(1);
  for (let applied = log.firstIndex() - 1; applied <= log.lastIndex(); applied++) {
    const node = newNode(1, log, {}, { appliedIndex: applied });
    carryOut(node, log);
    if (node.status().commit < log.lastIndex()) continue;
    t.deepEqual(node.status().conf, cluster.node(1).status().conf);
  }
  const all = newNode(1, log, {}, { appliedIndex: cluster.node(1).status().applied });
  t.deepEqual(all.status().conf, cluster.node(1).status().conf);
});

test('a learner that restarts is a learner still (catalogue 20)', (t) => {
  const cluster = threeLed();
  cluster.reconfigure(1, change(addLearner(4)));
  cluster.tick(2);
  cluster.crash(4);
  cluster.isolate(4);
  cluster.tick(60);
  t.is(cluster.node(4).status().role, 'follower');
  t.is(cluster.node(4).status().term, cluster.node(1).status().term);
});

test('a snapshot’s configuration is that of its index, not of now (catalogue 36)', (t) => {
  const cluster = threeLed();
  cluster.propose(1, 'a');
  cluster.run();
  const before = cluster.node(1).status().applied;
  cluster.reconfigure(1, change(addVoter(4), addVoter(5)));
  cluster.tick(3);
  t.deepEqual(cluster.node(1).markAt(before)?.conf, confOf(1, 2, 3));
  t.deepEqual(
    cluster.node(1).markAt(cluster.node(1).status().applied)?.conf,
    confOf(1, 2, 3, 4, 5),
  );
  t.is(cluster.node(1).markAt(999), undefined);
  const mark = cluster.node(1).markAt(before);
  assert(mark !== undefined, 'it is applied');
  cluster.log(1).forget(mark);
  t.is(cluster.node(1).markAt(before - 1), undefined);
  t.deepEqual(cluster.node(1).markAt(before)?.conf, confOf(1, 2, 3));
  cluster.crash(1);
  cluster.tick(30);
  t.deepEqual(cluster.node(1).status().conf, confOf(1, 2, 3, 4, 5));
});

test('a leader that removes itself sees it through, does not count itself, and leaves an heir (catalogue 27)', (t) => {
  const cluster = threeLed();
  cluster.reconfigure(1, change(removeNode(1)));
  cluster.filter(({ to }) => to !== 3);
  cluster.run();
  // Applied at 1 with 2's help. Now {2,3} decides, and 3 is cut off.
  t.is(cluster.conf(1), '{2,3}');
  t.is(cluster.node(1).status().role, 'leader');
  const { commit, last } = cluster.node(1).status();
  t.true(commit < last, 'its farewell is not decided by 2 alone');
  t.like(cluster.node(1).propose(text('x')), { ok: false, refusal: { kind: 'transferring' } });
  cluster.filter();
  cluster.tick(2);
  t.not(cluster.node(1).status().role, 'leader');
  const { leader } = cluster.node(2).status();
  t.true(leader === two || leader === three, 'nobody waited for a time-out');
  cluster.isolate(1);
  cluster.tick(100);
  t.is(cluster.node(1).status().role, 'follower', 'who is removed does not campaign');
});

test('a leader demoted to a learner resigns too', (t) => {
  const cluster = threeLed();
  cluster.reconfigure(1, change(addLearner(1), addVoter(4)));
  cluster.tick(4);
  t.is(cluster.conf(1), '{2,3,4 learn 1}');
  t.is(cluster.node(1).status().role, 'follower');
  t.not(cluster.node(1).status().leader, undefined);
});

test('a cluster of two lets one go, even if the one that stays forgets that it is decided', (t) => {
  const cluster = new TestCluster({}, { size: 2 });
  cluster.elect(1);
  cluster.tick(1);
  cluster.reconfigure(1, change(removeNode(1)));
  cluster.tick(2);
  t.is(cluster.conf(2), '{2}');
  cluster.isolate(1);
  cluster.crash(2);
  cluster.tick(40);
  t.like(cluster.node(2).status(), { role: 'leader' });
});

test('whoever refuses a vote tells what is decided, and a change that was missed is found so', (t) => {
  const cluster = new TestCluster({}, { size: 2 });
  cluster.elect(1);
  cluster.tick(1);
  cluster.reconfigure(1, change(removeNode(1)));
  // 2 has the change, but nobody tells it that it is decided.
  cluster.filter((message) => message.kind !== 'MsgApp' || message.commit < 2);
  cluster.run();
  t.is(cluster.conf(1), '{2}');
  t.is(cluster.conf(2), '{1,2}');
  cluster.filter(({ kind }) => kind !== 'MsgApp' && kind !== 'MsgHeartbeat');
  cluster.tick(80);
  t.is(cluster.conf(2), '{2}');
  t.is(cluster.node(2).status().role, 'leader');
});

test('who was removed hears no more of the cluster, and cannot disturb it', (t) => {
  const cluster = threeLed();
  cluster.filter(({ to }) => to !== 3);
  cluster.reconfigure(1, change(removeNode(3)));
  cluster.tick(3);
  t.is(cluster.conf(3), '{1,2,3}', 'it was not told');
  cluster.filter();
  const { term } = cluster.node(1).status();
  cluster.tick(100);
  t.like(cluster.node(1).status(), { role: 'leader', term });
});

test('nobody campaigns who has a decided change yet to apply', (t) => {
  const log = new MemoryLog({}, { conf: confOf(1, 2, 3) });
  const node = newNode(1, log);
  const entry = { term: 1, index: 1, kind: 'conf' } as const;
  const append: Message = {
    kind: 'MsgApp',
    from: two,
    to: one,
    term: 1,
    prevTerm: 0,
    prevIndex: 0,
    entries: [{ ...entry, data: Uint8Array.of(1, 0, 1, 0, 0, 0, 2, 3, 0, 0, 0, 0, 0, 0, 0) }],
    commit: 1,
  };
  node.step(append);
  t.deepEqual(node.campaign(), { ok: false, refusal: { kind: 'conf-unapplied' } });
  carryOut(node, log);
  t.deepEqual(node.status().conf, confOf(1, 2));
  t.true(node.campaign().ok);
});

test('after a change nothing is handed out before it is in force', (t) => {
  const cluster = threeLed();
  const node = cluster.node(1);
  cluster.reconfigure(1, change(addLearner(4)));
  cluster.propose(1, 'a');
  const log = cluster.log(1);
  const first = node.ready();
  log.write({ hard: first.hard, entries: first.entries });
  node.advance();
  const answer = { kind: 'MsgAppResp', reject: false, hintIndex: 0, hintTerm: 0 } as const;
  node.step({ ...answer, from: two, to: one, term: 1, index: log.lastIndex() });
  const second = node.ready();
  t.is(second.committed.at(-1)?.kind, 'conf');
  t.deepEqual(node.ready().committed, []);
  node.applyConf(change(addLearner(4)));
  t.deepEqual(
    node.ready().committed.map(({ kind }) => kind),
    ['normal'],
  );
  t.throws(() => node.applyConf(change(addLearner(4))), { any: true, message: /no change/ });
});

test('a leader that has just taken others in does not resign before they had time to answer', (t) => {
  const cluster = new TestCluster({}, { size: 1, waiting: 2 });
  cluster.elect(1);
  // The next tick but one asks who listens.
  cluster.tick(8);
  cluster.reconfigure(1, change(addVoter(2), addVoter(3)));
  cluster.filter(({ from }) => from === 1);
  cluster.tick(3);
  t.is(cluster.conf(1), '{1,2,3|1 leaving}');
  t.is(cluster.node(1).status().role, 'leader');
  cluster.filter();
  cluster.tick(3);
  t.is(cluster.conf(1), '{1,2,3}');
});

test('a log that keeps entries before its mark does not make their changes twice', (t) => {
  const conf = { voters: [one, two, three], outgoing: [], learners: [], learnersNext: [] };
  const initial = {
    hard: { term: 1, vote: undefined, commit: 6 },
    conf: { ...conf, autoLeave: false },
  };
  // The end of a joint change, whose beginning is compacted away.
  const data = confChangeToBytes({ transition: 'auto', changes: [] });
  const entries: readonly Entry[] = [
    { index: 5, term: 1, kind: 'conf', data },
    { index: 6, term: 1, kind: 'normal', data: new Uint8Array() },
  ];
  const log: LogReader = {
    firstIndex: () => 5,
    lastIndex: () => 6,
    term: () => 1,
    entries: (from, to) => entries.filter(({ index }) => index >= from && index < to),
    snapshot: () => ({ index: 6, term: 1, conf: initial.conf }),
  };
  const options = { ...defaultLimits, id: one, initial, appliedIndex: 6 };
  const node = new RawNode({ log, random: randomFromSeed(1) }, options);
  t.deepEqual(node.status().conf, initial.conf);
});
