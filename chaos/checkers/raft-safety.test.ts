/** The checker itself, on short histories: good ones pass, and each way to be bad is called by name. */
import test from 'ava';
import { brand } from '#internal/base/brand.ts';
import { MemoryLog } from '#raft/core/memory-log.ts';
import { confChangeToBytes } from '#raft/core/confchange-codec.ts';
import type {
  ConfChange,
  Entry,
  HardState,
  MemberChange,
  Message,
  NodeId,
  Term,
} from '#raft/core/types.ts';
import type { LogOperation } from './durable-logs.ts';
import { RaftSafety, type View } from './raft-safety.ts';
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
  const operation: LogOperation = { kind: 'append', batch: { hard, entries } };
  safety.began(id, operation);
  safety.ended(id, operation);
}

const apply = (safety: RaftSafety, id: NodeId, command: Entry, verdict = 'applied'): void =>
  safety.applied(id, command, verdict);

/** One leads term 1, and entry 1 is on two disks of three. */
function replicated(): RaftSafety {
  const safety = new RaftSafety({}, { initial: conf });
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

const view: View = { term: 1, vote: one, commit: 0, applied: 0, last: 1, conf };

/** Each begins where `replicated` ends. */
const bad: Record<string, (safety: RaftSafety) => void> = {
  election: (safety) => safety.said(append(two, 1, 0)),
  'leader-completeness': (safety) => {
    apply(safety, one, entry(1, 1));
    write(safety, three, hardOf(2, three));
    safety.said(append(three, 2, 0));
  },
  'state-machine': (safety) => {
    apply(safety, one, entry(1, 1));
    apply(safety, two, entry(1, 1, 'another command'));
  },
  'apply-order': (safety) => {
    apply(safety, one, entry(1, 1));
    apply(safety, one, entry(1, 1));
  },
  quorum: (safety) => {
    write(safety, one, hardOf(1, one), [entry(2, 1)]);
    apply(safety, one, entry(1, 1));
    apply(safety, one, entry(2, 1));
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
    safety.began(one, { kind: 'append', batch: { entries: [] } });
    safety.began(one, { kind: 'append', batch: { entries: [] } });
  },
  'durable-log': (safety) => safety.recovered(one, hardOf(1, one), new MemoryLog({}, { conf })),
  commit: (safety) => {
    write(safety, one, { ...hardOf(1, one), commit: 1 });
    write(safety, one, hardOf(1, one));
  },
  order: (safety) => safety.looked(one, { ...view, last: 0, commit: 1 }),
  monotonic: (safety) => {
    safety.looked(one, { ...view, commit: 1 });
    safety.looked(one, view);
  },
  membership: (safety) => {
    safety.looked(one, { ...view, conf: { ...conf, voters: [one] } });
  },
  snapshot: (safety) => safety.restored(one, 1, 'the state'),
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
  apply(safety, one, entry(1, 1));
  safety.acknowledged(1, 1, entry(1, 1).data);
  safety.said(append(one, 1, 1));
  write(safety, two, hardOf(1, one), [entry(2, 1)]);
  write(safety, three, hardOf(2, three), [entry(1, 1), { ...entry(2, 2), kind: 'noop' }]);
  safety.said(append(three, 2, 0));
  write(safety, two, hardOf(2), [{ ...entry(2, 2), kind: 'noop' }, entry(3, 2)]);
  write(safety, three, hardOf(2, three), [entry(3, 2)]);
  for (const index of [1, 3]) apply(safety, two, entry(index, index === 1 ? 1 : 2));
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
    const safety = new RaftSafety({}, { initial: conf });
    safety.began(one, { kind: 'append', batch: { hard: hardOf(1), entries } });
    const log = new MemoryLog({}, { conf });
    const hard = kept === 0 ? hardOf(0) : hardOf(1);
    log.write({ hard, entries: entries.slice(0, kept) });
    const recover = (): void => safety.recovered(one, hard, log);
    if (isFine) t.notThrows(recover);
    else t.throws(recover, { name: 'Violation' });
  }
});

test('a state that differs, or a verdict, breaks "state-machine"', (t) => {
  const broken = { name: 'Violation', message: /^state-machine/ };
  const safety = replicated();
  apply(safety, one, entry(1, 1));
  t.throws(() => apply(safety, two, entry(1, 1), 'dropped'), broken);
  safety.stands(one, 1, 'a');
  t.throws(() => safety.restored(three, 1, 'b'), broken);
});

test('in a joint configuration both halves must have an entry', (t) => {
  const [four, five] = [brand<NodeId>(4), brand<NodeId>(5)] as const;
  const swap: ConfChange = {
    transition: 'implicit',
    changes: [four, five].flatMap((node, place): MemberChange[] => [
      { kind: 'add-voter', node },
      { kind: 'remove', node: place === 0 ? two : three },
    ]),
  };
  const change: Entry = { index: 2, term: 1, kind: 'conf', data: confChangeToBytes(swap) };
  const begin = (on: readonly NodeId[]): RaftSafety => {
    const safety = replicated();
    for (const id of [four, five]) safety.joined(id);
    for (const id of [one, two]) write(safety, id, hardOf(1, one), [change]);
    const joint = { ...conf, voters: [one, four, five], outgoing: voters, autoLeave: true };
    apply(safety, one, entry(1, 1));
    const [commit, applied, last] = [2, 2, 2];
    safety.looked(one, { ...view, commit, applied, last, conf: joint });
    for (const id of on) {
      const missing = id === four ? [entry(1, 1), change] : [];
      write(safety, id, hardOf(1, one), [...missing, entry(3, 1)]);
    }
    return safety;
  };
  const next = (safety: RaftSafety): void => apply(safety, one, entry(3, 1));
  t.notThrows(() => next(begin([one, two, four])));
  t.throws(() => next(begin([one, four])), { message: /^quorum/ }, 'half of the old ones');
});
