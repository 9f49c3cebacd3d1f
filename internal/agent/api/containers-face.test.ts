import test, { type ExecutionContext } from 'ava';
import { systemClock } from '#internal/runtime/real/clock.ts';
import { systemFileTree } from '#internal/runtime/real/file-tree.ts';
import { systemFiles } from '#internal/runtime/real/files.ts';
import { httpClient } from '#internal/runtime/real/http-client.ts';
import { httpListener } from '#internal/runtime/real/http-server.ts';
import { systemPipes } from '#internal/runtime/real/pipes.ts';
import { systemProcesses } from '#internal/runtime/real/processes.ts';
import { openLogBook } from '#internal/runtime/simulated/logger.ts';
import { openTempFolder } from '#internal/testing/temp-folder.ts';
import { encodeRecord, newRecordReader } from '#internal/wire/record-io.ts';
import type { ContainerRecord } from '#proto/gen/altiplano/agent/v1.ts';
import { ContainerEnds } from '../container-ends.ts';
import { openPosixContainerizer } from '../containers/posix.ts';
import { recoveredState, usualTimes } from '../core/state.ts';
import { History, usualHistory } from '../history.ts';
import { OperatorContainers } from '../operator-containers.ts';
import { operatorSpecOf } from '../operator-spec.ts';
import { agentHandler } from './agent-handler.ts';
import { noFigures } from '../testing/no-figures.ts';
import { Verbosity } from './verbosity.ts';

const clock = systemClock();
const settings = {
  ...usualTimes,
  masters: ['m:5060'],
  description: {
    agent_info: { hostname: 'h', port: 5051, resources: [] },
    version: '0.1.0',
    ip: '127.0.0.1',
  },
  endpoint: '127.0.0.1:5051',
  path: '/usr/bin:/bin',
};
const nothing = {
  identity: { registration_uuid: 'r', agent_id: 'a-1' },
  term: 1n,
  frameworks: [],
  tasks: [],
  resources: undefined,
  operations: [],
  executors: [],
  containers: [],
};
const state = recoveredState(nothing, settings, 0);

type Agent = AsyncDisposable & {
  call(call: object): Promise<{ readonly status: number; readonly text: string }>;
  /** A call whose reply is a stream of records, or whose request is one. */
  open(call: Stream): Promise<Opened>;
};

type Stream = {
  readonly body?: object;
  readonly records?: AsyncIterable<object>;
  readonly signal?: AbortSignal;
};
type Opened = {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly records: AsyncIterable<Data>;
  text(): Promise<string>;
};

/** Its containers outlive its agents, and end with it. */
type Machine = AsyncDisposable & { start(): Promise<Agent> };

async function openMachine(): Promise<Machine> {
  const folder = await openTempFolder();
  const records = new Map<string, ContainerRecord>();
  const agents: Started[] = [];
  return {
    start: async () => {
      const started = await startAgent(folder.path, records);
      agents.push(started);
      return started.agent;
    },
    [Symbol.asyncDispose]: async () => {
      await agents.at(-1)?.containers.endAll();
      await folder[Symbol.asyncDispose]();
    },
  };
}

type Started = { readonly agent: Agent; readonly containers: OperatorContainers };

