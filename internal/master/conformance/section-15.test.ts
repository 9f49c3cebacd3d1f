/**
 * Contract 15: what the public client libraries exercise. A row an item; each names the tests that show
 * it, wherever they are, and those are looked for by their titles. What had none is tested below.
 */
import test from 'ava';
import { linesOf } from '#internal/testing/golden-files.ts';
import { decode, encode } from '#internal/wire/protobuf.ts';
import { fromJson, toJson } from '#internal/wire/json.ts';
import { frameworkInfo, Stage } from '../testing/stage.ts';

type Shown = readonly [file: string, ...titles: readonly string[]];

const conformance = 'internal/master/conformance';
const leader = 'internal/master/leader';
const agent = 'internal/agent';
const here = `${conformance}/section-15.test.ts`;

/** In the order of the contract. */
const checklist: readonly (readonly [check: string, ...shown: readonly Shown[]])[] = [
  [
    'records counted in bytes',
    [`${conformance}/section-1.test.ts`, '1.4: each chunk is one record, counted in bytes'],
    ['internal/wire/record-io.test.ts', 'a record is framed by its length in bytes'],
  ],
  [
    'SUBSCRIBED, then HEARTBEAT',
    [`${leader}/schedulers.test.ts`, 'a subscriber hears SUBSCRIBED, a HEARTBEAT at once'],
  ],
  [
    'the id of the stream',
    [
      `${leader}/schedulers.test.ts`,
      'a call is judged by its framework, its connection and its stream, in this order',
    ],
    [`${conformance}/section-3.test.ts`, "'3.1 row 5'", "'3.1 row 6'"],
  ],
  ['307 from followers', [`${conformance}/section-1.test.ts`, '1.8: who does not lead redirects']],
  [
    '503 while electing and replaying',
    [
      'internal/master/api/master-handler.test.ts',
      'without a leader, or before it knows its own log',
    ],
  ],
  [
    'JSON and protobuf, also mixed',
    [
      `${conformance}/section-1.test.ts`,
      '1.3: a stream has its own id, and the type that was asked',
    ],
    ['internal/master/api/oracle.test.ts', 'protobuf replies are the bytes that Mesos sent'],
  ],
  [
    'int64, bytes and defaults in JSON',
    [
      'internal/wire/json.test.ts',
      'what clients send is understood as Mesos understands it',
      'unset fields with a default are written with it, unless deprecated',
      'single values are spelled as the dialect asks',
    ],
  ],
  [
    'ERROR for bad FrameworkInfo, failover and removal',
    [
      `${leader}/schedulers.test.ts`,
      'a SUBSCRIBE that cannot be is a stream of one ERROR',
      'the newest subscriber wins; the older one is told',
    ],
    [`${conformance}/section-3.test.ts`, 'Framework has been removed'],
  ],
  [
    'offers by capability',
    [`${leader}/offers.test.ts`, 'resources take the shape that the capabilities ask for'],
  ],
  [
    'ACCEPT of bad offers',
    [
      `${leader}/accept.test.ts`,
      'offers are judged in order: none, twice, unknown, of another, of another role, of another',
    ],
  ],
  [
    'RESERVE, CREATE and LAUNCH in one ACCEPT; the volume again elsewhere',
    [
      `${leader}/resource-operation.test.ts`,
      'one ACCEPT reserves, makes a volume, and launches on it; the rest comes back',
    ],
    [here, '15 row 11: a volume is launched on again under another path'],
  ],
  [
    'LAUNCH_GROUP refused whole',
    [`${leader}/launch-group.test.ts`, 'a group with one bad task is refused whole'],
  ],
  [
    'filters of DECLINE',
    [`${conformance}/section-6.test.ts`, '6.6: what was declined comes again after'],
    [
      'internal/allocator/allocator.test.ts',
      'what was refused is offered again when more is there, or when its time is over',
    ],
  ],
  [
    'uuids, one update in flight, again after 10 s',
    [
      `${agent}/agent.test.ts`,
      'an update that nobody acknowledges comes again after 10 s, 20 s, 40 s and so on',
      'a task runs, is reported in order, and is forgotten once its end is acknowledged',
    ],
    [here, '15 row 14: what a master says of a task has no uuid'],
  ],
  ['reconciliation', [`${conformance}/section-7.test.ts`, "'7.5 row 1'", "'7.5 row 6'"]],
  [
    'partition and return',
    [
      `${conformance}/section-7.test.ts`,
      'an agent that does not answer pings',
      'an agent that comes',
    ],
  ],
  [
    'operation feedback',
    [
      `${leader}/resource-operation.test.ts`,
      'an update comes again until it is acknowledged, whoever leads',
      'reconciliation always answers, of known operations with what was told last',
    ],
    [
      here,
      '15 row 17: the uuid of an operation has a shape of its own in status and acknowledgement',
    ],
  ],
  [
    'executors after a restart of their agent',
    [
      `${agent}/core/executors.test.ts`,
      'after a restart an executor says what it has; what it does not know was never launched',
    ],
  ],
  [
    'failover timer, teardown, ids used again',
    [
      `${leader}/schedulers.test.ts`,
      'a framework that does not come back in time is removed, with its tasks',
      'a teardown ends stream, tasks and offers, for good',
    ],
  ],
  [
    'statuses of operators, numbers of enums',
    ['internal/master/conformance/oracle-calls.test.ts', "operators' calls are answered as Mesos"],
    [here, '15 row 20: a type has one number in Call and another in Response'],
  ],
  [
    'durations of DRAIN_AGENT',
    [here, '15 row 21: a drain is asked for in one duration and shown in'],
  ],
  [
    'attached containers',
    [`${agent}/containers/posix.test.ts`, 'a terminal has the size that was asked for'],
  ],
  ['three decimals', ['internal/resources/resources.test.ts', 'three decimal places are exact']],
  ['nanoseconds beyond 2^53', [here, '15 row 24: nanoseconds are exact in both directions']],
  [
    'killed for its health',
    [
      `${agent}/core/checks.test.ts`,
      'a task is killed when, and only when, so many failures on end were seen outside its grace',
      'a task that shows the same is told of as Mesos told of it',
    ],
  ],
];

