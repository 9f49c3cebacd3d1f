/**
 * The Raft paper (Ongaro and Ousterhout 2014, extended version) sentence by sentence, each claim a test
 * that is titled with its section. Here: replication and what makes it safe (§5.3 to §5.5).
 * What needs more than a sentence has a file of its own.
 */
import test from 'ava';
import { empty, entriesOf, kindsOf, leaderOf, Lone, one, three, two, vote } from './lone-node.ts';
import { carryOut, messagesOf, TestCluster, text } from './test-cluster.ts';
import type { Term } from './types.ts';

test('figure 3, leader append-only: a leader never overwrites or deletes entries of its log', (t) => {
  const lone = new Lone({}, { terms: [1, 1] });
  lone.stand();
  lone.say({ kind: 'MsgVoteResp', ...vote, from: two, term: 2 });
  const before = lone.log.entries(1, lone.log.lastIndex() + 1, Infinity);
  const second = { ...empty, from: three, term: 2, entries: entriesOf(1, [2]) } as const;
  t.false(lone.node.step(second).ok, 'there is no second leader of the term');
  lone.node.propose(text('a'));
  carryOut(lone.node, lone.log);
  t.deepEqual(lone.log.entries(1, before.length + 1, Infinity), before);
});

test('§5.3 the leader appends a command to its log and sends it to all others in parallel', (t) => {
  const lone = new Lone({}, {});
  lone.stand();
  lone.say({ kind: 'MsgVoteResp', ...vote, from: two, term: 1 });
  const matched = { kind: 'MsgAppResp', to: one, term: 1, index: 1, reject: false } as const;
  for (const from of [two, three]) lone.say({ ...matched, from, hintIndex: 0, hintTerm: 0 });
  lone.node.propose(text('a'));
  const sent = messagesOf(carryOut(lone.node, lone.log));
  t.deepEqual(kindsOf(sent), ['MsgApp', 'MsgApp']);
  t.is(lone.log.lastIndex(), 2);
});

test('§5.3 an entry is committed once a majority has it, and only then applied', (t) => {
  const cluster = new TestCluster({}, { size: 5 });
  cluster.elect(1);
  cluster.isolate(3, 4, 5);
  cluster.propose(1, 'a');
  cluster.run();
  t.deepEqual(cluster.applied(1), []);
  cluster.isolate(4, 5);
  cluster.tick(3);
  t.deepEqual(cluster.applied(1), ['a']);
});

test('§5.3 the leader retries indefinitely, even after the command is applied, until all have it', (t) => {
  const cluster = new TestCluster({}, { size: 3 });
  cluster.elect(1);
  cluster.isolate(3);
  cluster.propose(1, 'a');
  cluster.tick(100);
  t.deepEqual([cluster.applied(1), cluster.applied(3)], [['a'], []]);
  cluster.filter();
  cluster.tick(5);
  t.deepEqual(cluster.applied(3), ['a']);
});

test('§5.3 what is committed commits all before it, also what former leaders made', (t) => {
  const cluster = new TestCluster({}, { size: 3 });
  cluster.elect(1);
  cluster.filter(({ kind, to }) => kind !== 'MsgAppResp' && to !== 3);
  cluster.propose(1, 'a');
  cluster.run();
  cluster.isolate(1);
  cluster.tick(60);
  t.is(leaderOf(cluster, [2, 3]), 2, 'only 2 has it');
  t.deepEqual(cluster.applied(2), ['a']);
});

test('§5.3 a follower applies what it learns to be committed, in the order of the log', (t) => {
  const lone = new Lone({}, { term: 1 });
  lone.say({ ...empty, from: two, term: 1, entries: entriesOf(1, [1, 1, 1]) });
  t.is(lone.node.status().applied, 0);
  lone.node.step({ ...empty, from: two, term: 1, prevIndex: 3, prevTerm: 1, commit: 2 });
  const applied = carryOut(lone.node, lone.log).flatMap(({ committed }) => committed);
  t.deepEqual(
    applied.map(({ index }) => index),
    [1, 2],
  );
});

test('§5.3 a follower refuses entries that follow what its log does not hold', (t) => {
  const lone = new Lone({}, { terms: [1, 1] });
  for (const [prevIndex, prevTerm] of [
    [3, 1],
    [2, 2],
  ] as const) {
    const entries = entriesOf(prevIndex + 1, [2]);
    const said = lone.say({ ...empty, from: two, term: 2, prevIndex, prevTerm, entries });
    t.like(said, [{ kind: 'MsgAppResp', reject: true }]);
  }
  t.is(lone.log.lastIndex(), 2);
});

