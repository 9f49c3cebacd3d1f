/**
 * Bugs that others shipped, each as a history in which it does its harm. The numbers are those of the
 * catalogue in `chaos/mutants`; the laws of single moments are in the tests beside.
 */
import test from 'ava';
import { MemoryLog } from './memory-log.ts';
import { RaftLog } from './raft-log.ts';
import type { RawNode } from './raw-node.ts';
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

function reply(node: RawNode, log: MemoryLog, message: Message): readonly Message[] {
  node.step(message);
  return messagesOf(carryOut(node, log));
}

/** Node 1 leads the others in the term behind that of its log, with its first entry on disk. */
function leading(terms: readonly Term[]): [RawNode, MemoryLog] {
  const [node, log] = nodeWith(terms);
  const term = (terms.at(-1) ?? 0) + 1;
  node.campaign();
  carryOut(node, log);
  for (const kind of ['MsgPreVoteResp', 'MsgVoteResp'] as const) {
    reply(node, log, { kind, from: two, to: one, term, reject: false, commit: 0, commitTerm: 0 });
  }
  return [node, log];
}

type Answer = Extract<Message, { kind: 'MsgAppResp' }>;

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

test('what a majority holds of an older term can still be erased, and is applied nowhere (figure 8) (catalogue 1)', (t) => {
  const limits = { preVote: false, checkQuorum: false, messageBytesMax: 1 };
  const cluster = new TestCluster({}, { size: 5, limits });
  cluster.elect(1);
  // (a) Leader 1 writes x, and reaches nobody.
  cluster.isolate(1);
  cluster.propose(1, 'xx');
  cluster.run();
  cluster.crash(1);
  // (b) Leader 5 writes y, and reaches nobody either.
  cluster.filter(({ from, to, kind }) => from !== 1 && to !== 1 && kind !== 'MsgApp');
  cluster.elect(5);
  cluster.propose(5, 'y');
  cluster.run();
  cluster.crash(5);
  // (c) 1 leads again, and brings x (a message can carry no more), but nothing of its new term, to 2 and 3.
  cluster.filter((message) => {
    if (message.from === 5 || message.to === 5 || message.to === 4) return false;
    return message.kind !== 'MsgApp' || cluster.log(message.to).lastIndex() < 2;
  });
  cluster.node(1).campaign();
  cluster.run();
  cluster.elect(1);
  const holders = [1, 2, 3].filter((id) => cluster.terms(id)[1] === 1);
  t.deepEqual(holders, [1, 2, 3], 'a majority has x');
  // (d) 5 leads again: its log is more current, and x is gone.
  cluster.isolate(1);
  cluster.node(5).campaign();
  cluster.run();
  cluster.elect(5);
  cluster.filter();
  cluster.tick(5);
  for (const id of [1, 2, 3, 4, 5]) t.deepEqual(cluster.applied(id), ['y'], `node ${id}`);
});

test('an older copy of a message leaves what was acknowledged since, in memory too (catalogue 2, 7)', (t) => {
  const [node, log] = nodeWith([]);
  const append = (terms: readonly Term[]): Message => ({
    kind: 'MsgApp',
    from: two,
    to: one,
    term: 5,
    prevTerm: 0,
    prevIndex: 0,
    entries: entriesOf(1, terms),
    commit: 0,
  });
  reply(node, log, append([5, 5, 5]));
  for (const terms of [[5, 5], [5], []]) {
    t.like(reply(node, log, append(terms)), [{ index: terms.length, reject: false }]);
    t.like(node.status(), { last: 3, stable: 3 });
  }
});

test('a snapshot of a prefix acknowledges that prefix, and not what diverged behind it (catalogue 5)', (t) => {
  const [node, log] = nodeWith([1, 1, 2, 2, 2]);
  const snapshot = { index: 3, term: 2, conf: confOf(1, 2, 3) };
  const said = reply(node, log, { kind: 'MsgSnap', from: two, to: one, term: 3, snapshot });
  t.like(said, [{ kind: 'MsgAppResp', index: 3, reject: false }]);
  const again = reply(node, log, { kind: 'MsgSnap', from: two, to: one, term: 3, snapshot });
  t.like(again, [{ kind: 'MsgAppResp', index: 3, reject: false }], 'an old one as well');
});

