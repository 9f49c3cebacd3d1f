/** Contract 1: transport. What is malformed is in `#internal/testing/malformed-requests.ts`, row by row. */
import test from 'ava';
import { newRecordReader } from '#internal/wire/record-io.ts';
import { testCalls } from './rows.suite.ts';
import { eventsOf, frameworkInfo, Stage } from '../testing/stage.ts';

type RouteRow = {
  readonly at: string;
  readonly method?: string;
  readonly target: string;
  readonly body?: object;
  readonly headers?: Readonly<Record<string, string>>;
  readonly status: number;
  readonly type?: string;
  readonly text?: string;
};

const health = { type: 'GET_HEALTH' };
const healthy = '{"type":"GET_HEALTH","get_health":{"healthy":true}}';
const plain = 'text/plain; charset=utf-8';
const json = 'application/json';
const notAcceptable = `Expecting 'Accept' to allow 'application/x-protobuf' or 'application/json'`;
const only = (name: string): string =>
  `405 Method Not Allowed. Expecting one of { 'POST' }, but received '${name}'.`;

const routes: readonly RouteRow[] = [
  { at: '1.1', target: '/api/v1', body: health, status: 200, type: json, text: healthy },
  { at: '1.1', target: '/master/api/v1', body: health, status: 200, type: json, text: healthy },
  { at: '1.1', target: '/api/v1/', body: health, status: 200, type: json, text: healthy },
  { at: '1.1', target: '/api/v1/nope', body: health, status: 200, type: json, text: healthy },
  { at: '1.1', target: '/api/v2/scheduler', status: 404, type: plain, text: '404 Not Found.' },
  { at: '1.1', target: '/nope', status: 404, type: plain, text: '404 Not Found.' },
  ...['text/html', `${json};q=0`, 'application/recordio'].map((accept): RouteRow => ({
    at: '1.2',
    target: '/api/v1',
    body: health,
    headers: { accept },
    status: 406,
    type: plain,
    text: notAcceptable,
  })),
  ...['*/*', 'application/*', `application/x-protobuf;q=1, ${json};q=0.1`, `${json},${json}`].map(
    (accept): RouteRow => ({
      at: '1.2',
      target: '/api/v1',
      body: health,
      headers: { accept },
      status: 200,
      type: json,
      text: healthy,
    }),
  ),
  ...['GET', 'PUT', 'DELETE', 'PATCH'].map((method): RouteRow => ({
    at: '1.7 row 6',
    method,
    target: '/api/v1/scheduler',
    status: 405,
    type: plain,
    text: only(method),
  })),
  {
    at: '1.7 row 12',
    target: '/api/v1',
    body: { type: 'UNKNOWN' },
    status: 501,
    type: plain,
    text: '501 Not Implemented.',
  },
  { at: '1.8', method: 'GET', target: '/redirect/anything', status: 404, text: '404 Not Found.' },
];

for (const row of routes) {
  const { at, method = 'POST', target, body = {}, headers = {}, status } = row;
  const what = `${method} ${target} ${headers['accept'] ?? ''}`.trimEnd();
  test(`${at}: ${what} is answered ${status}`, async (t) => {
    const stage = await Stage.empty();
    const said = await stage.request({
      method,
      target,
      headers: { 'content-type': json, ...headers },
      body: Buffer.from(JSON.stringify(body)),
    });
    t.is(said.status, status);
    if (row.type !== undefined) t.is(said.headers['content-type'], row.type);
    if (row.text !== undefined) t.is(said.text, row.text);
    t.is(said.headers['allow'], status === 405 ? 'POST' : undefined);
  });
}

test('1.3: a stream has its own id, and the type that was asked for, not application/recordio', async (t) => {
  for (const accept of [json, 'application/x-protobuf'] as const) {
    const stage = await Stage.empty(accept);
    const call = { type: 'SUBSCRIBE', subscribe: { framework_info: frameworkInfo() } };
    // In JSON asked, whatever is answered (contract 15, row 6).
    const said = await stage.post(call, { streamId: null, mediaType: json, headers: { accept } });
    t.is(said.headers['content-type'], accept);
    t.regex(said.headers['mesos-stream-id'] ?? '', /^[0-9a-f-]{36}$/u);
    t.is(eventsOf(said.sink!, accept)[0]?.type, 'SUBSCRIBED');
  }
});

test('1.4: each chunk is one record, counted in bytes', async (t) => {
  const stage = await Stage.subscribed(frameworkInfo({ name: 'größe €', labels: labelled('ü') }));
  await stage.agent();
  await stage.offer();
  const reader = newRecordReader({ recordBytesMax: 1 << 20 });
  for (const chunk of stage.sink.chunks) t.is(reader.feed(chunk).length, 1);
  t.is(Buffer.from(stage.sink.chunks[1] ?? []).toString(), '20\n{"type":"HEARTBEAT"}');
});

const labelled = (value: string): object => ({ labels: [{ key: 'k', value }] });

test('1.8: who does not lead redirects every call, readable or not, to the same path and query', async (t) => {
  const stage = await Stage.empty();
  await stage.cluster.start(2);
  stage.cluster.log.elect(2);
  await stage.settle();
  for (const target of ['/api/v1/scheduler', '/api/v1?a=b', '/state?jsonp=f', '/master/tasks']) {
    const said = await stage.request({ method: 'POST', target, headers: {} });
    t.is(said.status, 307, target);
    t.is(said.headers['location'], `//host2:5052${target}`);
    t.is(said.text, '');
  }
});

test('1.7 row 4: nobody leads: 503', async (t) => {
  const stage = await Stage.empty();
  stage.cluster.log.depose();
  await stage.settle();
  const said = await stage.request({ method: 'POST', target: '/api/v1', headers: {} });
  t.deepEqual([said.status, said.text], [503, 'No leader elected']);
});

const kill = (task: unknown): object => ({ type: 'KILL', kill: { task_id: task } });
const badJson = (text: string): { readonly status: 400; readonly text: string } => ({
  status: 400,
  text: `Failed to convert JSON into Call protobuf: ${text}`,
});

/** JSON alone: rows of 1.6. */
const mappings: readonly (readonly [name: string, call: object, status: number, text?: string])[] =
  [
    ['unknown keys are ignored', { ...kill({ value: 'x', more: [1] }), nope: {} }, 202],
    ['null is unset', { ...kill({ value: 'x' }), accept: null, message: null }, 202],
    ['a single value is a list of one', { type: 'REVIVE', revive: { roles: 'test' } }, 202],
    [
      'an array is no single value',
      kill([]),
      400,
      badJson(`Not expecting a JSON array for field 'task_id'`).text,
    ],
    [
      'what is required',
      kill({}),
      400,
      badJson('Missing required fields: kill.task_id.value').text,
    ],
    [
      'an unknown name of an enum is unset',
      { type: 'KILLED' },
      400,
      `Failed to validate scheduler::Call: Expecting 'type' to be present`,
    ],
  ];

for (const [name, call, status, text = ''] of mappings) {
  test(`1.6: ${name}`, async (t) => {
    const stage = await Stage.subscribed();
    const said = await stage.call(call);
    t.deepEqual([said.status, said.text], [status, text]);
  });
}

testCalls([
  {
    at: '1.2',
    name: 'whatever a call without a reply accepts is fine',
    call: { type: 'REVIVE' },
    headers: { accept: 'text/html' },
    status: 202,
  },
]);
