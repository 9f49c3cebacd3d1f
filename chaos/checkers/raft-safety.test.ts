/** The checker itself, on short histories: good ones pass, and each way to be bad is called by name. */
import test from 'ava';
import { brand } from '#internal/base/brand.ts';
import { MemoryLog } from '#raft/core/memory-log.ts';
import type { Entry, HardState, Message, NodeId, Term } from '#raft/core/types.ts';
import { RaftSafety } from './raft-safety.ts';
import type { Violation } from './violation.ts';

const [one, two, three] = [brand<NodeId>(1), brand<NodeId>(2), brand<NodeId>(3)] as const;
const voters = [one, two, three];
const conf = { voters, outgoing: [], learners: [], learnersNext: [], autoLeave: false };

const hardOf = (term: Term, vote?: NodeId): HardState => ({ term, vote, commit: 0 });

const entry = (index: number, term: Term, words = `${index}`): Entry => ({
  index,
  term,
  kind: 'normal',
  data: new TextEncoder().encode(words),
});

function write(
  safety: RaftSafety,
  id: NodeId,
  hard: HardState,
  entries: readonly Entry[] = [],
): void {
  safety.writing(id, { hard, entries });
  safety.written(id);
}

/** One leads term 1, and entry 1 is on two disks of three. */
function replicated(): RaftSafety {
  const safety = new RaftSafety({}, { voters });
  write(safety, one, hardOf(1, one), [entry(1, 1)]);
  write(safety, two, hardOf(1, one), [entry(1, 1)]);
  write(safety, three, hardOf(1));
  safety.said(append(one, 1, 0));
  return safety;
}

const append = (from: NodeId, term: Term, commit: number): Message => ({
  kind: 'MsgApp',
  from,
  to: from === two ? one : two,
  term,
  prevTerm: 0,
  prevIndex: 0,
  entries: [],
  commit,
});

const vote = (from: NodeId, to: NodeId, term: Term): Message => ({
  kind: 'MsgVoteResp',
  from,
  to,
  term,
  reject: false,
  commit: 0,
  commitTerm: 0,
});

const acknowledge = (from: NodeId, term: Term, index: number): Message => ({
  kind: 'MsgAppResp',
  from,
  to: one,
  term,
  index,
  reject: false,
  hintIndex: 0,
  hintTerm: 0,
});

/** Each begins where `replicated` ends. */
const bad: Record<string, (safety: RaftSafety) => void> = {
  election: (safety) => safety.said(append(two, 1, 0)),
  'leader-completeness': (safety) => {
    safety.applied(one, entry(1, 1));
    write(safety, three, hardOf(2, three));
    safety.said(append(three, 2, 0));
  },
  'state-machine': (safety) => {
    safety.applied(one, entry(1, 1));
    safety.applied(two, entry(1, 1, 'another command'));
  },
  'apply-order': (safety) => {
    safety.applied(one, entry(1, 1));
    safety.applied(one, entry(1, 1));
  },
  quorum: (safety) => {
    write(safety, one, hardOf(1, one), [entry(2, 1)]);
    safety.applied(one, entry(1, 1));
    safety.applied(one, entry(2, 1));
  },
  acknowledgement: (safety) => safety.acknowledged(1, 1, entry(1, 1).data),
  'durable-term': (safety) => safety.said(append(one, 2, 0)),
  'durable-vote': (safety) => safety.said(vote(three, one, 1)),
  'durable-append': (safety) => safety.said(acknowledge(three, 1, 1)),
  'current-term': (safety) => {
    write(safety, two, hardOf(2, two));
    safety.said(append(two, 2, 0));
    safety.said(append(two, 2, 1));
  },
  'one-vote': (safety) => write(safety, two, hardOf(1, three)),
  'log-matching': (safety) => write(safety, three, hardOf(1), [entry(1, 1, 'another command')]),
  'one-write': (safety) => {
    safety.writing(one, { entries: [] });
    safety.writing(one, { entries: [] });
  },
  'durable-log': (safety) => safety.recovered(one, hardOf(1, one), new MemoryLog({}, { conf })),
};

for (const [rule, happen] of Object.entries(bad)) {
  test(`a history that breaks "${rule}" is called so`, (t) => {
    const safety = replicated();
    const violation = t.throws<Violation>(() => happen(safety), { name: 'Violation' });
    t.is(violation?.rule, rule);
  });
}

test('a good history passes: decided, told, crashed, replaced where nothing was decided', (t) => {
  const safety = replicated();
  safety.applied(one, entry(1, 1));
  safety.acknowledged(1, 1, entry(1, 1).data);
  safety.said(append(one, 1, 1));
  write(safety, two, hardOf(1, one), [entry(2, 1)]);
  write(safety, three, hardOf(2, three), [entry(1, 1), { ...entry(2, 2), kind: 'noop' }]);
  safety.said(append(three, 2, 0));
  write(safety, two, hardOf(2), [{ ...entry(2, 2), kind: 'noop' }, entry(3, 2)]);
  write(safety, three, hardOf(2, three), [entry(3, 2)]);
  for (const index of [1, 3]) safety.applied(two, entry(index, index === 1 ? 1 : 2));
  t.is(safety.lastApplied, 3);
  t.is(safety.leaders, 2);
});

test('a write on its way when a machine crashed is there or not, and never in part', (t) => {
  const entries = [entry(1, 1), entry(2, 1)];
  for (const [kept, isFine] of [
    [0, true],
    [1, false],
    [2, true],
  ] as const) {
    const safety = new RaftSafety({}, { voters });
    safety.writing(one, { hard: hardOf(1), entries });
    const log = new MemoryLog({}, { conf });
    const hard = kept === 0 ? hardOf(0) : hardOf(1);
    log.write({ hard, entries: entries.slice(0, kept) });
    const recover = (): void => safety.recovered(one, hard, log);
    if (isFine) t.notThrows(recover);
    else t.throws(recover, { name: 'Violation' });
  }
});
