/**
 * The Raft paper (Ongaro and Ousterhout 2014, extended version) sentence by sentence, each claim a test
 * that is titled with its section. Here: who leads: terms, votes and elections (§5.1, §5.2, §5.4.1).
 * What needs more than a sentence has a file of its own.
 */
import test from 'ava';
import { empty, entriesOf, kindsOf, Lone, one, plea, three, two, vote } from './lone-node.ts';
import { MemoryLog } from './memory-log.ts';
import { carryOut, confOf, newNode, TestCluster } from './test-cluster.ts';
import type { Term } from './types.ts';

test('§5.1 when servers start up, they begin as followers', (t) => {
  t.is(new Lone({}, { terms: [1, 2] }).node.status().role, 'follower');
});

test('§5.2 a server remains a follower as long as it receives valid messages from a leader', (t) => {
  const lone = new Lone({}, {});
  for (let i = 0; i < 50; i++) {
    lone.tick(9);
    lone.say({ ...empty, from: two, term: 1 });
  }
  t.like(lone.node.status(), { role: 'follower', term: 1 });
});

test('§5.1 if one server’s term is smaller than the other’s, it updates to the larger value', (t) => {
  const lone = new Lone({}, { term: 3 });
  lone.say({ ...empty, from: two, term: 7 });
  t.is(lone.node.status().term, 7);
  t.is(lone.log.initial.hard.term, 7, 'on disk, too');
});

test('§5.1 a candidate or leader that finds its term out of date becomes a follower at once', (t) => {
  const candidate = new Lone({}, {});
  candidate.stand();
  t.is(candidate.node.status().role, 'candidate');
  candidate.say({ kind: 'MsgVoteResp', ...vote, from: two, term: 5, reject: true });
  t.like(candidate.node.status(), { role: 'follower', term: 5 });
  const leader = new Lone({}, {});
  leader.stand();
  leader.say({ kind: 'MsgVoteResp', ...vote, from: two, term: 1 });
  t.is(leader.node.status().role, 'leader');
  leader.say({
    kind: 'MsgAppResp',
    from: three,
    to: one,
    term: 9,
    index: 0,
    reject: false,
    hintIndex: 0,
    hintTerm: 0,
  });
  t.like(leader.node.status(), { role: 'follower', term: 9 });
});

test('§5.1 a request with a stale term is rejected, and its sender told the current one', (t) => {
  const lone = new Lone({}, { terms: [1], term: 4 });
  t.like(lone.say({ ...empty, from: two, term: 2, entries: entriesOf(1, [2]) }), [{ term: 4 }]);
  t.deepEqual(lone.log.term(1), 1);
  t.deepEqual(kindsOf(lone.say({ ...plea, from: two, term: 3 })), []);
});

test('§5.2 to begin an election a follower takes the next term, votes for itself and asks all others', (t) => {
  const lone = new Lone({}, { terms: [2] });
  const asked = lone.stand();
  t.like(lone.node.status(), { role: 'candidate', term: 3, vote: one });
  t.deepEqual(kindsOf(asked), ['MsgVote', 'MsgVote']);
  t.deepEqual(new Set(asked.map(({ to }) => to)), new Set([two, three]));
});

test('§5.2 each server votes for at most one candidate in a term, first come first served', (t) => {
  const lone = new Lone({}, {});
  t.like(lone.say({ ...plea, from: two, term: 3 }), [{ to: two, reject: false }]);
  t.like(lone.say({ ...plea, from: three, term: 3 }), [{ to: three, reject: true }]);
  t.like(lone.say({ ...plea, from: three, term: 4 }), [{ to: three, reject: false }]);
});

test('§5.2 a candidate wins with the votes of a majority, and none short of it', (t) => {
  const log = new MemoryLog({}, { conf: confOf(1, 2, 3, 4, 5) });
  const node = newNode(1, log);
  node.campaign();
  carryOut(node, log);
  for (const kind of ['MsgPreVoteResp', 'MsgVoteResp'] as const) {
    for (const from of [two, three]) {
      t.not(node.status().role, 'leader');
      node.step({ kind, ...vote, from, term: 1 });
      carryOut(node, log);
    }
  }
  t.is(node.status().role, 'leader');
});

test('§5.2 once it wins it speaks to all others, to keep them from campaigning', (t) => {
  const lone = new Lone({}, {});
  lone.stand();
  const said = lone.say({ kind: 'MsgVoteResp', ...vote, from: three, term: 1 });
  t.deepEqual(new Set(said.map(({ to }) => to)), new Set([two, three]));
  t.deepEqual(kindsOf(said), ['MsgApp', 'MsgApp']);
});

test('§5.2 a candidate that hears from a leader of its term gives up; from one of an older it goes on', (t) => {
  const lone = new Lone({}, { term: 3 });
  lone.stand();
  lone.say({ ...empty, from: two, term: 3 });
  t.like(lone.node.status(), { role: 'candidate', term: 4 });
  lone.say({ ...empty, from: two, term: 4 });
  t.like(lone.node.status(), { role: 'follower', leader: two, term: 4 });
});

test('§5.2 when votes are split, candidates time out and start anew', (t) => {
  const lone = new Lone({}, {});
  lone.stand();
  t.is(lone.node.status().term, 1);
  const again = lone.tick(20);
  t.true(kindsOf(again).includes('MsgPreVote'));
  lone.say({ kind: 'MsgPreVoteResp', ...vote, from: three, term: 2 });
  t.like(lone.node.status(), { role: 'candidate', term: 2 });
});

test('§5.2 split votes are rare and resolved quickly: five candidates at once come to one leader', (t) => {
  const cluster = new TestCluster({}, { size: 5 });
  for (const id of [1, 2, 3, 4, 5]) cluster.node(id).campaign();
  cluster.tick(60);
  const leads = [1, 2, 3, 4, 5].filter((id) => cluster.node(id).status().role === 'leader');
  t.is(leads.length, 1);
});

test('figure 3, election safety: at most one leader is elected in a term', (t) => {
  const leaders = new Map<Term, Set<number>>();
  const cluster = new TestCluster({}, { size: 5 });
  for (let round = 0; round < 60; round++) {
    // Two are cut off, in turn; whoever led before may be among them and go on for a while.
    cluster.isolate(1 + (round % 5), 1 + ((round * 3) % 5));
    for (const id of [1, 2, 3, 4, 5]) if ((round + id) % 3 === 0) cluster.node(id).campaign();
    cluster.tick(15);
    for (const id of [1, 2, 3, 4, 5]) {
      const { role, term } = cluster.node(id).status();
      if (role === 'leader') leaders.set(term, (leaders.get(term) ?? new Set()).add(id));
    }
  }
  t.true(leaders.size > 5);
  for (const [term, ids] of leaders) t.is(ids.size, 1, `term ${term}`);
});

test('§5.4.1 a voter denies its vote when its own log is more up to date', (t) => {
  for (const [lastTerm, lastIndex, granted] of [
    [2, 9, false],
    [3, 2, false],
    [3, 3, true],
    [4, 1, true],
  ] as const) {
    const lone = new Lone({}, { terms: [1, 3, 3] });
    const said = lone.say({ ...plea, from: two, term: 9, lastTerm, lastIndex });
    t.like(said, [{ kind: 'MsgVoteResp', reject: !granted }]);
  }
});
