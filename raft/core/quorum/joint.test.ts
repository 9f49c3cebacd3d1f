/** Joint majorities against a twin that tries every group of voters. */
import test from 'ava';
import fc from 'fast-check';
import { nodeId } from '../test-cluster.ts';
import type { NodeId } from '../types.ts';
import { jointIndex, jointTally, type Voters } from './joint.ts';

const ids = [1, 2, 3, 4, 5, 6].map(nodeId);

/** Every group of `all`, as sets. */
const groupsOf = (all: readonly NodeId[]): readonly ReadonlySet<NodeId>[] =>
  Array.from(
    { length: 2 ** all.length },
    (_, bits) => new Set(all.filter((_id, i) => ((bits >> i) & 1) === 1)),
  );

/** More than half of each group that votes, counted one by one. */
function decides(agreeing: ReadonlySet<NodeId>, { voters, outgoing }: Voters): boolean {
  return [voters, outgoing].every((group) => {
    let surplus = 0;
    for (const id of group) surplus += agreeing.has(id) ? 1 : -1;
    return group.length === 0 || surplus > 0;
  });
}

const anyGroup = (minLength: number): fc.Arbitrary<NodeId[]> =>
  fc.subarray(ids, { minLength, maxLength: 5 });
const anyVoters = fc.record({ voters: anyGroup(1), outgoing: anyGroup(0) });

test('an index is decided when each group has a majority that reached it, tried group by group', (t) => {
  fc.assert(
    fc.property(anyVoters, fc.array(fc.nat(6), { minLength: 7, maxLength: 7 }), (conf, at) => {
      const reached = (id: number): number => at[id] ?? 0;
      const quorums = groupsOf(ids).filter((group) => decides(group, conf));
      const common = quorums.map((group) => Math.min(...[...group].map(reached)));
      t.is(jointIndex(conf, reached), Math.max(...common));
    }),
    { numRuns: 300 },
  );
});

test('an election is won when the granted suffice, lost when all that may still come would not', (t) => {
  const anyVotes = fc.array(fc.constantFrom(true, false, undefined), {
    minLength: 7,
    maxLength: 7,
  });
  fc.assert(
    fc.property(anyVoters, anyVotes, (conf, said) => {
      const heard = ids.flatMap((id) => (said[id] === undefined ? [] : [[id, said[id]] as const]));
      const granted = new Set(ids.filter((id) => said[id] === true));
      const hoped = new Set(ids.filter((id) => said[id] !== false));
      const expected = decides(granted, conf) ? 'won' : decides(hoped, conf) ? 'open' : 'lost';
      t.is(jointTally(conf, new Map(heard)), expected);
    }),
    { numRuns: 1000 },
  );
});

test('a majority of both groups taken together is not enough (catalogue 28)', (t) => {
  const conf = { voters: [1, 2, 3].map(nodeId), outgoing: [3, 4, 5, 6].map(nodeId) };
  const votes = new Map([3, 4, 5, 6].map((id) => [nodeId(id), true]));
  t.is(jointTally(conf, votes), 'open');
  t.is(
    jointIndex(conf, (id) => (id >= 3 ? 9 : 2)),
    2,
  );
});

test('any two quorums of a joint configuration share a voter with each other and with both its halves', (t) => {
  fc.assert(
    fc.property(anyVoters, (conf) => {
      const joint = groupsOf(ids).filter((group) => decides(group, conf));
      const halves = [conf.voters, conf.outgoing]
        .filter(({ length }) => length > 0)
        .flatMap((voters) =>
          groupsOf(ids).filter((group) => decides(group, { voters, outgoing: [] })),
        );
      const isApart = joint.some((one) =>
        [...joint, ...halves].some((other) => one.isDisjointFrom(other)),
      );
      t.false(isApart);
    }),
    { numRuns: 30 },
  );
});
