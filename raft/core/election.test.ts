/** What the paper and those who built it say of elections, one law a test. */
import test from 'ava';
import fc from 'fast-check';
import { MemoryLog } from './memory-log.ts';
import type { RawNode } from './raw-node.ts';
import {
  carryOut,
  confOf,
  type Limits,
  messagesOf,
  newNode,
  nodeId,
  TestCluster,
} from './test-cluster.ts';
import type { Entry, Message, Term } from './types.ts';

const [one, two, three] = [nodeId(1), nodeId(2), nodeId(3)] as const;

/** Node 1 of three, with a log of these terms and nothing else. */
function nodeWith(terms: readonly Term[], term: Term = terms.at(-1) ?? 0): [RawNode, MemoryLog] {
  const log = new MemoryLog({}, { conf: confOf(1, 2, 3) });
  const entries = terms.map((each, i): Entry => ({
    term: each,
    index: i + 1,
    kind: 'normal',
    data: new Uint8Array(),
  }));
  log.write({ hard: { term, vote: undefined, commit: 0 }, entries });
  return [newNode(1, log), log];
}

const decided = { commit: 0, commitTerm: 0 };

type Plea = Extract<Message, { kind: 'MsgVote' | 'MsgPreVote' }>;

const plea = (more: Partial<Plea> & Pick<Plea, 'from' | 'term'>): Message => ({
  kind: 'MsgVote',
  to: one,
  lastTerm: 0,
  lastIndex: 0,
  transfer: false,
  ...decided,
  ...more,
});

function reply(node: RawNode, log: MemoryLog, message: Message): readonly Message[] {
  node.step(message);
  return messagesOf(carryOut(node, log));
}

function ticked(node: RawNode, log: MemoryLog, count: number): readonly Message[] {
  return Array.from({ length: count }, () => {
    node.tick();
    return messagesOf(carryOut(node, log));
  }).flat();
}

test('a cluster elects a leader by itself, and then leaves it in peace', (t) => {
  const cluster = new TestCluster({}, { size: 5 });
  cluster.tick(40);
  const before = [1, 2, 3, 4, 5].map((id) => cluster.node(id).status());
  t.is(before.filter(({ role }) => role === 'leader').length, 1);
  t.is(new Set(before.map(({ leader }) => leader)).size, 1);
  cluster.tick(200);
  t.deepEqual(
    [1, 2, 3, 4, 5].map((id) => cluster.node(id).status().term),
    before.map(({ term }) => term),
  );
});

test('a single voter elects itself, once its vote is on disk', (t) => {
  const log = new MemoryLog({}, { conf: confOf(1) });
  const node = newNode(1, log);
  node.campaign();
  t.is(node.status().role, 'candidate');
  carryOut(node, log);
  t.like(node.status(), { role: 'leader', commit: 1, applied: 1 });
  t.is(log.initial.hard.vote, one);
});

test('a vote is spent once in a term, even across a crash', (t) => {
  const [node, log] = nodeWith([]);
  t.like(reply(node, log, plea({ from: two, term: 7 })), [{ kind: 'MsgVoteResp', reject: false }]);
  const revived = newNode(1, log);
  t.like(reply(revived, log, plea({ from: three, term: 7 })), [{ to: three, reject: true }]);
  t.like(reply(revived, log, plea({ from: two, term: 7 })), [{ to: two, reject: false }]);
});

test('a vote leaves only after it is durable, with the term in one record (catalogue 17, 19)', (t) => {
  const [node] = nodeWith([]);
  node.step(plea({ from: two, term: 7 }));
  const ready = node.ready();
  t.deepEqual(ready.messages, []);
  t.like(ready, { mustSync: true, hard: { term: 7, vote: two } });
  t.like(ready.messagesAfterSync, [{ kind: 'MsgVoteResp', term: 7, reject: false }]);
});

test('a candidate asks for votes only after its own is durable, and counts it only then', (t) => {
  const [node, log] = nodeWith([]);
  node.campaign();
  carryOut(node, log);
  node.step({ kind: 'MsgPreVoteResp', from: two, to: one, term: 1, reject: false, ...decided });
  const ready = node.ready();
  t.deepEqual(ready.messages, []);
  t.deepEqual(
    ready.messagesAfterSync.map(({ kind }) => kind),
    ['MsgVote', 'MsgVote'],
  );
  node.step({ kind: 'MsgVoteResp', from: three, to: one, term: 1, reject: false, ...decided });
  t.is(node.status().role, 'candidate', 'one vote of three, ours is still in memory');
  node.advance();
  t.is(node.status().role, 'leader');
});

