/** What the paper and those who built it say of replication and commitment, one law a test. */
import test from 'ava';
import { randomFromSeed } from '#internal/base/random.ts';
import type { LogReader } from './log-store.ts';
import { MemoryLog } from './memory-log.ts';
import { defaultLimits } from './options.ts';
import { RawNode } from './raw-node.ts';
import {
  carryOut,
  confOf,
  type Limits,
  messagesOf,
  newNode,
  nodeId,
  TestCluster,
  text,
} from './test-cluster.ts';
import type { Entry, Index, Message, Term } from './types.ts';

const [one, two, three] = [nodeId(1), nodeId(2), nodeId(3)] as const;

const entriesOf = (first: Index, terms: readonly Term[]): Entry[] =>
  terms.map((term, i) => ({ term, index: first + i, kind: 'normal', data: text(`${first + i}`) }));

/** Node 1 of three, with a log of these terms on disk. */
function nodeWith(terms: readonly Term[], commit: Index = 0): [RawNode, MemoryLog] {
  const log = new MemoryLog({}, { conf: confOf(1, 2, 3) });
  const hard = { term: terms.at(-1) ?? 0, vote: undefined, commit };
  log.write({ hard, entries: entriesOf(1, terms) });
  return [newNode(1, log), log];
}

/** Node 1, leading three in term 1 with its no-op on disk. */
function leaderOfThree(limits: Limits = {}): [RawNode, MemoryLog] {
  const log = new MemoryLog({}, { conf: confOf(1, 2, 3) });
  const node = newNode(1, log, limits);
  return [elected(node, log, 1), log];
}

/** Two and three vote for `node`: enough among three and among five. */
function elected(node: RawNode, log: MemoryLog, term: Term): RawNode {
  node.campaign();
  carryOut(node, log);
  for (const kind of ['MsgPreVoteResp', 'MsgVoteResp'] as const) {
    for (const from of [two, three]) {
      node.step({ kind, from, to: one, term, reject: false, commit: 0, commitTerm: 0 });
    }
    carryOut(node, log);
  }
  return node;
}

function reply(node: RawNode, log: MemoryLog, message: Message): readonly Message[] {
  node.step(message);
  return messagesOf(carryOut(node, log));
}

type Append = Extract<Message, { kind: 'MsgApp' }>;
type Answer = Extract<Message, { kind: 'MsgAppResp' }>;

const append = (more: Partial<Append>): Append => ({
  kind: 'MsgApp',
  from: two,
  to: one,
  term: 5,
  prevTerm: 0,
  prevIndex: 0,
  entries: [],
  commit: 0,
  ...more,
});

const answer = (more: Partial<Answer>): Answer => ({
  kind: 'MsgAppResp',
  from: two,
  to: one,
  term: 1,
  index: 0,
  reject: false,
  hintIndex: 0,
  hintTerm: 0,
  ...more,
});

test('what is proposed is applied everywhere, once, in order', (t) => {
  const cluster = new TestCluster({}, { size: 5 });
  cluster.elect(3);
  for (const word of ['a', 'b', 'c']) cluster.propose(3, word);
  cluster.run();
  for (const id of [1, 2, 3, 4, 5]) t.deepEqual(cluster.applied(id), ['a', 'b', 'c']);
});

test('proposals of one turn travel in one message to each peer', (t) => {
  const [node, log] = leaderOfThree();
  for (const from of [two, three]) reply(node, log, answer({ from, index: 1 }));
  for (const word of ['a', 'b', 'c']) node.propose(text(word));
  const sent = messagesOf(carryOut(node, log)).filter(({ kind }) => kind === 'MsgApp');
  t.deepEqual(
    sent.map((message) => message.kind === 'MsgApp' && message.entries.length),
    [3, 3],
  );
});

test('an acknowledgement leaves only after what it acknowledges is durable', (t) => {
  const [node] = nodeWith([]);
  node.step(append({ entries: entriesOf(1, [5, 5]) }));
  const ready = node.ready();
  t.deepEqual(ready.messages, []);
  t.is(ready.entries.length, 2);
  t.like(ready.messagesAfterSync, [{ kind: 'MsgAppResp', index: 2, reject: false }]);
});

test('an acknowledgement of what an earlier write carries waits for that write', (t) => {
  const [node] = nodeWith([]);
  node.step(append({ entries: entriesOf(1, [5]) }));
  t.true(node.ready().mustSync);
  node.step(append({ entries: entriesOf(1, [5]) }));
  t.false(node.hasReady(), 'the write is on its way');
  node.advance();
  t.like(node.ready(), { mustSync: false, messagesAfterSync: [{ index: 1 }] });
});