async function startAgent(
  workFolder: string,
  kept: Map<string, ContainerRecord>,
): Promise<Started> {
  const stack = new AsyncDisposableStack();
  const fileTree = systemFileTree();
  const containerizer = await openPosixContainerizer(
    {
      clock,
      fileTree,
      files: systemFiles(),
      processes: systemProcesses(),
      pipes: systemPipes(clock),
    },
    { workFolder, switchUser: false },
  );
  const { logger } = openLogBook({ nowMs: () => clock.now() });
  const containers = new OperatorContainers({
    containerizer,
    logger,
    write: async (writes) => {
      for (const write of writes) {
        if (write.kind === 'container') kept.set(write.path, write.record);
        if (write.kind === 'remove-container') kept.delete(write.path);
      }
    },
  });
  await containers.recover([...kept.values()], (record) =>
    operatorSpecOf({ state, settings }, record),
  );
  const handler = agentHandler(
    {
      clock,
      fileTree,
      view: () => state,
      executors: { view: () => state, hear: () => true, subscribe: () => {} },
      history: new History(usualHistory),
      containers,
      ends: new ContainerEnds(containerizer),
      containerizer,
      verbosity: new Verbosity({ clock, apply: () => {} }),
      figures: () => noFigures,
    },
    { workFolder, settings, version: '0.1.0', flags: {}, startedMs: 5000 },
  );
  const server = stack.use(
    await httpListener({ logger }).listen(
      { host: '127.0.0.1', port: 0, bodyBytesMax: 1 << 20 },
      handler,
    ),
  );
  const http = stack.use(httpClient());
  const url = `http://127.0.0.1:${server.port}/api/v1`;
  const bytes = (value: object): Uint8Array => new TextEncoder().encode(JSON.stringify(value));
  const open = async ({ body, records, signal }: Stream): Promise<Opened> => {
    async function* framed(): AsyncGenerator<Uint8Array> {
      for await (const record of records ?? []) yield encodeRecord(bytes(record));
    }
    const reply = await http.call({
      method: 'POST',
      url,
      headers:
        records === undefined
          ? {
              'content-type': 'application/json',
              accept: 'application/recordio',
              'message-accept': 'application/json',
            }
          : {
              'content-type': 'application/recordio',
              'message-content-type': 'application/json',
              accept: 'application/json',
            },
      ...(body !== undefined && { body: bytes(body) }),
      ...(records !== undefined && { stream: framed() }),
      ...(signal !== undefined && { signal }),
    });
    return {
      status: reply.status,
      headers: reply.headers,
      records: recordsOf(reply.body),
      text: () => textOf(reply.body),
    };
  };
  const agent: Agent = {
    call: async (call) => {
      const reply = await http.call({
        method: 'POST',
        url,
        headers: { 'content-type': 'application/json' },
        body: bytes(call),
      });
      return { status: reply.status, text: await textOf(reply.body) };
    },
    open,
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
  return { agent, containers };
}

async function* recordsOf(body: AsyncIterable<Uint8Array>): AsyncGenerator<Data> {
  const reader = newRecordReader({ recordBytesMax: 1 << 20 });
  for await (const chunk of body) {
    for (const record of reader.feed(chunk)) yield JSON.parse(new TextDecoder().decode(record));
  }
}

async function textOf(body: AsyncIterable<Uint8Array>): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of body) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

type Data = {
  readonly type: string;
  readonly data?: { readonly type: string; readonly data: string };
};

/** All that a stream says, by where it came from. */
async function outputOf(
  { records }: Opened,
  onMore: (said: Readonly<Record<string, string>>) => void = () => {},
): Promise<Readonly<Record<string, string>>> {
  const said: Record<string, string> = {};
  for await (const record of records) {
    const { data } = record;
    if (data === undefined) continue;
    said[data.type] = (said[data.type] ?? '') + Buffer.from(data.data, 'base64').toString();
    onMore(said);
  }
  return said;
}

const launch = (value: string, line: string): object => ({
  type: 'LAUNCH_CONTAINER',
  launch_container: { container_id: { value }, command: { value: line } },
});
const named = (type: string, value: string, more: object = {}): object => ({
  type,
  [type.toLowerCase()]: { container_id: { value }, ...more },
});

function law(title: string, check: (t: ExecutionContext, machine: Machine) => Promise<void>): void {
  test(title, async (t) => {
    await using machine = await openMachine();
    await check(t, machine);
  });
}