test('a state machine that is ahead of a lazy commit record makes up for it (catalogue 6)', (t) => {
  const [, stored] = nodeWith([1, 1, 1, 1, 1, 1], 2);
  const mark = { index: 5, term: 1, conf: confOf(1, 2, 3) };
  stored.forget(mark);
  t.is(new RaftLog({ stored }, { commit: 2, applied: 5 }).commit, 5);
  const node = newNode(1, stored);
  const said = reply(node, stored, {
    kind: 'MsgApp',
    from: two,
    to: one,
    term: 1,
    prevTerm: 1,
    prevIndex: 3,
    entries: entriesOf(4, [1]),
    commit: 3,
  });
  t.like(said, [{ index: 5, reject: false }]);
});

test('a refusal of what was sent ahead is no acknowledgement of it (catalogue 12)', (t) => {
  const [node, log] = leading([]);
  reply(node, log, answer({ index: 1 }));
  node.propose(text('a'));
  carryOut(node, log);
  node.propose(text('b'));
  carryOut(node, log);
  reply(node, log, answer({ index: 2, reject: true, hintIndex: 1, hintTerm: 1 }));
  t.is(node.status().commit, 1, 'nobody else has entry 2');
});

test('an acknowledgement of an older term counts for nothing: another leader got it (catalogue 12)', (t) => {
  const [node, log] = leading([1]);
  t.like(node.status(), { role: 'leader', term: 2, last: 2 });
  reply(node, log, answer({ index: 2, term: 1 }));
  t.is(node.status().commit, 0);
  reply(node, log, answer({ index: 2, term: 2 }));
  t.is(node.status().commit, 2);
});

test('a cluster of one has applied nothing that a crash may take (catalogue 14)', (t) => {
  const log = new MemoryLog({}, { conf: confOf(1) });
  const node = newNode(1, log, { writesMax: 4 });
  node.campaign();
  carryOut(node, log);
  for (const words of ['a', 'b', 'c']) {
    t.true(node.propose(text(words)).ok);
    const { committed } = node.ready();
    for (const { index } of committed) t.true(index <= log.lastIndex(), `${index} is not on disk`);
    t.true(node.status().commit <= log.lastIndex());
  }
});

test('a learner that kept its state is a learner still when it restarts, and never campaigns (catalogue 20)', (t) => {
  const cluster = new TestCluster({}, { size: 3, waiting: 1 });
  cluster.elect(1);
  cluster.tick(1);
  cluster.reconfigure(1, change(addLearner(4)));
  cluster.tick(2);
  const { applied, term } = cluster.node(4).status();
  const log = cluster.log(4);
  const node = newNode(4, log, {}, { appliedIndex: applied });
  for (let i = 0; i < 60; i++) {
    node.tick();
    t.deepEqual(messagesOf(carryOut(node, log)), []);
  }
  t.like(node.status(), { role: 'follower', term });
});

test('a change that was never decided is in force nowhere, not where it had arrived either (catalogue 32)', (t) => {
  const cluster = new TestCluster({}, { size: 5 });
  cluster.elect(1);
  cluster.tick(1);
  cluster.filter(({ from, to }) => [1, 2].includes(from) && [1, 2].includes(to));
  cluster.reconfigure(1, change(removeNode(3)));
  cluster.run();
  t.is(cluster.log(2).lastIndex(), 2, 'it has arrived');
  t.is(cluster.conf(2), '{1,2,3,4,5}', 'and is not in force');
  cluster.isolate(1, 2);
  cluster.tick(40);
  cluster.filter();
  cluster.tick(40);
  for (const id of [1, 2, 3, 4, 5]) {
    t.is(cluster.conf(id), '{1,2,3,4,5}', `node ${id}`);
    t.deepEqual(cluster.terms(id), cluster.terms(3), `node ${id}`);
  }
});

test('a new leader changes no membership before its own first entry is decided (catalogue 23)', (t) => {
  const cluster = new TestCluster({}, { size: 3, waiting: 1 });
  cluster.elect(1);
  cluster.tick(3);
  cluster.crash(1);
  cluster.isolate(1);
  cluster.tick(12);
  const applied = cluster.node(2).status().last;
  t.is(cluster.node(2).status().applied, applied, 'it has applied all that it inherited');
  cluster.filter(({ from, to, kind }) => from !== 1 && to !== 1 && kind !== 'MsgApp');
  cluster.elect(2);
  const early = cluster.node(2).proposeConf(change(addLearner(4)));
  t.like(early, { ok: false, refusal: { kind: 'in-progress', index: applied + 1 } });
  cluster.isolate(1);
  cluster.tick(2);
  t.true(cluster.node(2).proposeConf(change(addLearner(4))).ok);
});

