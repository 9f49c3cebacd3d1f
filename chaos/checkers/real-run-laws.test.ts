/** Each promise of a run is broken once on purpose: a checker that says nothing is no checker. */
import test from 'ava';
import { LaunchBook } from './launch-book.ts';
import { Leadership } from './leadership.ts';
import { judgeLedger } from './ledger.ts';

test('a task that begins twice is found, and once is fine', (t) => {
  const book = new LaunchBook();
  book.launches('a');
  t.deepEqual(book.judge(new Map([['a', ['on x']]])), []);
  const [finding] = book.judge(new Map([['a', ['on x', 'on y']]]));
  t.is(finding?.text, 'task a began 2 times');
  t.deepEqual(finding?.facts, ['it began on x', 'it began on y']);
});

test('a state after the end is found; the end told again is not, nor is one of a stranger', (t) => {
  const book = new LaunchBook();
  book.launches('a');
  t.is(book.hears('a', 'TASK_RUNNING', 'agent 1'), undefined);
  t.is(book.hears('a', 'TASK_FINISHED', 'agent 1'), undefined);
  t.is(book.hears('a', 'TASK_FINISHED', 'agent 1'), undefined);
  t.is(book.hears('b', 'TASK_RUNNING', 'agent 1'), undefined);
  t.deepEqual(book.hears('a', 'TASK_LOST', 'a master')?.facts, [
    'agent 1 said TASK_FINISHED',
    'a master said TASK_LOST',
  ]);
  t.deepEqual([book.launched, book.ended, book.open], [1, 1, []]);
});

test('a task that finished and was never seen to begin is found', (t) => {
  const book = new LaunchBook();
  book.launches('a');
  book.launches('b');
  book.hears('a', 'TASK_FINISHED', 'agent 1');
  book.hears('b', 'TASK_DROPPED', 'a master');
  t.deepEqual(
    book.unseen(new Map()).map(({ text }) => text),
    ['task a never began'],
  );
  t.deepEqual(book.unseen(new Map([['a', ['on x']]])), []);
});

test('two leaders of a term are found, and an agent that goes back to a lower one', (t) => {
  const seen = new Leadership();
  t.is(seen.leads('m1', 1), undefined);
  t.is(seen.follows('a', 'm1'), undefined);
  t.is(seen.leads('m2', 2), undefined);
  t.is(seen.follows('a', 'm2'), undefined);
  t.is(seen.leader, 'm2');
  t.regex(seen.leads('m3', 2)?.text ?? '', /m2 and m3 lead in term 2/);
  t.regex(seen.follows('a', 'm1')?.text ?? '', /a follows m1 of term 1 after m2 of term 2/);
  seen.resigns('m3');
  t.is(seen.leader, undefined);
});

test('a ledger that lost what was noted, or has two writers, is found', (t) => {
  t.deepEqual(judgeLedger(['1', '2', '3'], 2), []);
  t.is(judgeLedger(['1', '2'], 3)[0]?.law, 'what was synced to a volume stays there');
  t.is(judgeLedger(['1', '2', '2', '3'], 3)[0]?.text, 'line 3 of the ledger says 2');
  t.deepEqual(judgeLedger([], 0), []);
});
