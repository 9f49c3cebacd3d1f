/** Contract 12: the agent's operator API. A row a call, in both media types where it has a body. */
import test from 'ava';
import { encodeRecord, newRecordReader } from '#internal/wire/record-io.ts';
import type { MediaType } from '#internal/wire/media-type.ts';
import { type Asked, bytesOf, FaceStage } from '../testing/face-stage.ts';

type Row = Pick<Asked, 'headers'> & {
  readonly at: string;
  readonly name: string;
  readonly before?: readonly object[];
  readonly call: object;
  readonly status: number;
  /** Undefined: not looked at. */
  readonly text?: string;
};

const invalid = (text: string): string => `Failed to validate agent::Call: ${text}`;
const expecting = (name: string): string => invalid(`Expecting '${name}' to be present`);

const id = (value: string, parent?: object): object => ({
  value,
  ...(parent !== undefined && { parent }),
});
const on = id('on');
const child = id('child', on);
const shell = (line: string): object => ({ shell: true, value: line });
const launch = (container_id: object, line: string, more: object = {}): object => ({
  type: 'LAUNCH_CONTAINER',
  launch_container: { container_id, command: shell(line), ...more },
});
const nested = (container_id: object, line: string): object => ({
  type: 'LAUNCH_NESTED_CONTAINER',
  launch_nested_container: { container_id, command: shell(line) },
});
const about = (type: string, container_id: object): object => ({
  type,
  [type.toLowerCase()]: { container_id },
});
const runs = launch(on, 'sleep 600');
const done = [launch(on, 'exit 3'), about('WAIT_CONTAINER', on)];
const cpus = { name: 'cpus', type: 'SCALAR', scalar: { value: 1 } };
const info = { type: 'org.t', name: 'n' };
const noPlugin = "Unknown local resource provider type 'org.t'";

const answers: readonly Row[] = [
  row('GET_HEALTH', '{"type":"GET_HEALTH","get_health":{"healthy":true}}'),
  row('GET_VERSION'),
  row('GET_FLAGS', '{"type":"GET_FLAGS","get_flags":{}}'),
  row('GET_METRICS'),
  row('GET_LOGGING_LEVEL', '{"type":"GET_LOGGING_LEVEL","get_logging_level":{"level":0}}'),
  row('GET_STATE'),
  row('GET_CONTAINERS'),
  row('GET_FRAMEWORKS'),
  row('GET_EXECUTORS'),
  row('GET_TASKS'),
  row('GET_AGENT'),
  row('GET_OPERATIONS', '{"type":"GET_OPERATIONS","get_operations":{}}'),
  row('GET_RESOURCE_PROVIDERS', '{"type":"GET_RESOURCE_PROVIDERS","get_resource_providers":{}}'),
  row('PRUNE_IMAGES', ''),
];

/** A call without a part, that succeeds. */
function row(type: string, text?: string): Row {
  const call = { type };
  return { at: '12.1', name: type, call, status: 200, ...(text !== undefined && { text }) };
}