law(
  'a container that stands alone is launched once, waited for, and removed',
  async (t, machine) => {
    await using agent = await machine.start();
    t.is((await agent.call(launch('on', 'sleep 500'))).status, 200);
    t.is((await agent.call(launch('on', 'exit 4'))).status, 202);
    t.deepEqual(await agent.call(named('REMOVE_CONTAINER', 'on')), {
      status: 500,
      text: "Failed to remove container 'on': it has not terminated yet",
    });
    t.is((await agent.call(launch('c', 'exit 3'))).status, 200);
    for (let times = 0; times < 2; times++) {
      const { status, text } = await agent.call(named('WAIT_CONTAINER', 'c'));
      t.is(status, 200);
      t.deepEqual(JSON.parse(text), {
        type: 'WAIT_CONTAINER',
        wait_container: { exit_status: 768 },
      });
    }
    t.deepEqual(await agent.call(named('KILL_CONTAINER', 'c')), {
      status: 404,
      text: "Container 'c' cannot be found (or is already killed)",
    });
    t.is((await agent.call(named('REMOVE_CONTAINER', 'c'))).status, 200);
    t.is((await agent.call(named('REMOVE_CONTAINER', 'c'))).status, 200);
    t.deepEqual(await agent.call(named('WAIT_CONTAINER', 'c')), {
      status: 404,
      text: 'Container c cannot be found',
    });
  },
);

law('any signal reaches a container, and what is none is refused', async (t, machine) => {
  await using agent = await machine.start();
  const usr1 = 10;
  const line = "trap 'exit 7' USR1; echo ready; while :; do sleep 0.05; done";
  await agent.call(launch('p', 'sleep 500'));
  const session = await agent.open({ body: sessionIn('p', 's', line) });
  const id = { value: 's', parent: { value: 'p' } };
  const kill = (signal: number): object => ({
    type: 'KILL_NESTED_CONTAINER',
    kill_nested_container: { container_id: id, signal },
  });
  const isReady = Promise.withResolvers<void>();
  const output = outputOf(session, () => isReady.resolve());
  await isReady.promise;
  t.is((await agent.call(kill(64))).status, 400);
  t.is((await agent.call(kill(0))).status, 400);
  t.is((await agent.call(kill(usr1))).status, 200);
  await output;
  const wait = { type: 'WAIT_NESTED_CONTAINER', wait_nested_container: { container_id: id } };
  const { text } = await agent.call(wait);
  t.deepEqual(JSON.parse(text).wait_nested_container, { exit_status: 7 * 256 });
});

law('containers outlive the agent, and the next one tells how they ended', async (t, machine) => {
  {
    await using agent = await machine.start();
    t.is((await agent.call(launch('over', 'exit 7'))).status, 200);
    await agent.call(named('WAIT_CONTAINER', 'over'));
    t.is((await agent.call(launch('on', 'sleep 500'))).status, 200);
  }
  await using agent = await machine.start();
  const over = JSON.parse((await agent.call(named('WAIT_CONTAINER', 'over'))).text);
  t.deepEqual(over.wait_container, { exit_status: 7 * 256 });
  t.is((await agent.call(launch('on', 'exit 0'))).status, 202);
  const wait = agent.call(named('WAIT_CONTAINER', 'on'));
  t.is((await agent.call(named('KILL_CONTAINER', 'on'))).status, 200);
  t.deepEqual(JSON.parse((await wait).text).wait_container, { exit_status: 9 });
});

law('a session says all of its output, and ends with its command', async (t, machine) => {
  await using agent = await machine.start();
  await agent.call(launch('p', 'sleep 500'));
  const session = await agent.open({ body: sessionIn('p', 's', 'echo out; echo err >&2') });
  t.is(session.status, 200);
  t.is(session.headers['content-type'], 'application/recordio');
  t.is(session.headers['message-content-type'], 'application/json');
  t.deepEqual(await outputOf(session), { STDOUT: 'out\n', STDERR: 'err\n' });
});