test('a joint configuration ends when the new majority agrees, not the old one alone (catalogue 26)', (t) => {
  const cluster = new TestCluster({}, { size: 3, waiting: 2 });
  cluster.elect(1);
  cluster.tick(1);
  const last = cluster.log(1).lastIndex();
  cluster.filter(({ from, to }) => from <= 2 && to <= 2);
  cluster.reconfigure(1, change(addVoter(4), addVoter(5)));
  cluster.tick(3);
  t.is(cluster.node(1).status().commit, last + 1, 'two of the three decided its beginning');
  t.deepEqual(cluster.node(1).status().conf.outgoing, [one, two, three]);
  cluster.filter();
  cluster.tick(3);
  t.deepEqual(cluster.node(1).status().conf, confOf(1, 2, 3, 4, 5));
});

test('while a snapshot is installed nothing is applied, and behind it nothing of before (catalogue 38)', (t) => {
  const stored = new MemoryLog({}, { conf: confOf(1, 2, 3) });
  stored.write({ entries: entriesOf(1, [1, 1, 1]) });
  const log = new RaftLog({ stored }, { commit: 0, applied: 0 });
  log.commitTo(3);
  log.restore({ index: 5, term: 2, conf: confOf(1, 2, 3) });
  t.false(log.hasCommitted);
  t.deepEqual(log.takeCommitted(Infinity), []);
  const { snapshot, entries } = log.takeWrite();
  t.deepEqual(log.takeCommitted(Infinity), [], 'its state is on its way to the machine');
  if (snapshot !== undefined) stored.install(snapshot);
  stored.write({ entries });
  log.written();
  t.is(log.applied, 5);
  t.deepEqual(log.takeCommitted(Infinity), []);
  log.accept({ index: 5, term: 2 }, entriesOf(6, [2]));
  stored.write({ entries: log.takeWrite().entries });
  log.written();
  log.commitTo(6);
  t.like(log.takeCommitted(Infinity), [{ index: 6 }]);
});

test('two of five confirm no read (catalogue 46)', (t) => {
  const cluster = new TestCluster({}, { size: 5 });
  cluster.elect(1);
  cluster.tick(1);
  cluster.filter(({ from, to }) => from <= 2 && to <= 2);
  cluster.node(1).readIndex(7);
  cluster.tick(3);
  t.deepEqual(cluster.reads(1), []);
  cluster.filter(({ from, to }) => from <= 3 && to <= 3);
  cluster.tick(1);
  t.like(cluster.reads(1), [{ context: 7 }]);
});

test('logs that both diverged for long meet after a refusal for each term, not for each entry (catalogue 48)', (t) => {
  const cluster = new TestCluster({}, { size: 3 });
  const shared = entriesOf(1, [1, 1]);
  const longOf = (term: Term): Entry[] =>
    entriesOf(
      3,
      Array.from({ length: 100 }, () => term),
    );
  const hard = { term: 4, vote: undefined, commit: 0 };
  cluster.log(1).write({ hard, entries: [...shared, ...longOf(4)] });
  cluster.log(2).write({ hard, entries: [...shared, ...longOf(3)] });
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

test('a heartbeat that commits what a lost log does not hold is refused, and ends nobody (catalogue 48)', (t) => {
  const [node] = nodeWith([1]);
  const beat = { kind: 'MsgHeartbeat', from: two, to: one, term: 1, context: 1 } as const;
  t.like(node.step({ ...beat, commit: 9 }), { ok: false, refusal: { kind: 'impossible' } });
  t.like(node.status(), { commit: 0, last: 1 });
  t.true(node.step({ ...beat, from: two, commit: 1 }).ok);
  t.true(node.step({ ...beat, from: three, term: 2, commit: 1 }).ok);
});

test('nodes that all restart elect a leader by themselves, and go on (catalogue 48)', (t) => {
  const cluster = new TestCluster({}, { size: 3 });
  cluster.elect(1);
  cluster.propose(1, 'a');
  cluster.run();
  for (const id of [1, 2, 3]) cluster.crash(id);
  cluster.tick(60);
  for (const id of [1, 2, 3]) t.deepEqual(cluster.applied(id), ['a']);
});