const containers: readonly Row[] = [
  { at: '12.1', name: 'a container of its own', call: runs, status: 200, text: '' },
  { at: '12.1', name: 'one that runs already', before: [runs], call: runs, status: 202, text: '' },
  {
    at: '12.1',
    name: 'one that runs already, of a task',
    call: launch(id('c-1'), 'sleep 1'),
    status: 202,
  },
  { at: '12.1', name: 'a launch that fails', call: launch(on, 'fail at once'), status: 400 },
  {
    at: '12.1',
    name: 'a container of Docker',
    call: launch(on, 'exit 0', { container: { type: 'DOCKER', docker: { image: 'i' } } }),
    status: 400,
    text: 'The provided ContainerInfo is not supported',
  },
  { at: '12.1', name: 'a nested one', before: [runs], call: nested(child, 'exit 0'), status: 200 },
  {
    at: '12.1',
    name: 'a nested one of the general family',
    before: [runs],
    call: launch(child, 'exit 0'),
    status: 200,
  },
  {
    at: '12.1',
    name: 'the exit status is the one of wait',
    before: [launch(on, 'sleep 5; exit 3')],
    call: about('WAIT_CONTAINER', on),
    status: 200,
    text: '{"type":"WAIT_CONTAINER","wait_container":{"exit_status":768}}',
  },
  {
    at: '12.1',
    name: 'WAIT of the nested family has an answer of its own',
    before: [runs, nested(child, 'exit 1')],
    call: about('WAIT_NESTED_CONTAINER', child),
    status: 200,
    text: '{"type":"WAIT_NESTED_CONTAINER","wait_nested_container":{"exit_status":256}}',
  },
  {
    at: '12.1',
    name: 'WAIT for nobody',
    call: about('WAIT_CONTAINER', on),
    status: 404,
    text: 'Container on cannot be found',
  },
  { at: '12.1', name: 'KILL', before: [runs], call: about('KILL_CONTAINER', on), status: 200 },
  {
    at: '12.1',
    name: 'KILL of nobody',
    call: about('KILL_NESTED_CONTAINER', child),
    status: 404,
    text: "Container 'on.child' cannot be found (or is already killed)",
  },
  {
    at: '12.1',
    name: 'KILL of what has ended',
    before: done,
    call: about('KILL_CONTAINER', on),
    status: 404,
    text: "Container 'on' cannot be found (or is already killed)",
  },
  {
    at: '12.1',
    name: 'REMOVE while it runs',
    before: [runs],
    call: about('REMOVE_CONTAINER', on),
    status: 500,
  },
  { at: '12.1', name: 'REMOVE', before: done, call: about('REMOVE_CONTAINER', on), status: 200 },
  {
    at: '12.1',
    name: 'output of nobody',
    call: about('ATTACH_CONTAINER_OUTPUT', on),
    status: 404,
    text: 'Container on cannot be found',
  },
  {
    at: '12.3',
    name: 'output of one that nobody can attach to',
    before: [runs],
    call: about('ATTACH_CONTAINER_OUTPUT', on),
    status: 500,
    text: 'I/O switchboard server was disabled for this container',
  },
];

const providers: readonly Row[] = [
  {
    at: '12.1',
    name: 'a provider of a type that is not there',
    call: { type: 'ADD_RESOURCE_PROVIDER_CONFIG', add_resource_provider_config: { info } },
    status: 400,
    text: `Failed to validate resource provider config with type 'org.t' and name 'n': ${noPlugin}`,
  },
  {
    at: '12.1',
    name: 'UPDATE of a provider that is not there',
    call: { type: 'UPDATE_RESOURCE_PROVIDER_CONFIG', update_resource_provider_config: { info } },
    status: 409,
    text: "Resource provider with type 'org.t' and name 'n' does not exist",
  },
  {
    at: '12.1',
    name: 'REMOVE of a provider that is not there',
    call: { type: 'REMOVE_RESOURCE_PROVIDER_CONFIG', remove_resource_provider_config: info },
    status: 200,
  },
  {
    at: '12.1',
    name: 'an id that is not the provider’s to give',
    call: {
      type: 'ADD_RESOURCE_PROVIDER_CONFIG',
      add_resource_provider_config: { info: { ...info, id: { value: 'x' } } },
    },
    status: 400,
    text: invalid("Expecting 'add_resource_provider_config.info.id' to be unset"),
  },
];

const withParts = [
  'SET_LOGGING_LEVEL',
  'LIST_FILES',
  'READ_FILE',
  'LAUNCH_NESTED_CONTAINER',
  'WAIT_NESTED_CONTAINER',
  'KILL_NESTED_CONTAINER',
  'REMOVE_NESTED_CONTAINER',
  'LAUNCH_NESTED_CONTAINER_SESSION',
  'ATTACH_CONTAINER_OUTPUT',
  'LAUNCH_CONTAINER',
  'WAIT_CONTAINER',
  'KILL_CONTAINER',
  'REMOVE_CONTAINER',
  'ADD_RESOURCE_PROVIDER_CONFIG',
  'UPDATE_RESOURCE_PROVIDER_CONFIG',
  'REMOVE_RESOURCE_PROVIDER_CONFIG',
  'MARK_RESOURCE_PROVIDER_GONE',
];

const nestedFamily = withParts.filter((type) => type.includes('NESTED'));

