import test from 'ava';
import { masterId } from '#internal/model/ids.ts';
import { memorySink } from '#internal/testing/memory-sink.ts';
import { masterUnderTest, textOf } from '#internal/testing/master-under-test.ts';
import { oracleView } from '#internal/testing/oracle-cluster.ts';
import type { Leadership } from '../door.ts';

const view = oracleView('O1');
const leader = {
  id: masterId('other'),
  hostname: 'two.example',
  ip: '10.0.0.2',
  httpPort: 5055,
  grpcPort: 5060,
};
const following: Leadership = { kind: 'following', leader };
const json = { 'content-type': 'application/json', accept: 'application/json' };

const ofTheCluster = [
  '/api/v1',
  '/api/v1/scheduler',
  '/master/api/v1/scheduler/',
  '/state',
  '/master/state?jsonp=f',
  '/state-summary',
  '/slaves?slave_id=a',
  '/frameworks',
  '/tasks?limit=1',
  '/roles',
  '/teardown',
  '/api/altiplano/v1/store',
];
const ofTheMaster = ['/health', '/version', '/flags', '/metrics/snapshot', '/master/health'];

test('a follower sends everything that is about the cluster to the leader, read or not', async (t) => {
  const { ask, door } = masterUnderTest({ view, leadership: following });
  for (const target of ofTheCluster) {
    for (const method of ['GET', 'POST', 'DELETE']) {
      const response = await ask({ method, target });
      t.is(response.status, 307, target);
      t.deepEqual(response.headers, { location: `//two.example:5055${target}` });
      t.is(textOf(response), '');
    }
  }
  t.deepEqual([door.calls, door.streams, door.operations], [[], [], []]);
});

test('without a leader, or before it knows its own log, the answer is 503', async (t) => {
  for (const target of ofTheCluster) {
    const leaderless = masterUnderTest({ view, leadership: { kind: 'leaderless' } });
    const recovering = masterUnderTest({ view, leadership: { kind: 'recovering' } });
    const [none, notYet] = [await leaderless.ask({ target }), await recovering.ask({ target })];
    t.deepEqual([none.status, textOf(none)], [503, 'No leader elected'], target);
    t.deepEqual([notYet.status, textOf(notYet)], [503, 'Master has not finished recovery'], target);
  }
});

test('what is about one master is answered by each of them', async (t) => {
  for (const leadership of [following, { kind: 'leaderless' }] as const) {
    const { ask } = masterUnderTest({ view, leadership });
    for (const target of ofTheMaster) t.is((await ask({ target })).status, 200, target);
  }
});

test('the redirect points to whoever leads, this master included', async (t) => {
  const expected: readonly (readonly [Leadership, number, string | undefined])[] = [
    [{ kind: 'leading' }, 307, '//localhost:5050'],
    [{ kind: 'recovering' }, 307, '//localhost:5050'],
    [following, 307, '//two.example:5055'],
    [{ kind: 'leaderless' }, 503, undefined],
  ];
  for (const [leadership, status, location] of expected) {
    const { ask } = masterUnderTest({ view, leadership });
    for (const target of ['/redirect', '/master/redirect', '/redirect/']) {
      const response = await ask({ target });
      t.deepEqual([response.status, response.headers['location']], [status, location]);
    }
  }
});

test('a path is answered by its longest known prefix of whole components', async (t) => {
  const { ask } = masterUnderTest({ view });
  const isScheduler = async (target: string): Promise<boolean> =>
    textOf(await ask({ method: 'POST', target, headers: json, body: Buffer.from('{}') })).includes(
      'scheduler::Call',
    );
  for (const target of ['/api/v1/scheduler', '/api/v1/scheduler//', '/api/v1/scheduler/x?y']) {
    t.true(await isScheduler(target), target);
  }
  for (const target of ['/api/v1', '/api/v1/', '/api/v1/schedulers', '/master/api/v1/x']) {
    t.false(await isScheduler(target), target);
    t.is((await ask({ target })).status, 405, target);
  }
  for (const target of [
    '/',
    '',
    '*',
    '/api',
    '/apiv1',
    '/master',
    '/statex',
    '/master/master/state',
  ]) {
    t.is((await ask({ target })).status, 404, target);
  }
});

test('a subscription opens one stream in the type that was asked for', async (t) => {
  const subscribe = {
    type: 'SUBSCRIBE',
    subscribe: { framework_info: { user: 'root', name: 'n' } },
  };
  const accepts = {
    'application/x-protobuf': 'application/x-protobuf',
    '*/*': 'application/json',
    'application/json, application/json': 'application/json',
    'application/json;q=0, application/*': 'application/x-protobuf',
  };
  const ids = new Set<string>();
  const { ask, door } = masterUnderTest({ view });
  for (const [accept, expected] of Object.entries(accepts)) {
    const body = Buffer.from(JSON.stringify(subscribe));
    const target = '/api/v1/scheduler';
    const response = await ask({ method: 'POST', target, headers: { ...json, accept }, body });
    t.is(response.headers['content-type'], expected);
    t.is(response.kind, 'stream');
    if (response.kind !== 'stream') continue;
    t.is(door.streams.length, ids.size, 'the door hears of it when the reply is on its way');
    const sink = memorySink({ isSlow: false });
    response.open(sink);
    const opened = door.streams.at(-1);
    t.deepEqual(opened?.call, subscribe);
    t.is(String(opened?.stream.id), response.headers['mesos-stream-id'] ?? 'an id');
    ids.add(String(opened?.stream.id));
    opened?.stream.send({ type: 'HEARTBEAT' });
    t.is(sink.chunks.length, 1);
  }
  t.is(ids.size, 4, 'no two streams have the same id');
});