test('a leader replicates beside its own write, and heartbeats through a slow one', (t) => {
  const [node] = leaderOfThree();
  node.propose(text('a'));
  const ready = node.ready();
  t.true(ready.mustSync);
  for (let i = 0; i < 3; i++) node.tick();
  const kinds = new Set(node.ready().messages.map(({ kind }) => kind));
  t.true(kinds.has('MsgHeartbeat'));
});

test('a leader counts its own entry only when it is durable (catalogue 15)', (t) => {
  const [node, log] = leaderOfThree();
  reply(node, log, answer({ index: 1 }));
  t.is(node.status().commit, 1);
  node.propose(text('a'));
  const { hard, entries } = node.ready();
  node.step(answer({ index: 2 }));
  t.is(node.status().commit, 1, 'one of three has it, and ours is on its way');
  log.write({ hard, entries });
  node.advance();
  t.is(node.status().commit, 2);
});

test('a single voter applies nothing before its own write (catalogue 14)', (t) => {
  const log = new MemoryLog({}, { conf: confOf(1) });
  const node = newNode(1, log);
  node.campaign();
  carryOut(node, log);
  node.propose(text('a'));
  const ready = node.ready();
  t.like(ready, { mustSync: true, committed: [] });
  log.write({ hard: ready.hard, entries: ready.entries });
  node.advance();
  t.is(node.ready().committed.length, 1);
});

test('an entry of an older term is not decided by counting (figure 8) (catalogue 1)', (t) => {
  const log = new MemoryLog({}, { conf: confOf(1, 2, 3, 4, 5) });
  log.write({ hard: { term: 3, vote: undefined, commit: 1 }, entries: entriesOf(1, [1, 2]) });
  const node = elected(newNode(1, log), log, 4);
  for (const from of [two, three]) reply(node, log, answer({ from, term: 4, index: 2 }));
  t.is(node.status().commit, 1, 'three of five have entry 2, but nothing of term 4 is decided');
  for (const from of [two, three]) reply(node, log, answer({ from, term: 4, index: 3 }));
  t.is(node.status().commit, 3);
});

test('an older copy of a message removes nothing that was acknowledged since (catalogue 2, 7)', (t) => {
  const [node, log] = nodeWith([]);
  reply(node, log, append({ entries: entriesOf(1, [5, 5]) }));
  t.like(reply(node, log, append({ entries: entriesOf(1, [5]) })), [{ index: 1, reject: false }]);
  t.is(log.lastIndex(), 2);
});

test('a conflict takes the tail with it, on disk too (catalogue 3)', (t) => {
  const [node, log] = nodeWith([1, 1, 1, 2, 2]);
  const said = reply(
    node,
    log,
    append({ term: 3, prevIndex: 3, prevTerm: 1, entries: entriesOf(4, [3]) }),
  );
  t.like(said, [{ index: 4, reject: false }]);
  t.is(log.lastIndex(), 4);
});

test('a commit index reaches no further than what the message verified (catalogue 4)', (t) => {
  const [node, log] = nodeWith([1, 1, 2]);
  reply(node, log, append({ term: 3, prevIndex: 2, prevTerm: 1, commit: 9 }));
  t.is(node.status().commit, 2);
});

test('a heartbeat tells each peer of no more than it acknowledged', (t) => {
  const [node, log] = leaderOfThree();
  node.propose(text('a'));
  carryOut(node, log);
  reply(node, log, answer({ index: 2 }));
  t.is(node.status().commit, 2);
  node.tick();
  const beats = messagesOf(carryOut(node, log)).filter(({ kind }) => kind === 'MsgHeartbeat');
  t.like(beats, [
    { to: two, commit: 2 },
    { to: three, commit: 0 },
  ]);
});

test('what precedes a compacted log is acknowledged, not deleted (catalogue 6)', (t) => {
  const [, log] = nodeWith([1, 1, 1, 1, 1, 1], 3);
  log.forget({ index: 5, term: 1, conf: confOf(1, 2, 3) });
  const node = newNode(1, log);
  const said = reply(
    node,
    log,
    append({ term: 1, prevIndex: 3, prevTerm: 1, entries: entriesOf(4, [1, 1]) }),
  );
  t.like(said, [{ index: 5, reject: false }]);
  t.is(log.lastIndex(), 6);
});

