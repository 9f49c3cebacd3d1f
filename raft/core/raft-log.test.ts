import test from 'ava';
import fc from 'fast-check';
import { MemoryLog } from './memory-log.ts';
import { RaftLog } from './raft-log.ts';
import { confOf } from './test-cluster.ts';
import type { Entry } from './types.ts';

const entry = (index: number, term: number): Entry => ({
  index,
  term,
  kind: 'normal',
  data: new Uint8Array(10),
});
/** Entries from `first` on, of these terms. */
const entriesOf = (first: number, terms: readonly number[]): Entry[] =>
  terms.map((term, i) => entry(first + i, term));

function logOf(terms: readonly number[]): { log: RaftLog; stored: MemoryLog } {
  const stored = new MemoryLog({}, { conf: confOf(1, 2, 3) });
  stored.write({ entries: entriesOf(1, terms) });
  return { log: new RaftLog({ stored }, { commit: 0, applied: 0 }), stored };
}

const termsOf = (log: RaftLog): readonly number[] =>
  log.entries(log.first, log.last + 1, Infinity).map(({ term }) => term);

function write(log: RaftLog, stored: MemoryLog): void {
  const { entries, snapshot } = log.takeWrite();
  if (snapshot !== undefined) stored.install(snapshot);
  stored.write({ entries });
  log.written();
}

test('a conflict removes the entry and all that follow it', (t) => {
  const { log } = logOf([1, 1, 1, 2, 2]);
  t.true(log.accept({ index: 3, term: 1 }, entriesOf(4, [3])));
  t.deepEqual(termsOf(log), [1, 1, 1, 3]);
});

test('an older copy of what is there removes nothing', (t) => {
  const { log } = logOf([1, 1, 2, 2]);
  t.true(log.accept({ index: 0, term: 0 }, entriesOf(1, [1])));
  t.true(log.accept({ index: 1, term: 1 }, entriesOf(2, [1, 2])));
  t.deepEqual(termsOf(log), [1, 1, 2, 2]);
});

test('entries after a gap, or after an entry of another term, are refused', (t) => {
  const { log } = logOf([1, 1]);
  t.false(log.accept({ index: 3, term: 1 }, entriesOf(4, [1])));
  t.false(log.accept({ index: 2, term: 2 }, entriesOf(3, [2])));
  t.deepEqual(termsOf(log), [1, 1]);
});

test('a committed entry is never removed', (t) => {
  const { log } = logOf([1, 1, 1]);
  log.commitTo(2);
  t.throws(() => log.accept({ index: 1, term: 1 }, entriesOf(2, [2])), { name: 'AssertionError' });
});

test('an entry that is overwritten while it is written is not stable, even if it comes back (catalogue 13)', (t) => {
  const { log, stored } = logOf([1]);
  log.append(entriesOf(2, [1, 1]));
  const { entries } = log.takeWrite();
  log.accept({ index: 1, term: 1 }, entriesOf(2, [2]));
  log.accept({ index: 1, term: 1 }, entriesOf(2, [3]));
  stored.write({ entries });
  log.written();
  t.is(log.stable, 1);
  t.deepEqual(termsOf(log), [1, 3]);
  write(log, stored);
  t.is(log.stable, 2);
});

test('entries that a write carried are stable, those that came meanwhile are not', (t) => {
  const { log, stored } = logOf([]);
  log.append(entriesOf(1, [1, 1]));
  const { entries } = log.takeWrite();
  log.append(entriesOf(3, [1]));
  stored.write({ entries });
  log.written();
  t.is(log.stable, 2);
  t.deepEqual(
    log.takeWrite().entries.map(({ index }) => index),
    [3],
  );
});

test('a write that a snapshot overtook makes nothing behind the snapshot stable', (t) => {
  const { log, stored } = logOf([]);
  log.append(entriesOf(1, [1, 1, 1, 1, 1]));
  const { entries } = log.takeWrite();
  const mark = { index: 3, term: 2, conf: confOf(1, 2, 3) };
  log.restore(mark);
  log.append(entriesOf(4, [2, 2]));
  stored.write({ entries });
  log.written();
  t.deepEqual([log.stable, log.last], [3, 5]);
  const next = log.takeWrite();
  t.deepEqual(next, { entries: entriesOf(4, [2, 2]), snapshot: mark });
  stored.install(mark);
  stored.write(next);
  log.written();
  t.deepEqual([log.stable, log.last, log.applied], [5, 5, 3]);
  t.deepEqual(termsOf(log), [2, 2]);
});

test('what is decided elsewhere is not applied here before it is durable here', (t) => {
  const { log, stored } = logOf([1]);
  log.append(entriesOf(2, [1]));
  log.commitTo(2);
  t.deepEqual(
    log.takeCommitted(Infinity).map(({ index }) => index),
    [1],
  );
  t.false(log.hasCommitted);
  write(log, stored);
  t.deepEqual(
    log.takeCommitted(Infinity).map(({ index }) => index),
    [2],
  );
});

