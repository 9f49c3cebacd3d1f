import test from 'ava';
import fc from 'fast-check';
import { majority, quorumIndex, tally } from './majority.ts';
import { nodeId } from '../test-cluster.ts';

const anyVoters = fc.uniqueArray(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 7 });

test('any two majorities share a voter, and no smaller groups always do', (t) => {
  for (let count = 1; count <= 9; count++) {
    t.true(majority(count) * 2 > count);
    t.true((majority(count) - 1) * 2 <= count);
  }
});

test('the quorum index is the highest that a majority has reached, in whatever order they stand (catalogue 11)', (t) => {
  fc.assert(
    fc.property(anyVoters, fc.array(fc.nat(20), { minLength: 10, maxLength: 10 }), (ids, at) => {
      const reached = (id: number): number => at[id] ?? 0;
      const have = (index: number): number => ids.filter((id) => reached(id) >= index).length;
      const all = Array.from({ length: 21 }, (_, index) => index);
      const expected = Math.max(...all.filter((index) => have(index) >= majority(ids.length)));
      t.is(quorumIndex(ids.map(nodeId), reached), expected);
    }),
  );
});

test('an election is won by a majority, lost when none is left, and open in between', (t) => {
  const anyVotes = fc.array(fc.constantFrom(true, false, undefined), {
    minLength: 10,
    maxLength: 10,
  });
  fc.assert(
    fc.property(anyVoters, anyVotes, (ids, said) => {
      const heard = said.flatMap((vote, id) =>
        vote === undefined ? [] : [[nodeId(id), vote] as const],
      );
      const count = (wanted: boolean | undefined): number =>
        ids.filter((id) => said[id] === wanted).length;
      const canWin = count(true) + count(undefined) >= majority(ids.length);
      const hasWon = count(true) >= majority(ids.length);
      const expected = hasWon ? 'won' : canWin ? 'open' : 'lost';
      t.is(tally(ids.map(nodeId), new Map(heard)), expected);
    }),
  );
});