const refusals: readonly Row[] = [
  ...withParts.map((type) =>
    bad(`${type} without its part`, { type }, expecting(type.toLowerCase())),
  ),
  ...nestedFamily.map((type) =>
    bad(
      `${type} without a parent`,
      about(type, on),
      expecting(`${type.toLowerCase()}.container_id.parent`),
    ),
  ),
  bad(
    'reserved resources',
    launch(on, 'exit 0', { resources: [{ ...cpus, role: 'r' }] }),
    invalid("'launch_container.resources' must be unreserved"),
  ),
  bad(
    'a persistent volume',
    launch(on, 'exit 0', {
      resources: [{ ...cpus, name: 'disk', disk: { persistence: { id: 'v' } } }],
    }),
    invalid("'launch_container.resources' may not use persistent volumes"),
  ),
  bad(
    'revocable resources',
    launch(on, 'exit 0', { resources: [{ ...cpus, revocable: {} }] }),
    invalid("'launch_container.resources' must be non-revocable"),
  ),
  ...[
    ['specify resources', { resources: [cpus] }] as const,
    ['specify resource limits', { limits: { cpus: { value: 1 } } }] as const,
    [
      "set 'share_cgroups' to 'false'",
      { container: { type: 'MESOS', linux_info: { share_cgroups: false } } },
    ] as const,
  ].map(([what, more]) =>
    bad(
      `${what} two levels down`,
      launch(id('deep', child), 'exit 0', more),
      invalid(
        `'launch_container' is invalid: containers nested at the second level or greater cannot ${what}`,
      ),
    ),
  ),
  bad(
    'a share of nobody’s control groups',
    launch(on, 'exit 0', { container: { type: 'MESOS', linux_info: { share_cgroups: true } } }),
    invalid(
      "'launch_container' is invalid: containers without a parent cannot set 'share_cgroups' to 'true'",
    ),
  ),
  bad(
    'a session with control groups of its own',
    {
      type: 'LAUNCH_NESTED_CONTAINER_SESSION',
      launch_nested_container_session: {
        container_id: child,
        container: { type: 'MESOS', linux_info: { share_cgroups: false } },
      },
    },
    invalid(
      "'launch_nested_container_session.container.linux_info' is invalid: " +
        "'share_cgroups' cannot be set to 'false' for nested container sessions",
    ),
  ),
];

function bad(name: string, call: object, text: string): Row {
  return { at: '12.1', name, call, status: 400, text };
}

const json = 'application/json';
const recordIo = 'application/recordio';

const mediaRules: readonly (Omit<Row, 'at' | 'call'> & { readonly body?: string })[] = [
  {
    name: 'records without the type of their messages',
    headers: { 'content-type': recordIo },
    status: 400,
    text: "Expecting 'Message-Content-Type' to be set for streaming requests",
  },
  {
    name: 'records of a type that nobody knows',
    headers: { 'content-type': recordIo, 'message-content-type': 'text/plain' },
    status: 415,
    text: "Expecting 'Message-Content-Type' of application/json or application/x-protobuf",
  },
  {
    name: 'the type of messages that are no records',
    headers: { 'content-type': json, 'message-content-type': json },
    status: 415,
    text: "Expecting 'Message-Content-Type' to be not set for non-streaming requests",
  },
  {
    name: 'records of a type that cannot be accepted',
    headers: { 'content-type': json, accept: recordIo, 'message-accept': 'text/html' },
    status: 406,
    text: "Expecting 'Message-Accept' to allow application/json or application/x-protobuf",
  },
  {
    name: 'a type of records where none were asked for',
    headers: { 'content-type': json, accept: json, 'message-accept': json },
    status: 406,
    text: "Expecting 'Message-Accept' to be not set for non-streaming responses",
  },
  {
    name: 'a call that is no stream',
    headers: { 'content-type': recordIo, 'message-content-type': json },
    body: framed({ type: 'GET_HEALTH' }),
    status: 415,
    text: "Streaming 'Content-Type' application/recordio is not supported for GET_HEALTH call",
  },
  {
    name: 'input that is no stream',
    headers: { 'content-type': json },
    body: JSON.stringify(inputOf('on')),
    status: 415,
    text: "Expecting 'Content-Type' to be application/recordio for ATTACH_CONTAINER_INPUT call",
  },
  {
    name: 'records in answer to a call that has none',
    headers: { 'content-type': json, accept: recordIo, 'message-accept': json },
    status: 406,
    text: 'Streaming response is not supported for GET_HEALTH call',
  },
  {
    name: 'a stream that ends before its first record',
    headers: { 'content-type': recordIo, 'message-content-type': json },
    body: '',
    status: 400,
    text: 'Received EOF while reading request body',
  },
  {
    name: 'input that does not say first to whom it goes',
    headers: { 'content-type': recordIo, 'message-content-type': json },
    body: framed({
      type: 'ATTACH_CONTAINER_INPUT',
      attach_container_input: { type: 'PROCESS_IO' },
    }),
    status: 400,
    text: invalid("Expecting 'attach_container_input.type' to be CONTAINER_ID"),
  },
  {
    name: 'input to nobody',
    headers: { 'content-type': recordIo, 'message-content-type': json },
    body: framed(inputOf('nobody')),
    status: 404,
    text: 'Container nobody cannot be found',
  },
];

