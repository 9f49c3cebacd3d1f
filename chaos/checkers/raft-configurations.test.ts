/** The checker's arithmetic against the one that it checks, and what counts as a quorum. */
import test from 'ava';
import fc from 'fast-check';
import { brand } from '#internal/base/brand.ts';
import { changed } from '#raft/core/confchange.ts';
import type { ConfChange, ConfState, NodeId } from '#raft/core/types.ts';
import {
  afterChange,
  Configurations,
  isQuorum,
  isSameConfiguration,
} from './raft-configurations.ts';

const id = (number: number): NodeId => brand<NodeId>(number);
const initial: ConfState = {
  voters: [id(1), id(2), id(3)],
  outgoing: [],
  learners: [],
  learnersNext: [],
  autoLeave: false,
};

const anyChange: fc.Arbitrary<ConfChange> = fc.record({
  transition: fc.constantFrom('auto', 'implicit', 'explicit'),
  changes: fc.uniqueArray(
    fc.record({
      kind: fc.constantFrom('add-voter', 'add-learner', 'remove'),
      node: fc.integer({ min: 1, max: 6 }).map(id),
    }),
    { maxLength: 4, selector: ({ node }) => node },
  ),
});

test('whatever is changed, checker and node come to the same members', (t) => {
  let accepted = 0;
  const property = fc.property(fc.array(anyChange, { maxLength: 12 }), (changes) => {
    let theirs = initial;
    let ours: ConfState = initial;
    for (const change of changes) {
      const next = changed(theirs, change);
      if (!next.ok) continue;
      accepted++;
      theirs = next.value;
      ours = { ...afterChange(ours, change) };
      if (!isSameConfiguration(ours, theirs)) return false;
    }
    return true;
  });
  t.notThrows(() => fc.assert(property, { numRuns: 500, seed: Number(process.env['SEED'] ?? 1) }));
  t.true(accepted > 500, 'too few changes were possible: this proves nothing');
});

test('a joint configuration decides by a majority of both halves', (t) => {
  const conf = { voters: [id(1), id(4), id(5)], outgoing: [id(1), id(2), id(3)] };
  const has =
    (...ids: readonly number[]) =>
    (of: NodeId) =>
      ids.includes(of);
  t.true(isQuorum(conf, has(1, 2, 4)));
  t.false(isQuorum(conf, has(1, 4, 5)));
  t.false(isQuorum(conf, has(1, 2, 3)));
  t.true(isQuorum({ ...conf, outgoing: [] }, has(4, 5)));
  t.false(isQuorum({ voters: [id(1), id(2)], outgoing: [] }, has(1)));
});

test('an entry is decided by the members before it, or by those before their last change', (t) => {
  const configurations = new Configurations({}, { initial });
  const add = (node: NodeId): ConfChange => ({
    transition: 'auto',
    changes: [{ kind: 'add-voter', node }],
  });
  configurations.decided(5, add(id(4)));
  configurations.decided(9, add(id(5)));
  const sizes = (index: number): readonly number[] =>
    configurations.decidersOf(index).map(({ voters }) => voters.length);
  t.deepEqual(sizes(5), [3]);
  t.deepEqual(sizes(6), [3, 4]);
  t.deepEqual(sizes(10), [4, 5]);
  t.is(configurations.at(4).voters.length, 3);
  t.is(configurations.newest.voters.length, 5);
});