test('§5.3 figure 7: whatever a follower lacks or has too much, it ends with the leader’s log', (t) => {
  const leader = [1, 1, 1, 4, 4, 5, 5, 6, 6, 6];
  const followers = [
    [1, 1, 1, 4, 4, 5, 5, 6, 6],
    [1, 1, 1, 4],
    [1, 1, 1, 4, 4, 5, 5, 6, 6, 6, 6],
    [1, 1, 1, 4, 4, 5, 5, 6, 6, 6, 7, 7],
    [1, 1, 1, 4, 4, 4, 4],
    [1, 1, 1, 2, 2, 2, 3, 3, 3, 3, 3],
  ];
  for (const [i, terms] of followers.entries()) {
    const cluster = new TestCluster({}, { size: 3 });
    const write = (id: number, of: readonly Term[]): void => {
      cluster
        .log(id)
        .write({ hard: { term: 7, vote: undefined, commit: 0 }, entries: entriesOf(1, of) });
      cluster.crash(id);
    };
    write(1, leader);
    write(2, terms);
    write(3, leader.slice(0, 4));
    cluster.elect(1);
    cluster.tick(2);
    t.deepEqual(cluster.terms(2), [...leader, 8], `follower ${'abcdef'[i]}`);
  }
});

test('§5.3 followers that crash or run slowly do not slow down what a majority decides', (t) => {
  const cluster = new TestCluster({}, { size: 5 });
  cluster.elect(1);
  cluster.isolate(4, 5);
  for (const word of ['a', 'b', 'c']) cluster.propose(1, word);
  cluster.run();
  t.deepEqual(cluster.applied(1), ['a', 'b', 'c']);
});

test('figure 3, log matching: logs with an entry of the same index and term agree up to it', (t) => {
  const cluster = new TestCluster({}, { size: 3 });
  for (let round = 0; round < 30; round++) {
    cluster.isolate(1 + (round % 3));
    for (const id of [1, 2, 3]) cluster.node(id).propose(text(`${round}`));
    cluster.tick(25);
  }
  const logs = [1, 2, 3].map((id) => cluster.terms(id));
  t.true(Math.max(...logs.map(({ length }) => length)) > 20);
  for (const a of logs) {
    for (const b of logs) {
      const agreed = a.findLastIndex((term, i) => b[i] === term);
      t.deepEqual(a.slice(0, agreed + 1), b.slice(0, agreed + 1));
    }
  }
});

test('figure 3, leader completeness: what is committed is in the log of every later leader', (t) => {
  const cluster = new TestCluster({}, { size: 5 });
  const committed: string[] = [];
  for (let round = 0; round < 15; round++) {
    cluster.filter();
    cluster.tick(30);
    const leader = leaderOf(cluster, [1, 2, 3, 4, 5]);
    t.deepEqual(cluster.applied(leader), committed);
    cluster.propose(leader, `${round}`);
    cluster.isolate(1 + (leader % 5));
    cluster.run();
    committed.push(`${round}`);
    cluster.isolate(leader);
    cluster.tick(60);
  }
});

test('§5.4.2 only entries of the leader’s own term are committed by counting replicas (figure 8)', (t) => {
  const lone = new Lone({}, { terms: [1, 2] });
  lone.stand();
  lone.say({ kind: 'MsgVoteResp', ...vote, from: two, term: 3 });
  const matched = { kind: 'MsgAppResp', from: two, to: one, term: 3, reject: false } as const;
  lone.say({ ...matched, index: 2, hintIndex: 0, hintTerm: 0 });
  t.is(lone.node.status().commit, 0);
  lone.say({ ...matched, index: 3, hintIndex: 0, hintTerm: 0 });
  t.is(lone.node.status().commit, 3);
});

test('figure 3, state-machine safety: no two servers apply different commands at an index', (t) => {
  const cluster = new TestCluster({}, { size: 3 });
  for (let round = 0; round < 30; round++) {
    cluster.isolate(1 + (round % 3));
    for (let half = 0; half < 2; half++) {
      for (const id of [1, 2, 3]) cluster.node(id).propose(text(`${round} of ${id}`));
      cluster.tick(25);
    }
  }
  cluster.filter();
  cluster.tick(60);
  const [a, b, c] = [1, 2, 3].map((id) => cluster.applied(id));
  t.true((a?.length ?? 0) > 10);
  t.deepEqual([b, c], [a, a]);
});

test('§5.5 messages are idempotent: entries that are there already are ignored', (t) => {
  const lone = new Lone({}, {});
  const message = { ...empty, from: two, term: 1, entries: entriesOf(1, [1, 1]) } as const;
  const first = lone.say(message);
  const before = lone.node.describe();
  t.deepEqual(lone.say(message), first);
  t.is(lone.node.describe(), before);
});

test('§5.5 a server that crashed and restarts catches up', (t) => {
  const cluster = new TestCluster({}, { size: 3 });
  cluster.elect(1);
  cluster.propose(1, 'a');
  cluster.run();
  cluster.crash(2);
  cluster.propose(1, 'b');
  cluster.tick(3);
  t.deepEqual(cluster.applied(2), ['a', 'b']);
});
