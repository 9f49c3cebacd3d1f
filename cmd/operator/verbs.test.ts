import test from 'ava';
import { nodeId } from '#raft/core/types.ts';
import { verbs, type Wish } from './verbs.ts';

const read = (name: string, ...argv: readonly string[]): Wish | number =>
  verbs.find((verb) => verb.name === name)!.read(argv);

const requestOf = (name: string, ...argv: readonly string[]): unknown => {
  const wish = read(name, ...argv);
  return typeof wish === 'number' ? wish : wish.request;
};

test('each verb makes its request', (t) => {
  t.deepEqual(requestOf('list'), { kind: 'list' });
  t.deepEqual(requestOf('add', '--nodes=4,5', '--instead-of=1'), {
    kind: 'change',
    add: [4, 5].map(nodeId),
    remove: [nodeId(1)],
    acceptNoSpare: false,
  });
  t.deepEqual(requestOf('remove', '--nodes=1', '--nodes=2', '--accept-no-spare'), {
    kind: 'change',
    add: [],
    remove: [1, 2].map(nodeId),
    acceptNoSpare: true,
  });
  t.deepEqual(requestOf('promote', '--nodes=4'), {
    kind: 'change',
    add: [nodeId(4)],
    remove: [],
    acceptNoSpare: false,
  });
  t.deepEqual(requestOf('transfer'), { kind: 'transfer', to: undefined });
  t.deepEqual(requestOf('transfer', '--to=3'), { kind: 'transfer', to: nodeId(3) });
});

test('masters and patience are the same for all', (t) => {
  t.like(read('list'), { masters: ['127.0.0.1:5061', '127.0.0.1:5063', '127.0.0.1:5065'] });
  t.like(read('transfer', '--masters=a:1,b:2', '--timeout=5secs'), {
    masters: ['a:1', 'b:2'],
    timeoutMs: 5000,
  });
});

test('what is no node, no address, missing or too much is a wrong command line', (t) => {
  for (const [verb, ...argv] of [
    ['add'],
    ['add', '--nodes=0'],
    ['add', '--nodes=1,,2'],
    ['add', '--nodes=9007199254740993'],
    ['add', '--nodes=1,2,3,4,5,6,7,8,9,10'],
    ['remove', '--nodes=1', '--instead-of=2'],
    ['transfer', '--to=1,2'],
    ['list', '--masters=a'],
    ['list', '--masters='],
  ] as const) {
    t.is(read(verb, ...argv), 2, `${verb} ${argv.join(' ')}`);
  }
});