function inputOf(value: string): object {
  const attach_container_input = { type: 'CONTAINER_ID', container_id: { value } };
  return { type: 'ATTACH_CONTAINER_INPUT', attach_container_input };
}

function framed(call: object): string {
  const text = JSON.stringify(call);
  return `${text.length}\n${text}`;
}

const mediaTypes: readonly MediaType[] = ['application/json', 'application/x-protobuf'];

for (const { at, name, before = [], call, status, text, headers } of [
  ...answers,
  ...containers,
  ...providers,
  ...refusals,
]) {
  test(`${at}: ${name}`, async (t) => {
    for (const mediaType of mediaTypes) {
      const stage = await FaceStage.open();
      for (const each of before) await stage.post(each, { mediaType });
      const said = await stage.post(call, { mediaType, ...(headers !== undefined && { headers }) });
      t.is(said.status, status, said.text);
      if (text !== undefined) t.is(said.text, text, mediaType);
    }
  });
}

for (const { name, headers = {}, body, status, text } of mediaRules) {
  test(`12.2: ${name}`, async (t) => {
    const stage = await FaceStage.open();
    const bytes = new TextEncoder().encode(body ?? JSON.stringify({ type: 'GET_HEALTH' }));
    const said = await stage.post({}, { headers, body: bytes });
    t.deepEqual([said.status, said.text], [status, text]);
  });
}

test('12.2: a session answers in records of the type that was asked for, until its end', async (t) => {
  for (const accept of mediaTypes) {
    const stage = await FaceStage.open();
    await stage.post(runs);
    const session = {
      type: 'LAUNCH_NESTED_CONTAINER_SESSION',
      launch_nested_container_session: { container_id: child, command: shell('echo hi; sleep 1') },
    };
    const headers = { 'content-type': json, accept: recordIo, 'message-accept': accept };
    const said = await stage.post(session, { headers });
    t.is(said.status, 200);
    t.is(said.headers['content-type'], recordIo);
    t.is(said.headers['message-content-type'], accept);
    await stage.world.runUntil(() => said.sink?.state() === 'ended', { withinMs: 60_000 });
    const reader = newRecordReader({ recordBytesMax: 1 << 20 });
    const records = (said.sink?.chunks ?? []).flatMap((chunk) => [...reader.feed(chunk)]);
    t.true(records.length >= 1);
    if (accept !== json) continue;
    const [first] = records.map((record) => new TextDecoder().decode(record));
    t.is(first, '{"type":"DATA","data":{"type":"STDOUT","data":"aGkK"}}');
  }
});

test('12.3: one input at a time, which is answered when it has ended', async (t) => {
  const stage = await FaceStage.open();
  await stage.post(launch(on, 'cat; exit 0', { container: { type: 'MESOS', tty_info: {} } }));
  const head = {
    method: 'POST',
    target: '/api/v1',
    headers: { 'content-type': recordIo, 'message-content-type': json },
    body: new Uint8Array(0),
  };
  const end = Promise.withResolvers<void>();
  async function* records(): AsyncGenerator<Uint8Array> {
    yield encodeRecord(bytesOf(inputOf('on'), json));
    await end.promise;
  }
  const first = stage.send(head, records());
  const second = await stage.send({
    ...head,
    body: new TextEncoder().encode(framed(inputOf('on'))),
  });
  t.deepEqual([second.status, second.text], [409, 'Multiple input connections are not allowed']);
  end.resolve();
  t.is((await first).status, 200);
});
