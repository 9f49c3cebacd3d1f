/** Storage threads: several writes on their way, and a state machine that takes its time. */
import test from 'ava';
import { MemoryLog } from './memory-log.ts';
import { newNode, confOf, nodeId, text } from './test-cluster.ts';
import type { RawNode } from './raw-node.ts';
import { storageMessages, type StorageMessage } from './storage-messages.ts';
import type { Entry, Message, Term } from './types.ts';

const [one, two, three] = [nodeId(1), nodeId(2), nodeId(3)] as const;
const threads = { writesMax: 8, reportsApplied: true, committedBytesMax: 2 };

function threadsOf(node: RawNode): StorageMessage[] {
  const messages: StorageMessage[] = [];
  while (node.hasReady()) messages.push(...storageMessages(node.ready()));
  return messages;
}

type Append = Extract<StorageMessage, { kind: 'MsgStorageAppend' }>;

const appendsOf = (messages: readonly StorageMessage[]): Append[] =>
  messages.filter((message) => message.kind === 'MsgStorageAppend');

/** The append thread's work; what it then has to send to peers. */
function finish(node: RawNode, log: MemoryLog, append: Append): readonly Message[] {
  if (append.snapshot !== undefined) log.install(append.snapshot);
  log.write({ hard: append.hard, entries: append.entries });
  return append.responses.flatMap((response) => {
    if (!('to' in response)) node.stepStorage(response);
    return 'to' in response ? [response] : [];
  });
}

const entry = (index: number, term: Term): Entry => ({
  term,
  index,
  kind: 'normal',
  data: text('x'),
});

type Appended = Extract<Message, { kind: 'MsgApp' }>;

const append = (more: Partial<Appended>): Appended => ({
  kind: 'MsgApp',
  from: two,
  to: one,
  term: 1,
  prevTerm: 0,
  prevIndex: 0,
  entries: [],
  commit: 0,
  ...more,
});

test('each promise leaves with the write that backs it, and writes follow each other unhindered', (t) => {
  const log = new MemoryLog({}, { conf: confOf(1, 2, 3) });
  const node = newNode(1, log, threads);
  node.step(append({ entries: [entry(1, 1)] }));
  const [first] = appendsOf(threadsOf(node));
  node.step(append({ prevIndex: 1, prevTerm: 1, entries: [entry(2, 1)] }));
  const [second] = appendsOf(threadsOf(node));
  t.deepEqual(
    [first, second].map((each) => each?.entries.map(({ index }) => index)),
    [[1], [2]],
  );
  t.like(second?.responses, [{ kind: 'MsgAppResp', index: 2 }, { kind: 'MsgStorageAppendResp' }]);
  if (first === undefined || second === undefined) return;
  t.like(finish(node, log, first), [{ kind: 'MsgAppResp', index: 1 }]);
  t.is(node.status().stable, 1);
  t.like(finish(node, log, second), [{ kind: 'MsgAppResp', index: 2 }]);
  t.is(node.status().stable, 2);
});

test('a write that is overwritten on its way makes nothing stable, even when its entries come back (catalogue 13)', (t) => {
  const log = new MemoryLog({}, { conf: confOf(1, 2, 3) });
  const node = newNode(1, log, threads);
  const writes: Append[] = [];
  for (const [from, term, of] of [
    [two, 1, 1],
    [three, 2, 2],
    [two, 3, 1],
  ] as const) {
    node.step(append({ from, term, entries: [entry(1, of)] }));
    writes.push(...appendsOf(threadsOf(node)));
  }
  t.is(writes.length, 3);
  for (const [i, write] of writes.entries()) {
    t.is(node.status().stable, 0, `after ${i} of 3 writes`);
    finish(node, log, write);
  }
  t.is(node.status().stable, 1);
  t.is(log.term(1), 1);
});

test('nothing is written twice while its write is on its way (catalogue 16)', (t) => {
  const log = new MemoryLog({}, { conf: confOf(1, 2, 3) });
  const node = newNode(1, log, threads);
  node.step(append({ entries: [entry(1, 1), entry(2, 1)] }));
  threadsOf(node);
  node.step(append({ term: 2, from: three, entries: [entry(1, 1), entry(2, 1)] }));
  const again = appendsOf(threadsOf(node));
  t.deepEqual(
    again.flatMap(({ entries }) => entries),
    [],
  );
  t.like(again, [{ hard: { term: 2 } }]);
});

test('a single voter with many writes on their way decides none before it is durable', (t) => {
  const log = new MemoryLog({}, { conf: confOf(1) });
  const node = newNode(1, log, threads);
  node.campaign();
  for (const write of appendsOf(threadsOf(node))) finish(node, log, write);
  const writes = appendsOf(threadsOf(node));
  for (const word of ['a', 'b', 'c']) {
    node.propose(text(word));
    writes.push(...appendsOf(threadsOf(node)));
  }
  t.is(writes.length, 4);
  for (const [i, write] of writes.entries()) {
    t.is(node.status().commit, i);
    finish(node, log, write);
  }
  t.is(node.status().commit, 4);
});

test('applying is bounded, and applied is what was reported', (t) => {
  const log = new MemoryLog({}, { conf: confOf(1, 2, 3) });
  const node = newNode(1, log, threads);
  node.step(append({ entries: [1, 2, 3, 4, 5].map((index) => entry(index, 1)), commit: 5 }));
  for (const write of appendsOf(threadsOf(node))) finish(node, log, write);
  const batches: number[] = [];
  for (let i = 0; i < 5; i++) {
    const applies = threadsOf(node).filter(({ kind }) => kind === 'MsgStorageApply');
    if (applies.length === 0) break;
    t.is(applies.length, 1, 'one batch of two bytes is as much as may be under way');
    for (const { entries, responses } of applies) {
      batches.push(entries.length);
      for (const response of responses) if (!('to' in response)) node.stepStorage(response);
    }
    t.is(
      node.status().applied,
      batches.reduce((sum, each) => sum + each, 0),
    );
  }
  t.deepEqual(batches, [2, 2, 1]);
});

test('while it is held nothing is handed out to be applied, and all of it afterwards', (t) => {
  const log = new MemoryLog({}, { conf: confOf(1, 2, 3) });
  const node = newNode(1, log, {});
  node.step(append({ entries: [entry(1, 1), entry(2, 1)], commit: 2 }));
  node.holdCommitted(true);
  const { hard, entries } = node.ready();
  log.write({ hard, entries });
  node.advance();
  while (node.hasReady()) t.deepEqual(node.ready().committed, []);
  t.is(node.status().commit, 2);
  node.holdCommitted(false);
  t.true(node.hasReady());
  t.deepEqual(
    node.ready().committed.map(({ index }) => index),
    [1, 2],
  );
});