/** What a file says after this table. */
function textOf(file: string): string {
  const text = linesOf(file).join('\n');
  return file === here ? text.slice(text.indexOf('function textOf')) : text;
}

test('15: each of the 25 checks is shown by tests that are there', (t) => {
  t.is(checklist.length, 25);
  for (const [index, [check, ...shown]] of checklist.entries()) {
    t.true(shown.length > 0, check);
    for (const [file, ...titles] of shown) {
      const text = textOf(file);
      for (const title of titles) t.true(text.includes(title), `row ${index + 1}: ${title}`);
    }
  }
});

const scalar = (name: string, value: number): object => ({
  name,
  type: 'SCALAR',
  scalar: { value },
});
const by = { principal: 'ops', framework: { principal: 'ops' } };

const volumeAt = (path: string, more: object = {}): object => ({
  ...scalar('disk', 64),
  reservations: [{ type: 'DYNAMIC', role: 'test', principal: by.principal }],
  disk: {
    persistence: { id: 'v', principal: by.principal },
    volume: { container_path: path, mode: 'RW' },
  },
  ...more,
});

test('15 row 11: a volume is launched on again under another path', async (t) => {
  const stage = await Stage.subscribed(frameworkInfo(by.framework));
  const machine = await stage.cluster.agent(stage.leader, 'a1', {
    resources: [
      { name: 'cpus', type: 'SCALAR', scalar: { value: 4 } },
      { name: 'mem', type: 'SCALAR', scalar: { value: 1024 } },
      { name: 'disk', type: 'SCALAR', scalar: { value: 100 } },
    ],
  });
  const task = (id: string, path: string): object => ({
    name: id,
    task_id: { value: id },
    agent_id: { value: machine.id },
    resources: [scalar('cpus', 1), volumeAt(path)],
    command: { value: 'true' },
  });
  const launch = (id: string, path: string): object => ({
    type: 'LAUNCH',
    launch: { task_infos: [task(id, path)] },
  });
  const made = [
    { type: 'RESERVE', reserve: { resources: [volumeAt('one', { disk: undefined })] } },
    { type: 'CREATE', create: { volumes: [volumeAt('one')] } },
    launch('first', 'one'),
  ];
  for (const operations of [made, [launch('second', 'two')]]) {
    const { id } = await stage.offer();
    await stage.call({
      type: 'ACCEPT',
      accept: { offer_ids: [id], operations, filters: { refuse_seconds: 0 } },
    });
    const name = operations.length > 1 ? 'first' : 'second';
    await stage.cluster.until(() => machine.tasks.has(name), `${name} was not launched`);
    const { uuid } = machine.report(name, 'TASK_FINISHED');
    await stage.settle();
    const acknowledge = {
      agent_id: { value: machine.id },
      task_id: { value: name },
      uuid: Buffer.from(uuid ?? []).toString('base64'),
    };
    await stage.call({ type: 'ACKNOWLEDGE', acknowledge });
    await stage.settle();
  }
  t.deepEqual([...machine.starts.keys()], ['first', 'second']);
});