test('after a snapshot the last term is the snapshot’s, and what it replaced is gone (catalogue 9, 34)', (t) => {
  const { log, stored } = logOf([1, 1, 2, 2, 2]);
  log.restore({ index: 4, term: 3, conf: confOf(1, 2, 3) });
  t.deepEqual(log.end, { index: 4, term: 3 });
  t.is(log.term(5), undefined);
  log.append(entriesOf(5, [3]));
  log.commitTo(5);
  t.false(log.hasCommitted, 'entries wait until the snapshot is installed');
  write(log, stored);
  t.is(log.applied, 4);
  t.deepEqual(log.takeCommitted(Infinity), entriesOf(5, [3]));
  t.deepEqual(log.end, { index: 5, term: 3 });
});

test('a log that begins beyond what the state machine holds is a bug, and so is one that ends before', (t) => {
  const { stored } = logOf([1, 1]);
  t.throws(() => new RaftLog({ stored }, { commit: 0, applied: 3 }), { name: 'AssertionError' });
  t.throws(() => new RaftLog({ stored }, { commit: 3, applied: 0 }), { name: 'AssertionError' });
  stored.forget({ index: 2, term: 1, conf: confOf(1) });
  t.throws(() => new RaftLog({ stored }, { commit: 2, applied: 1 }), { name: 'AssertionError' });
});

test('entries come with at least one, otherwise within the bytes asked for, across disk and memory', (t) => {
  const { log } = logOf([1, 1, 1]);
  log.append(entriesOf(4, [2, 2, 2]));
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 6 }), fc.nat(80), (from, bytesMax) => {
      const found = log.entries(from, 7, bytesMax);
      const expected = Math.min(7 - from, Math.max(1, Math.floor(bytesMax / 10)));
      t.deepEqual(
        found.map(({ index }) => index),
        Array.from({ length: expected }, (_, i) => from + i),
      );
    }),
  );
});

test('the last entry of at most a term is found from any index', (t) => {
  const terms = [1, 1, 2, 2, 5, 5];
  const { log } = logOf(terms);
  fc.assert(
    fc.property(fc.nat(6), fc.nat(7), (index, term) => {
      const found = [0, ...terms].slice(0, index + 1).findLastIndex((one) => one <= term);
      t.deepEqual(log.lastOfTerm(index, term), { index: found, term: [0, ...terms][found] ?? 0 });
    }),
  );
});

/** A list of terms is all there is to a log; `accept` on it is three lines, and slow. */
function acceptNaively(
  log: readonly number[],
  prev: { index: number; term: number },
  terms: readonly number[],
): readonly number[] | undefined {
  if (prev.index > 0 && log[prev.index - 1] !== prev.term) return undefined;
  const fresh = terms.findIndex((term, i) => log[prev.index + i] !== term);
  return fresh === -1 ? log : [...log.slice(0, prev.index + fresh), ...terms.slice(fresh)];
}

test('however writes and arrivals interleave, the log is the naive one, and so is the disk', (t) => {
  const anyTerms = fc.array(fc.integer({ min: 1, max: 4 }), { maxLength: 6 });
  const anyMove = fc.oneof(
    fc.record({ kind: fc.constant('accept' as const), at: fc.nat(8), terms: anyTerms }),
    fc.constant({ kind: 'take' as const }),
    fc.constant({ kind: 'written' as const }),
  );
  fc.assert(
    fc.property(fc.array(anyMove, { maxLength: 40 }), (moves) => {
      const { log, stored } = logOf([]);
      let model: readonly number[] = [];
      const writing: (readonly Entry[])[] = [];
      for (const move of moves) {
        if (move.kind === 'accept') {
          const index = Math.min(move.at, model.length);
          const prev = { index, term: index === 0 ? 0 : (model[index - 1] ?? 0) };
          const terms = move.terms
            .toSorted((a, b) => a - b)
            .map((term) => Math.max(term, prev.term));
          model = acceptNaively(model, prev, terms) ?? model;
          t.true(log.accept(prev, entriesOf(index + 1, terms)));
        } else if (move.kind === 'take') {
          // As many as you like: what no write has yet goes into the next.
          writing.push(log.takeWrite().entries);
        } else {
          const entries = writing.shift();
          if (entries === undefined) continue;
          stored.write({ entries });
          log.written();
        }
        t.deepEqual(termsOf(log), model);
        t.true(log.stable <= log.last);
        for (let index = 1; index <= log.stable; index++) {
          t.is(stored.term(index), model[index - 1], 'stable, but not on disk');
        }
      }
    }),
  );
});