law('a session ends when its connection does', async (t, machine) => {
  await using agent = await machine.start();
  await agent.call(launch('p', 'sleep 500'));
  const control = new AbortController();
  const body = sessionIn('p', 's', 'echo up; exec sleep 500');
  const session = await agent.open({ body, signal: control.signal });
  for await (const record of session.records) {
    t.is(record.type, 'DATA');
    break;
  }
  control.abort();
  const id = { value: 's', parent: { value: 'p' } };
  const ended = { type: 'WAIT_NESTED_CONTAINER', wait_nested_container: { container_id: id } };
  const { status, text } = await agent.call(ended);
  t.is(status, 200);
  t.deepEqual(JSON.parse(text).wait_nested_container, { exit_status: 9 });
});

const sessionIn = (parent: string, value: string, line: string, container?: object): object => ({
  type: 'LAUNCH_NESTED_CONTAINER_SESSION',
  launch_nested_container_session: {
    container_id: { value, parent: { value: parent } },
    command: { value: line },
    ...(container !== undefined && { container }),
  },
});

law('input goes into a terminal, with its size, one writer at a time', async (t, machine) => {
  await using agent = await machine.start();
  await agent.call(launch('p', 'sleep 500'));
  const terminal = { type: 'MESOS', tty_info: { window_size: { rows: 30, columns: 90 } } };
  const line = 'stty size; read answer; stty size; echo "got $answer"; read last';
  const session = await agent.open({ body: sessionIn('p', 's', line, terminal) });
  const id = { value: 's', parent: { value: 'p' } };
  const isSized = Promise.withResolvers<void>();
  const isAnswered = Promise.withResolvers<void>();
  const output = outputOf(session, ({ STDOUT = '' }) => {
    if (STDOUT.includes('30 90')) isSized.resolve();
    if (STDOUT.includes('got forty-two')) isAnswered.resolve();
  });
  const input = (process_io: object): object => ({
    type: 'ATTACH_CONTAINER_INPUT',
    attach_container_input: { type: 'PROCESS_IO', process_io },
  });
  const name = {
    type: 'ATTACH_CONTAINER_INPUT',
    attach_container_input: { type: 'CONTAINER_ID', container_id: id },
  };
  const data = (text: string): object =>
    input({ type: 'DATA', data: { type: 'STDIN', data: Buffer.from(text).toString('base64') } });
  const second = Promise.withResolvers<void>();
  async function* records(): AsyncGenerator<object> {
    yield name;
    await isSized.promise;
    const window_size = { rows: 40, columns: 120 };
    yield input({ type: 'CONTROL', control: { type: 'TTY_INFO', tty_info: { window_size } } });
    yield input({ type: 'CONTROL', control: { type: 'HEARTBEAT' } });
    yield data('forty-two\n');
    await second.promise;
    yield data('\n');
  }
  const writer = agent.open({ records: records() });
  await isAnswered.promise;
  async function* another(): AsyncGenerator<object> {
    yield name;
  }
  const refused = await agent.open({ records: another() });
  t.deepEqual(
    [refused.status, await refused.text()],
    [409, 'Multiple input connections are not allowed'],
  );
  second.resolve();
  t.is((await writer).status, 200);
  const { STDOUT } = await output;
  t.regex(STDOUT ?? '', /30 90\r\n/);
  t.regex(STDOUT ?? '', /40 120\r\ngot forty-two\r\n/);
});

law('what cannot be attached to, launched or sized says why', async (t, machine) => {
  await using agent = await machine.start();
  await agent.call(launch('p', 'sleep 500'));
  const attach = { type: 'ATTACH_CONTAINER_OUTPUT', attach_container_output: {} as object };
  const attachTo = async (value: string): Promise<readonly [number, string]> => {
    const body = { ...attach, attach_container_output: { container_id: { value } } };
    const reply = await agent.open({ body });
    return [reply.status, await reply.text()];
  };
  t.deepEqual(await attachTo('nobody'), [404, 'Container nobody cannot be found']);
  t.deepEqual(await attachTo('p'), [500, 'I/O switchboard server was disabled for this container']);
  const orphan = await agent.open({ body: sessionIn('nobody', 's', 'true') });
  t.deepEqual(
    [orphan.status, await orphan.text()],
    [400, 'Parent container nobody does not exist'],
  );
});
