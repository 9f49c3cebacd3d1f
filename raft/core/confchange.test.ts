/** Configurations and their changes, against a twin that thinks of one node at a time. */
import test from 'ava';
import fc from 'fast-check';
import { confChangeOf, confChangeToBytes } from './confchange-codec.ts';
import { changed, leave, membersOf, whyInvalid } from './confchange.ts';
import { describeConf } from './describe.ts';
import { jointTally } from './quorum/joint.ts';
import { confOf, nodeId } from './test-cluster.ts';
import type { ConfChange, ConfState, MemberChange, NodeId } from './types.ts';

const [one, two, three, four] = [nodeId(1), nodeId(2), nodeId(3), nodeId(4)] as const;
const ids = [one, two, three, four, nodeId(5)];

const anyMemberChange: fc.Arbitrary<MemberChange> = fc.record({
  kind: fc.constantFrom('add-voter' as const, 'add-learner' as const, 'remove' as const),
  node: fc.constantFrom(...ids),
});

const anyChange: fc.Arbitrary<ConfChange> = fc.record({
  transition: fc.constantFrom('auto' as const, 'implicit' as const, 'explicit' as const),
  changes: fc.array(anyMemberChange, { maxLength: 4 }),
});

const anyChanges = fc.array(fc.oneof(anyChange, fc.constant(leave)), { maxLength: 12 });

/** What one node is: does it vote now, did it vote before, does it learn? */
type Part = { readonly votes: boolean; readonly outgoing: boolean; readonly learns: boolean };

const partOf = (conf: ConfState, id: NodeId): Part => ({
  votes: conf.voters.includes(id),
  outgoing: conf.outgoing.includes(id),
  learns: conf.learners.includes(id) || conf.learnersNext.includes(id),
});

/** The twin: each node's part after a change, or undefined when there is no such configuration. */
function twin(conf: ConfState, { transition, changes }: ConfChange): Map<NodeId, Part> | undefined {
  const before = new Map(ids.map((id) => [id, partOf(conf, id)]));
  const isJoint = [...before.values()].some(({ outgoing }) => outgoing);
  if (transition === 'auto' && changes.length === 0) {
    if (!isJoint) return undefined;
    return new Map([...before].map(([id, part]) => [id, { ...part, outgoing: false }]));
  }
  if (isJoint) return undefined;
  const isStep = transition === 'auto' && changes.length === 1;
  const parts = new Map(
    [...before].map(([id, part]) => {
      const last = changes.findLast(({ node }) => node === id);
      const votes = last === undefined ? part.votes : last.kind === 'add-voter';
      const learns = last === undefined ? part.learns : last.kind === 'add-learner';
      return [id, { votes, learns, outgoing: !isStep && part.votes }];
    }),
  );
  return [...parts.values()].some(({ votes }) => votes) ? parts : undefined;
}

test('a change does to each node what it says, and nothing else', (t) => {
  let accepted = 0;
  fc.assert(
    fc.property(anyChanges, (changes) => {
      let conf = confOf(1, 2, 3);
      for (const change of changes) {
        const next = changed(conf, change);
        const expected = twin(conf, change);
        t.is(next.ok, expected !== undefined, `${describeConf(conf)} ${JSON.stringify(change)}`);
        if (!next.ok) continue;
        accepted += 1;
        conf = next.value;
        t.deepEqual(new Map(ids.map((id) => [id, partOf(conf, id)])), expected);
        t.is(whyInvalid(conf), undefined);
        const isJoint = conf.outgoing.length > 0;
        t.is(conf.autoLeave, isJoint && change.transition !== 'explicit');
      }
    }),
    { numRuns: 1000 },
  );
  t.true(accepted > 1000);
});

test('whatever decides before a change shares a voter with whatever decides after it', (t) => {
  const groups = Array.from(
    { length: 2 ** ids.length },
    (_, bits) => new Map(ids.map((id, i) => [id, ((bits >> i) & 1) === 1])),
  );
  const quorumsOf = (conf: ConfState): readonly ReadonlySet<NodeId>[] =>
    groups
      .filter((votes) => jointTally(conf, votes) === 'won')
      .map((votes) => new Set(ids.filter((id) => votes.get(id) === true)));
  fc.assert(
    fc.property(anyChanges, (changes) => {
      let conf = confOf(1, 2, 3);
      for (const change of changes) {
        const next = changed(conf, change);
        if (!next.ok) continue;
        const later = quorumsOf(next.value);
        const isApart = quorumsOf(conf).some((quorum) =>
          later.some((other) => quorum.isDisjointFrom(other)),
        );
        t.false(isApart, `${describeConf(conf)} ${JSON.stringify(change)}`);
        conf = next.value;
      }
    }),
    { numRuns: 200 },
  );
});