test('a write that ends does not stand in for the one that carries our own vote', (t) => {
  const [node, log] = nodeWith([], 1);
  reply(node, log, { kind: 'MsgHeartbeat', from: two, to: one, term: 1, commit: 0, context: 0 });
  node.step({
    kind: 'MsgApp',
    from: two,
    to: one,
    term: 1,
    prevTerm: 0,
    prevIndex: 0,
    entries: [{ term: 1, index: 1, kind: 'noop', data: new Uint8Array() }],
    commit: 0,
  });
  const { hard, entries } = node.ready();
  node.campaign();
  node.step({ kind: 'MsgPreVoteResp', from: three, to: one, term: 2, reject: false, ...decided });
  log.write({ hard, entries });
  node.advance();
  node.step({ kind: 'MsgVoteResp', from: three, to: one, term: 2, reject: false, ...decided });
  t.is(node.status().role, 'candidate', 'one vote of three, ours is still in memory');
  carryOut(node, log);
  t.is(node.status().role, 'leader');
});

test('no term is spoken of before it is durable, not even in an answer to a heartbeat', (t) => {
  const [node] = nodeWith([], 1);
  node.step({ kind: 'MsgHeartbeat', from: two, to: one, term: 2, commit: 0, context: 0 });
  const ready = node.ready();
  t.deepEqual(ready.messages, []);
  t.like(ready, { mustSync: true, hard: { term: 2 }, messagesAfterSync: [{ term: 2 }] });
});

test('a vote goes to a log that is at least as current: last terms first, then lengths (catalogue 8)', (t) => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 1, max: 4 }), { maxLength: 5 }),
      fc.nat(5),
      fc.nat(6),
      (unsorted, lastTerm, lastIndex) => {
        const terms = unsorted.toSorted((a, b) => a - b);
        const [node, log] = nodeWith(terms);
        const ours = terms.at(-1) ?? 0;
        const isCurrent = lastTerm > ours || (lastTerm === ours && lastIndex >= terms.length);
        const said = reply(node, log, plea({ from: two, term: 9, lastTerm, lastIndex }));
        t.like(said, [{ reject: !isCurrent }]);
      },
    ),
  );
});

test('a pre-vote changes nothing, however high its term (catalogue 21)', (t) => {
  const [node, log] = nodeWith([1]);
  const before = node.describe();
  const said = reply(
    node,
    log,
    plea({ kind: 'MsgPreVote', from: two, term: 9, lastTerm: 1, lastIndex: 1 }),
  );
  t.like(said, [{ kind: 'MsgPreVoteResp', reject: false, term: 9 }]);
  t.is(node.describe(), before);
});

test('a granted pre-vote is no vote (catalogue 21)', (t) => {
  const [node, log] = nodeWith([]);
  node.campaign();
  reply(node, log, {
    kind: 'MsgPreVoteResp',
    from: two,
    to: one,
    term: 1,
    reject: false,
    ...decided,
  });
  t.is(node.status().role, 'candidate');
  reply(node, log, {
    kind: 'MsgPreVoteResp',
    from: three,
    to: one,
    term: 1,
    reject: false,
    ...decided,
  });
  t.is(node.status().role, 'candidate');
});

test('a pre-vote granted to an older round is worth nothing', (t) => {
  const [node, log] = nodeWith([], 4);
  node.campaign();
  reply(node, log, {
    kind: 'MsgPreVoteResp',
    from: two,
    to: one,
    term: 4,
    reject: false,
    ...decided,
  });
  t.like(node.status(), { role: 'pre-candidate', term: 4 });
});

test('a node that lost touch does not disturb those who hear a leader', (t) => {
  const cluster = new TestCluster({}, { size: 3 });
  cluster.elect(1);
  cluster.isolate(3);
  cluster.tick(100);
  const { term } = cluster.node(1).status();
  cluster.filter();
  cluster.tick(50);
  t.like(cluster.node(1).status(), { role: 'leader', term });
  t.like(cluster.node(3).status(), { role: 'follower', leader: one, term });
});

test('who hears a leader ignores requests for votes; who has not for a time-out answers', (t) => {
  for (const [quietTicks, answers] of [
    [9, 0],
    [10, 1],
  ] as const) {
    const [node, log] = nodeWith([], 1);
    reply(node, log, { kind: 'MsgHeartbeat', from: two, to: one, term: 1, commit: 0, context: 0 });
    for (let i = 0; i < quietTicks; i++) node.tick();
    carryOut(node, log);
    t.is(reply(node, log, plea({ from: three, term: 2 })).length, answers);
  }
});

