import { status } from '@grpc/grpc-js';
import test from 'ava';
import { toRpcStatus } from './status.ts';

test('each kind of failure has a status of its own, and keeps its words', (t) => {
  const kinds = [
    'wrong-peer',
    'malformed',
    'nameless',
    'forbidden',
    'absent',
    'conflict',
    'too-large',
    'overloaded',
    'unavailable',
    'undecided',
  ] as const;
  const statuses = kinds.map((kind) => toRpcStatus({ kind, message: `why ${kind}` }));
  t.is(new Set(statuses.map(({ code }) => code)).size, kinds.length);
  t.false(statuses.some(({ code }) => code === status.OK || code === status.UNKNOWN));
  t.deepEqual(
    statuses.map(({ details }) => details),
    kinds.map((kind) => `why ${kind}`),
  );
});