function after(conf: ConfState, change: ConfChange): string {
  const next = changed(conf, change);
  return next.ok ? describeConf(next.value) : next.refusal;
}

const add = (node: NodeId): MemberChange => ({ kind: 'add-voter', node });
const learn = (node: NodeId): MemberChange => ({ kind: 'add-learner', node });
const remove = (node: NodeId): MemberChange => ({ kind: 'remove', node });

test('one voter more or less is one step; more go through a joint configuration', (t) => {
  t.is(after(confOf(1, 2), { transition: 'auto', changes: [add(three)] }), '{1,2,3}');
  t.is(
    after(confOf(1, 2, 3), { transition: 'auto', changes: [add(four), remove(one)] }),
    '{2,3,4|1,2,3 leaving}',
  );
  t.is(
    after(confOf(1, 2, 3), { transition: 'implicit', changes: [add(four)] }),
    '{1,2,3,4|1,2,3 leaving}',
  );
  t.is(after(confOf(1, 2, 3), { transition: 'explicit', changes: [add(four)] }), '{1,2,3,4|1,2,3}');
});

test('a voter that is to learn votes on in the outgoing half, and learns when that is left', (t) => {
  const demoted = changed(confOf(1, 2, 3), {
    transition: 'explicit',
    changes: [learn(three), add(four)],
  });
  t.true(demoted.ok);
  if (!demoted.ok) return;
  t.is(describeConf(demoted.value), '{1,2,4|1,2,3 next 3}');
  t.deepEqual(membersOf(demoted.value), [one, two, three, four]);
  t.is(after(demoted.value, leave), '{1,2,4 learn 3}');
});

test('what leaves no voter, or no end of a joint configuration, is refused with the reason', (t) => {
  t.regex(after(confOf(1), { transition: 'auto', changes: [remove(one)] }), /no voter/);
  t.regex(after(confOf(1), leave), /no joint configuration/);
  const joint = { ...confOf(1, 2), outgoing: [one] };
  t.regex(after(joint, { transition: 'auto', changes: [add(three)] }), /must be left first/);
  t.regex(after(confOf(1), { transition: 'auto', changes: [add(nodeId(0))] }), /node id 0/);
});

test('a configuration that contradicts itself is told from one that does not', (t) => {
  const good = confOf(1, 2, 3);
  for (const bad of [
    { ...good, learners: [one] },
    { ...good, voters: [one, one] },
    { ...good, voters: [nodeId(1.5)] },
    { ...good, autoLeave: true },
    { ...good, learnersNext: [four] },
    { ...good, outgoing: [one], learnersNext: [one] },
    { ...good, voters: [], outgoing: [one] },
    { ...good, outgoing: [four], learners: [four] },
  ]) {
    t.is(typeof whyInvalid(bad), 'string', describeConf(bad));
  }
  t.is(whyInvalid({ ...good, outgoing: [four], learnersNext: [four] }), undefined);
});

test('a change is read as it was written, wherever its bytes lie', (t) => {
  fc.assert(
    fc.property(anyChange, fc.nat(7), (change, offset) => {
      const bytes = confChangeToBytes(change);
      const room = new Uint8Array(offset + bytes.length + 3);
      room.set(bytes, offset);
      const data = room.subarray(offset, offset + bytes.length);
      t.deepEqual(confChangeOf({ kind: 'conf', term: 1, index: 1, data }), change);
    }),
  );
  const large: ConfChange = { transition: 'auto', changes: [add(nodeId(2 ** 53 - 1))] };
  const data = confChangeToBytes(large);
  t.deepEqual(confChangeOf({ kind: 'conf', term: 1, index: 1, data }), large);
});

test('a change that cannot be read stops the node', (t) => {
  const data = confChangeToBytes({ transition: 'auto', changes: [add(one)] });
  const entry = { kind: 'conf', term: 1, index: 7, data } as const;
  const damaged = (at: number, byte: number): Uint8Array =>
    data.map((each, i) => (i === at ? byte : each));
  const cases = [damaged(0, 2), damaged(1, 9), damaged(2, 2), damaged(6, 7), data.slice(0, 5)];
  for (const bytes of cases) t.throws(() => confChangeOf({ ...entry, data: bytes }), { any: true });
  t.throws(() => confChangeOf({ ...entry, kind: 'normal' }), { any: true });
});
