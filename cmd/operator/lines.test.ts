import test from 'ava';
import { nodeId } from '#raft/core/types.ts';
import type { Member, OperatorReply } from '#raft/node/operator-desk.ts';
import { type Lines, linesOf } from './lines.ts';

const linesOfReply = (reply: OperatorReply): Lines =>
  linesOf({ kind: 'reply', reply, address: 'm1:5060' });

const member = (id: number, rest: Partial<Member> = {}): Member => ({
  id: nodeId(id),
  role: 'voter',
  address: { host: `m${id}`, port: 5060 },
  progress: undefined,
  ...rest,
});

const members: OperatorReply & { readonly kind: 'members' } = {
  kind: 'members',
  self: nodeId(2),
  leader: nodeId(2),
  term: 5,
  last: 120,
  members: [
    member(2, { progress: { match: 120, isActive: true } }),
    member(31, { progress: { match: 7, isActive: false } }),
    member(4, { role: 'learner', address: undefined, progress: { match: 9, isActive: true } }),
  ],
};

test('members are told in columns, with what each of them has', (t) => {
  t.deepEqual(linesOfReply(members), {
    said: [
      'term 5, node 2 leads',
      '   node  role     address   log',
      '*  2     voter    m2:5060   all of 120',
      '   31    voter    m31:5060  7 of 120, silent',
      '   4     learner  unknown   9 of 120',
    ],
    complaints: [],
  });
});

test('what a follower knows is told as such', (t) => {
  const [first] = linesOfReply({ ...members, self: nodeId(4) }).said;
  t.is(first, 'term 5, node 2 leads, and does not answer: this is what node 4 knows');
  const [lost] = linesOfReply({ ...members, self: nodeId(4), leader: undefined }).said;
  t.is(lost, 'term 5, nobody leads: this is what node 4 knows');
});

test('refusals say what can be done', (t) => {
  const refused = (reason: 'no-spare' | 'unknown' | 'too-slow'): Lines =>
    linesOfReply({ kind: 'refused', reason, why: 'why' });
  t.deepEqual(refused('no-spare').complaints, ['why; --accept-no-spare does it all the same']);
  t.regex(refused('unknown').complaints[0]!, /^why; 'altiplano operator raft list' shows/);
  t.deepEqual(refused('too-slow').complaints, ['why']);
  const notLeader = { kind: 'not-leader', self: nodeId(1), address: undefined } as const;
  t.regex(linesOfReply({ ...notLeader, leader: undefined }).complaints[0]!, /knows no leader/);
  t.regex(linesOfReply({ ...notLeader, leader: nodeId(2) }).complaints[0]!, /node 2 does, but/);
});

test('what is done is told, and silence is a complaint', (t) => {
  const voters = [1, 2, 9].map(nodeId);
  t.deepEqual(linesOfReply({ kind: 'changed', voters }).said, ['the members are 1, 2, 9']);
  const moved = linesOfReply({ kind: 'transferred', leader: nodeId(2) });
  t.deepEqual(moved, { said: ['node 2 leads'], complaints: [] });
  const silence = linesOf({ kind: 'silence', isHeard: false, reasons: ['m1: nobody'] });
  t.deepEqual(silence.complaints, ['no master answers', 'm1: nobody']);
  const broken = linesOf({ kind: 'silence', isHeard: true, reasons: ['m1: cut off'] });
  t.regex(broken.complaints[1]!, /^no answer came, so it may be done, or not/);
});