test('15 row 14: what a master says of a task has no uuid', async (t) => {
  const stage = await Stage.subscribed();
  await stage.call({ type: 'KILL', kill: { task_id: { value: 'nobody' } } });
  await stage.settle();
  const updates = stage.events().flatMap(({ update }) => update ?? []);
  t.is(updates.length, 1);
  t.false('uuid' in updates[0]!.status && updates[0]!.status.uuid !== undefined);
});

test('15 row 17: the uuid of an operation has a shape of its own in status and acknowledgement', (t) => {
  const event = fromJson(
    'mesos.v1.scheduler.Event',
    '{"type":"UPDATE_OPERATION_STATUS","update_operation_status":{"status":' +
      '{"state":"OPERATION_FINISHED","uuid":{"value":"AAEC"}}}}',
  );
  const call = fromJson(
    'mesos.v1.scheduler.Call',
    '{"type":"ACKNOWLEDGE_OPERATION_STATUS","acknowledge_operation_status":' +
      '{"operation_id":{"value":"o"},"uuid":"AAEC"}}',
  );
  const bytes = Uint8Array.of(0, 1, 2);
  t.deepEqual(event.update_operation_status?.status.uuid?.value, bytes);
  t.deepEqual(call.acknowledge_operation_status?.uuid, bytes);
});

test('15 row 20: a type has one number in Call and another in Response', (t) => {
  t.deepEqual([...encode('mesos.v1.master.Call', { type: 'GET_STATE' })], [8, 9]);
  t.deepEqual([...encode('mesos.v1.master.Response', { type: 'GET_STATE' })], [8, 8]);
});

test('15 row 21: a drain is asked for in one duration and shown in another', async (t) => {
  for (const mediaType of ['application/json', 'application/x-protobuf'] as const) {
    const stage = await Stage.subscribed(frameworkInfo(), mediaType);
    const machine = await stage.agent();
    const call = {
      type: 'DRAIN_AGENT',
      drain_agent: {
        agent_id: { value: machine.id },
        max_grace_period: { seconds: 3, nanos: 500_000_000 },
      },
    };
    const said = await stage.post(call, { to: 'operator' });
    t.is(said.status, 200);
    await stage.settle();
    const shown = await stage.post(
      { type: 'GET_AGENTS' },
      { to: 'operator', mediaType: 'application/json' },
    );
    t.regex(shown.text, /"max_grace_period":\{"nanoseconds":3500000000\}/u);
  }
});

test('15 row 24: nanoseconds are exact in both directions', (t) => {
  const exact = '1795396775137975041';
  for (const said of [exact, `"${exact}"`]) {
    const text =
      `{"type":"UPDATE","update":{"status":{"task_id":{"value":"t"},"state":"TASK_UNREACHABLE",` +
      `"unreachable_time":{"nanoseconds":${said}}}}}`;
    const event = fromJson('mesos.v1.scheduler.Event', text);
    t.is(event.update?.status.unreachable_time?.nanoseconds, BigInt(exact));
    const again = decode('mesos.v1.scheduler.Event', encode('mesos.v1.scheduler.Event', event));
    t.true(toJson('mesos.v1.scheduler.Event', again).includes(`"nanoseconds":${exact}`));
  }
});