test('other calls go to the door with their stream id, whatever they accept', async (t) => {
  const answer = { status: 202, text: '' };
  const { ask, door } = masterUnderTest({ view, answer });
  const call = { type: 'DECLINE', framework_id: { value: 'f' }, decline: {} };
  const headers = { ...json, accept: 'text/html', 'mesos-stream-id': 's' };
  const body = Buffer.from(JSON.stringify(call));
  const response = await ask({ method: 'POST', target: '/api/v1/scheduler', headers, body });
  t.deepEqual([response.status, response.headers, textOf(response)], [202, {}, '']);
  t.deepEqual(door.calls, [{ call, streamId: 's' }]);
});

test('a framework is torn down by either operator endpoint', async (t) => {
  const { ask, door } = masterUnderTest({ view, answer: { status: 200, text: '' } });
  const call = { type: 'TEARDOWN', teardown: { framework_id: { value: 'f 1' } } };
  const v1 = { method: 'POST', target: '/api/v1', headers: json };
  t.is((await ask({ ...v1, body: Buffer.from(JSON.stringify(call)) })).status, 200);
  const form = { method: 'POST', target: '/master/teardown' };
  t.is((await ask({ ...form, body: Buffer.from('frameworkId=f+1') })).status, 200);
  t.deepEqual(door.operations, [call, call]);
  t.is((await ask({ target: '/teardown' })).status, 405);
});

test('the checks come in the order of the contract: of two faults the earlier one is told', async (t) => {
  const bad = { method: 'PUT', headers: { accept: 'text/html' }, body: Buffer.from('{') };
  const { ask } = masterUnderTest({ view });
  const target = '/api/v1';
  const statuses: number[] = [];
  const away = masterUnderTest({ view, leadership: following });
  statuses.push((await away.ask({ ...bad, target })).status);
  const method = 'POST';
  statuses.push((await ask({ ...bad, target })).status);
  statuses.push((await ask({ ...bad, method, target })).status);
  const wrong = { ...bad, method, headers: { accept: 'text/html', 'content-type': 'text/plain' } };
  statuses.push((await ask({ ...wrong, target })).status);
  const typed = { method, target, headers: { ...json, accept: 'text/html' } };
  const texts: string[] = [];
  for (const body of ['{', '{"type":"TEARDOWN"}', '{"type":"UNKNOWN"}']) {
    texts.push(textOf(await ask({ ...typed, body: Buffer.from(body) })).slice(0, 26));
  }
  t.deepEqual(statuses, [307, 405, 400, 415]);
  t.deepEqual(texts, [
    'Failed to parse body into ',
    'Failed to validate master:',
    `Expecting 'Accept' to allo`,
  ]);
});

test('with jsonp the reply is a call of that function, and of nothing but a name', async (t) => {
  const { ask } = masterUnderTest({ view });
  const plain = await ask({ target: '/version' });
  const script = await ask({ target: '/version?jsonp=angular.callbacks._0' });
  t.is(script.headers['content-type'], 'text/javascript');
  t.is(textOf(script), `angular.callbacks._0(${textOf(plain)})`);
  for (const name of ['alert(1)//', '', 'a b', '%3Cscript%3E']) {
    const response = await ask({ target: `/state?jsonp=${name}` });
    t.is(response.status, 400, name);
    t.is(response.headers['content-type'], 'text/plain; charset=utf-8');
  }
});

test('tasks are cut out by framework, id, offset and limit; nonsense is as good as nothing', async (t) => {
  const { ask } = masterUnderTest({ view });
  const ids = async (query: string): Promise<readonly string[]> => {
    const shown: unknown = JSON.parse(textOf(await ask({ target: `/tasks${query}` })));
    return [...JSON.stringify(shown).matchAll(/"id":"(\w+)"/gu)].map(([, id]) => id ?? '');
  };
  t.deepEqual(await ids(''), ['short', 'long']);
  t.deepEqual(await ids('?limit=abc&offset=-1&order=up'), ['short', 'long']);
  t.deepEqual(await ids('?order=asc'), ['long', 'short']);
  t.deepEqual(await ids('?limit=1'), ['short']);
  t.deepEqual(await ids('?offset=1'), ['long']);
  t.deepEqual(await ids('?offset=1&limit=1'), ['long']);
  t.deepEqual(await ids('?limit=0'), []);
  t.deepEqual(await ids('?task_id=long'), ['long']);
  t.deepEqual(await ids('?framework_id=other'), []);
});
