import test from 'ava';
import { RegisterOracle } from './register-oracle.ts';

function written(): RegisterOracle {
  const oracle = new RegisterOracle();
  oracle.performed(3, { key: 0, value: 1 });
  oracle.performed(5, { key: 0, value: 2 });
  return oracle;
}

const broken = (rule: string) => ({ name: 'Violation', message: new RegExp(`^${rule}`) });

test('every node carries out the same puts, each once', (t) => {
  const oracle = written();
  t.notThrows(() => oracle.performed(3, { key: 0, value: 1 }));
  t.throws(() => oracle.performed(6, { key: 0, value: 1 }), broken('sessions'));
});

test('what is acknowledged is there, where the client was told', (t) => {
  const oracle = written();
  t.notThrows(() => oracle.acknowledged(5, { key: 0, value: 2 }));
  t.throws(() => oracle.acknowledged(4, { key: 0, value: 2 }), broken('sessions'));
  t.throws(() => oracle.acknowledged(7, { key: 0, value: 3 }), broken('sessions'));
});

test('a read is of a state that was, and no older than what was known when it was asked for', (t) => {
  const oracle = written();
  t.notThrows(() => oracle.read({ floor: 4, index: 4, key: 0, value: 1 }));
  t.notThrows(() => oracle.read({ floor: 0, index: 9, key: 1, value: undefined }));
  t.throws(() => oracle.read({ floor: 5, index: 4, key: 0, value: 1 }), broken('read'));
  t.throws(() => oracle.read({ floor: 5, index: 5, key: 0, value: 1 }), broken('read'));
});
