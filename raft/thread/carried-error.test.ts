import test from 'ava';
import { WalError } from '#storage/wal/wal-error.ts';
import { carried, uncarried } from './carried-error.ts';

test('a fault keeps its name, message, code and stack in another thread', (t) => {
  const fault = new WalError('LOCKED', 'Cannot open the Raft log');
  const there = uncarried(structuredClone(carried(fault)));
  t.true(there instanceof Error);
  t.like(there, { name: 'WalError', message: fault.message, code: 'LOCKED', stack: fault.stack });
});

test('a bug has no code there either, so that nobody takes it for a fault', (t) => {
  t.false('code' in uncarried(carried(new TypeError('a bug'))));
  t.is(uncarried(carried('a word')).message, 'a word');
});