test('refusals and answers of other terms do not count towards a quorum (catalogue 12)', (t) => {
  const [node, log] = leaderOfThree();
  reply(node, log, answer({ index: 1, reject: true }));
  t.is(node.status().commit, 0);
  reply(node, log, answer({ index: 1, term: 0 }));
  t.is(node.status().commit, 0);
  reply(node, log, answer({ from: nodeId(9), index: 1 }));
  t.is(node.status().commit, 0);
});

test('an answer for what we never had is refused, and nobody falls over', (t) => {
  const [node] = leaderOfThree();
  t.like(node.step(answer({ index: 50 })), { ok: false, refusal: { kind: 'impossible' } });
});

test('nothing that a peer sends throws, and what cannot be changes nothing', (t) => {
  const [node] = nodeWith([1, 1], 2);
  const before = node.describe();
  for (const message of [
    append({ term: 1, entries: entriesOf(2, [1]) }),
    append({ term: 1, entries: entriesOf(1, [2]) }),
    append({ term: 3, prevTerm: 3, entries: entriesOf(1, [2]) }),
    append({ term: 1.5 }),
    append({ term: 1, commit: -1 }),
    append({ to: three }),
    append({ from: one }),
  ]) {
    t.false(node.step(message).ok, JSON.stringify(message));
    t.is(node.describe(), before);
  }
});

test('a log that diverged for long is brought back in a round trip a term (catalogue 48)', (t) => {
  const cluster = new TestCluster({}, { size: 3 });
  const shared = entriesOf(1, [1, 1]);
  const hard = { term: 4, vote: undefined, commit: 0 };
  const long = Array.from({ length: 200 }, (_, i) => (i < 100 ? 2 : 3));
  cluster.log(1).write({ hard, entries: [...shared, ...entriesOf(3, [4])] });
  cluster.log(2).write({ hard, entries: [...shared, ...entriesOf(3, long)] });
  cluster.log(3).write({ hard, entries: shared });
  for (const id of [1, 2, 3]) cluster.crash(id);
  let refusals = 0;
  cluster.filter((message) => {
    if (message.kind === 'MsgAppResp' && message.reject) refusals += 1;
    return true;
  });
  cluster.elect(1);
  t.deepEqual(cluster.terms(2), cluster.terms(1));
  t.true(refusals <= 3, `${refusals} refusals`);
});

test('a peer that lost what was sent ahead says so, and is served again', (t) => {
  const cluster = new TestCluster({}, { size: 3 });
  cluster.elect(1);
  cluster.filter(({ to, kind }) => !(to === 3 && kind === 'MsgApp'));
  for (let i = 0; i < 20; i++) {
    cluster.propose(1, `${i}`);
    cluster.run();
  }
  cluster.filter();
  cluster.tick(2);
  t.is(cluster.applied(3).length, 20);
});

test('the window bounds what is sent ahead; an answer opens it', (t) => {
  const [node, log] = leaderOfThree({ inflightMessagesMax: 2 });
  reply(node, log, answer({ index: 1 }));
  const sentTo2 = (): number =>
    messagesOf(carryOut(node, log)).filter(({ kind, to }) => kind === 'MsgApp' && to === two)
      .length;
  node.propose(text('a'));
  t.is(sentTo2(), 1);
  node.propose(text('b'));
  t.is(sentTo2(), 1);
  node.propose(text('c'));
  t.is(sentTo2(), 0);
  node.step(answer({ index: 2 }));
  t.true(sentTo2() >= 1);
});

test('a message carries no more bytes than allowed, but always one entry', (t) => {
  const [node, log] = leaderOfThree({ messageBytesMax: 10 });
  reply(node, log, answer({ index: 1 }));
  for (const size of [4, 4, 4, 30, 4]) node.propose(new Uint8Array(size));
  const sent = messagesOf(carryOut(node, log)).flatMap((message) =>
    message.kind === 'MsgApp' && message.to === two
      ? [message.entries.map(({ data }) => data.byteLength)]
      : [],
  );
  t.deepEqual(sent, [[4, 4], [4], [30], [4]]);
});

test('too much that no quorum has is refused as busy, until some of it is decided', (t) => {
  const [node, log] = leaderOfThree({ uncommittedBytesMax: 10 });
  reply(node, log, answer({ index: 1 }));
  t.true(node.propose(new Uint8Array(30)).ok, 'one alone always passes');
  t.deepEqual(node.propose(new Uint8Array(1)), { ok: false, refusal: { kind: 'busy' } });
  carryOut(node, log);
  reply(node, log, answer({ index: 2 }));
  t.true(node.propose(new Uint8Array(1)).ok);
});