test('a leader that no quorum answers resigns within two time-outs and falls silent', (t) => {
  const cluster = new TestCluster({}, { size: 3 });
  cluster.elect(1);
  cluster.tick(5);
  cluster.isolate(1);
  cluster.tick(20);
  t.not(cluster.node(1).status().role, 'leader');
  const log = cluster.log(1);
  const said = ticked(cluster.node(1), log, 20).map(({ kind }) => kind);
  t.deepEqual([...new Set(said)], ['MsgPreVote']);
});

test('the longest log in an old term and the highest term on a short log do not lock each other (catalogue 47)', (t) => {
  const cluster = new TestCluster({}, { size: 3 });
  cluster.elect(1);
  cluster.isolate(3);
  cluster.propose(1, 'only 1 and 2 have it');
  cluster.run();
  cluster.log(3).write({ hard: { term: 9, vote: undefined, commit: 0 }, entries: [] });
  for (const id of [1, 2, 3]) cluster.crash(id);
  cluster.isolate(2);
  cluster.tick(80);
  t.like(cluster.node(1).status(), { role: 'leader' });
  t.true(cluster.node(1).status().term > 9);
  t.deepEqual(cluster.applied(3), ['only 1 and 2 have it']);
});

test('time-outs are drawn anew from [T, 2T), so that a split vote ends', (t) => {
  const [node, log] = nodeWith([]);
  const drawn = Array.from({ length: 300 }, () => {
    for (let ticks = 1; ; ticks++) if (ticked(node, log, 1).length > 0) return ticks;
  });
  t.deepEqual(
    [...new Set(drawn)].toSorted((a, b) => a - b),
    Array.from({ length: 10 }, (_, i) => 10 + i),
  );
});

test('a candidate follows whoever leads its term', (t) => {
  const [node, log] = nodeWith([]);
  node.campaign();
  reply(node, log, {
    kind: 'MsgPreVoteResp',
    from: two,
    to: one,
    term: 1,
    reject: false,
    ...decided,
  });
  t.like(node.status(), { role: 'candidate', term: 1 });
  reply(node, log, { kind: 'MsgHeartbeat', from: three, to: one, term: 1, commit: 0, context: 0 });
  t.like(node.status(), { role: 'follower', leader: three, term: 1 });
});

test('a leader of an old term is told so, even when the one who tells follows nobody', (t) => {
  const [node, log] = nodeWith([], 5);
  const said = reply(node, log, {
    kind: 'MsgHeartbeat',
    from: two,
    to: one,
    term: 3,
    commit: 0,
    context: 0,
  });
  t.like(said, [{ kind: 'MsgAppResp', to: two, term: 5, index: 0 }]);
});

test('who is not in the configuration, or only learns, never campaigns but votes when asked', (t) => {
  const conf = { ...confOf(2, 3), learners: [one] };
  const log = new MemoryLog({}, { conf });
  const node = newNode(1, log);
  t.deepEqual(ticked(node, log, 100), []);
  t.deepEqual(node.campaign(), { ok: false, refusal: { kind: 'not-voter' } });
  t.like(reply(node, log, plea({ from: two, term: 1 })), [{ reject: false }]);
});

/** Node 3 was cut off for long, and is back: what it does to a leader that all others hear. */
function comeBack(limits: Limits): TestCluster {
  const cluster = new TestCluster({}, { size: 3, limits });
  cluster.elect(1);
  cluster.tick(1);
  cluster.isolate(3);
  cluster.tick(100);
  cluster.filter();
  cluster.tick(3);
  return cluster;
}

test('without pre-votes a node that comes back deposes a good leader: with them it does not', (t) => {
  t.is(comeBack({}).node(1).status().term, 1);
  t.true(comeBack({ preVote: false }).node(1).status().term > 1);
});

test('without check-quorum a leader that nobody hears goes on; with it, it resigns', (t) => {
  for (const checkQuorum of [true, false]) {
    const cluster = new TestCluster({}, { size: 3, limits: { checkQuorum } });
    cluster.elect(1);
    cluster.isolate(1);
    cluster.tick(40);
    t.is(cluster.node(1).status().role === 'leader', !checkQuorum);
  }
});

test('in a bridge, who reaches both sides ends up with a leader that a quorum hears (catalogue 47)', (t) => {
  for (const bridge of [1, 2, 3]) {
    const cluster = new TestCluster({}, { size: 3 });
    cluster.elect(1);
    cluster.tick(2);
    cluster.filter(({ from, to }) => from === bridge || to === bridge);
    cluster.tick(60);
    const terms = [1, 2, 3].map((id) => cluster.node(id).status().term);
    cluster.tick(100);
    const leaders = [1, 2, 3].filter((id) => cluster.node(id).status().role === 'leader');
    t.is(leaders.length, 1);
    t.deepEqual(
      [1, 2, 3].map((id) => cluster.node(id).status().term),
      terms,
      'and keeps it',
    );
  }
});
