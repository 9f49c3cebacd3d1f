/**
 * The Raft paper (Ongaro and Ousterhout 2014, extended version) sentence by sentence: each claim is a
 * test, titled with its section. What needs more than a sentence has its own file.
 */
import test from 'ava';
import { assert } from '#internal/base/assert.ts';
import { MemoryLog } from './memory-log.ts';
import type { RawNode } from './raw-node.ts';
import {
  addLearner,
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
import type { Entry, Message, Term } from './types.ts';

const [one, two, three] = [nodeId(1), nodeId(2), nodeId(3)] as const;

const entriesOf = (first: number, terms: readonly Term[]): Entry[] =>
  terms.map((term, i) => ({ term, index: first + i, kind: 'normal', data: text(`${first + i}`) }));

class Lone {
  readonly log: MemoryLog = new MemoryLog({}, { conf: confOf(1, 2, 3) });
  readonly node: RawNode;

  /** Node 1 of three, with a log of these terms; what it says goes nowhere. */
  constructor(_dependencies: object, { terms = [], term }: { terms?: Term[]; term?: Term }) {
    const hard = { term: term ?? terms.at(-1) ?? 0, vote: undefined, commit: 0 };
    this.log.write({ hard, entries: entriesOf(1, terms) });
    this.node = newNode(1, this.log);
  }

  say(message: Message): readonly Message[] {
    this.node.step(message);
    return messagesOf(carryOut(this.node, this.log));
  }

  tick(count: number): readonly Message[] {
    return Array.from({ length: count }, () => {
      this.node.tick();
      return messagesOf(carryOut(this.node, this.log));
    }).flat();
  }

  /** Campaigns, past the pre-votes. */
  stand(): readonly Message[] {
    this.node.campaign();
    carryOut(this.node, this.log);
    const term = this.node.status().term + 1;
    return this.say({ kind: 'MsgPreVoteResp', ...vote, from: two, term });
  }
}

const decided = { commit: 0, commitTerm: 0 };
const vote = { to: one, reject: false, ...decided } as const;
const plea = {
  kind: 'MsgVote',
  to: one,
  transfer: false,
  lastTerm: 9,
  lastIndex: 9,
  ...decided,
} as const;
const empty = {
  kind: 'MsgApp',
  to: one,
  prevTerm: 0,
  prevIndex: 0,
  entries: [],
  commit: 0,
} as const;
const kindsOf = (messages: readonly Message[]): string[] => messages.map(({ kind }) => kind);

function leaderOf(cluster: TestCluster, ids: readonly number[]): number {
  const leader = ids.find((id) => cluster.node(id).status().role === 'leader');
  assert(leader !== undefined, 'nobody leads');
  return leader;
}

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