test('a proposal that is too large, or not made to the leader, is refused with what to do', (t) => {
  const [leader] = leaderOfThree({ entryBytesMax: 10 });
  t.deepEqual(leader.propose(new Uint8Array(11)), {
    ok: false,
    refusal: { kind: 'too-large', bytesMax: 10 },
  });
  const cluster = new TestCluster({}, { size: 3 });
  const refusal = { kind: 'not-leader', leader: undefined };
  t.deepEqual(cluster.node(2).propose(text('a')), { ok: false, refusal });
  cluster.elect(1);
  t.deepEqual(cluster.node(2).propose(text('a')), {
    ok: false,
    refusal: { kind: 'not-leader', leader: one },
  });
});

test('a new leader decides what its predecessor left, with an entry of its own', (t) => {
  const cluster = new TestCluster({}, { size: 3 });
  cluster.elect(1);
  cluster.filter(({ kind }) => kind !== 'MsgAppResp');
  cluster.propose(1, 'left behind');
  cluster.run();
  t.deepEqual(cluster.applied(1), []);
  cluster.crash(1);
  cluster.filter();
  cluster.tick(30);
  for (const id of [1, 2, 3]) t.deepEqual(cluster.applied(id), ['left behind']);
});

test('what is applied is handed out again after a crash only as far as it was not kept', (t) => {
  const [, log] = nodeWith([1, 1, 1], 3);
  t.is(carryOut(newNode(1, log), log).flatMap(({ committed }) => committed).length, 3);
  log.forget({ index: 2, term: 1, conf: confOf(1, 2, 3) });
  t.deepEqual(
    carryOut(newNode(1, log), log).flatMap(({ committed }) => committed.map(({ index }) => index)),
    [3],
  );
});

test('who lacks what is compacted gets the snapshot, then the log behind it', (t) => {
  const cluster = new TestCluster({}, { size: 3 });
  cluster.elect(1);
  cluster.isolate(3);
  for (const word of ['a', 'b', 'c']) cluster.propose(1, word);
  cluster.run();
  const { applied } = cluster.node(1).status();
  cluster.log(1).forget({ index: applied, term: 1, conf: confOf(1, 2, 3) });
  cluster.propose(1, 'd');
  cluster.run();
  cluster.filter();
  cluster.tick(3);
  t.is(cluster.log(3).snapshot().index, applied);
  t.deepEqual(cluster.applied(3), ['d']);
  t.like(cluster.node(1).status().progress.get(three), { kind: 'replicate', match: applied + 1 });
});

test('who has no configuration is told one also where all entries behind the snapshot are kept', (t) => {
  const log = new MemoryLog({}, { conf: confOf(1, 2, 3) });
  let mark = log.snapshot();
  const kept: LogReader = {
    firstIndex: () => log.firstIndex(),
    lastIndex: () => log.lastIndex(),
    term: (index) => log.term(index),
    entries: (from, to, bytesMax) => log.entries(from, to, bytesMax),
    snapshot: () => mark,
  };
  const options = { ...defaultLimits, id: one, initial: log.initial, appliedIndex: 0 };
  const node = elected(new RawNode({ log: kept, random: randomFromSeed(1) }, options), log, 1);
  mark = { index: 1, term: 1, conf: confOf(1, 2, 3) };
  const refusal = answer({ index: 0, reject: true });
  t.like(
    reply(node, log, refusal).filter(({ kind }) => kind === 'MsgSnap'),
    [{ to: two, snapshot: mark }],
  );
  const late = reply(node, log, refusal).filter(({ kind }) => kind === 'MsgSnap');
  t.deepEqual(late, [], 'it is not begun again for a late word');
});

test('a snapshot of what the log holds already leaves the log as it is', (t) => {
  const [node, log] = nodeWith([1, 1, 1]);
  const snapshot = { index: 2, term: 1, conf: confOf(1, 2, 3) };
  const said = reply(node, log, { kind: 'MsgSnap', from: two, to: one, term: 1, snapshot });
  t.like(said, [{ kind: 'MsgAppResp', index: 2 }]);
  t.is(log.lastIndex(), 3);
  t.is(node.status().commit, 2);
});

test('a snapshot over a diverged log replaces all of it', (t) => {
  const [node, log] = nodeWith([1, 1, 1, 1]);
  const snapshot = { index: 2, term: 2, conf: confOf(1, 2, 3) };
  reply(node, log, { kind: 'MsgSnap', from: two, to: one, term: 3, snapshot });
  t.is(log.lastIndex(), 2);
  t.like(node.status(), { commit: 2, applied: 2, last: 2 });
});

test('a snapshot that was lost is offered again, once the sender was told', (t) => {
  const cluster = new TestCluster({}, { size: 3 });
  cluster.elect(1);
  cluster.isolate(3);
  cluster.propose(1, 'a');
  cluster.run();
  const { applied } = cluster.node(1).status();
  cluster.log(1).forget({ index: applied, term: 1, conf: confOf(1, 2, 3) });
  cluster.filter(({ kind }) => kind !== 'MsgSnap');
  cluster.tick(5);
  t.is(cluster.node(1).status().progress.get(three)?.kind, 'snapshot');
  cluster.filter();
  cluster.node(1).reportSnapshot(three, false);
  cluster.tick(5);
  t.is(cluster.log(3).snapshot().index, applied);
});

test('a snapshot vouches for nothing behind it: a later heartbeat commits only what matches (catalogue 5)', (t) => {
  const [node, log] = nodeWith([1, 1, 1, 1, 1]);
  const snapshot = { index: 3, term: 2, conf: confOf(1, 2, 3) };
  reply(node, log, { kind: 'MsgSnap', from: two, to: one, term: 2, snapshot });
  t.like(node.status(), { commit: 3, last: 3 }, 'the diverged tail is gone');
  const beat = {
    kind: 'MsgHeartbeat',
    from: two,
    to: one,
    term: 2,
    commit: 5,
    context: 1,
  } as const;
  t.false(node.step(beat).ok);
  t.is(node.status().commit, 3);
  const [kept, keptLog] = nodeWith([1, 1, 2, 2, 2]);
  reply(kept, keptLog, { kind: 'MsgSnap', from: two, to: one, term: 2, snapshot });
  t.like(kept.status(), { commit: 3, last: 5 });
  const said = reply(kept, keptLog, append({ term: 2, prevIndex: 3, prevTerm: 2, commit: 5 }));
  t.is(kept.status().commit, 3, 'only what this message verified');
  t.like(said, [{ index: 3 }]);
});

test('a candidate that needs a snapshot takes it from the leader of its term (catalogue 48)', (t) => {
  const [node, log] = nodeWith([1]);
  node.campaign();
  carryOut(node, log);
  const granted = { from: two, to: one, term: 2, reject: false, commit: 0, commitTerm: 0 } as const;
  reply(node, log, { kind: 'MsgPreVoteResp', ...granted });
  t.is(node.status().role, 'candidate');
  const snapshot = { index: 9, term: 1, conf: confOf(1, 2, 3) };
  const said = reply(node, log, { kind: 'MsgSnap', from: three, to: one, term: 2, snapshot });
  t.like(said, [{ kind: 'MsgAppResp', index: 9, reject: false }]);
  t.like(node.status(), { role: 'follower', leader: three, commit: 9 });
});

test('a snapshot on its way is not started again, however long it takes (catalogue 48)', (t) => {
  const [node, log] = leaderOfThree();
  reply(node, log, answer({ index: 1 }));
  const mark = node.markAt(1);
  if (mark !== undefined) log.forget(mark);
  const said: Message[] = [...reply(node, log, answer({ from: three, index: 0 }))];
  const pulse = { kind: 'MsgHeartbeatResp', from: three, to: one, term: 1, context: 0 } as const;
  for (let i = 0; i < 50; i++) {
    node.tick();
    said.push(...reply(node, log, pulse));
    node.step({ ...pulse, from: two });
  }
  t.is(said.filter(({ kind }) => kind === 'MsgSnap').length, 1);
  t.is(node.status().role, 'leader');
});

test('a snapshot may be newer than where the log begins, and the log goes on behind it', (t) => {
  const cluster = new TestCluster({}, { size: 3 });
  cluster.elect(1);
  cluster.isolate(3);
  for (const word of ['a', 'b', 'c']) cluster.propose(1, word);
  cluster.run();
  const [early, late] = [2, 3].map((index) => cluster.node(1).markAt(index));
  if (early === undefined || late === undefined) throw new Error('both are applied');
  cluster.log(1).forget(early);
  cluster.offer(1, late);
  cluster.filter();
  cluster.tick(5);
  t.is(cluster.log(3).snapshot().index, 3);
  t.deepEqual(cluster.applied(3), ['c']);
});
