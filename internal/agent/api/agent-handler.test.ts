// oxlint-disable-next-line no-restricted-imports -- plays the task that left these files.
import { mkdir, symlink, writeFile } from 'node:fs/promises';
import test from 'ava';
import { systemClock } from '#internal/runtime/real/clock.ts';
import { systemFiles } from '#internal/runtime/real/files.ts';
import { systemPipes } from '#internal/runtime/real/pipes.ts';
import { systemProcesses } from '#internal/runtime/real/processes.ts';
import { build } from '#internal/config/version.ts';
import { openLogBook } from '#internal/runtime/simulated/logger.ts';
import { systemFileTree } from '#internal/runtime/real/file-tree.ts';
import type { HttpHandler, HttpSink } from '#internal/runtime/http.ts';
import { openTempFolder } from '#internal/testing/temp-folder.ts';
import { recoveredState, usualTimes, type AgentSettings } from '../core/state.ts';
import type { ExecutorDoor } from '../executor-door.ts';
import { FilesError } from '#internal/runtime/files.ts';
import type { ImageStore } from '../images/image-store.ts';
import { History, usualHistory } from '../history.ts';
import { OperatorContainers } from '../operator-containers.ts';
import { legacyAgentExchanges, replyText } from '#internal/testing/oracle-http.ts';
import { differences } from '#internal/testing/json-differences.ts';
import { descriptor } from '#proto/gen/descriptor.ts';
import { ContainerEnds } from '../container-ends.ts';
import { openPosixContainerizer } from '../containers/posix.ts';
import { agentHandler } from './agent-handler.ts';
import { noFigures } from '../testing/no-figures.ts';
import { Verbosity } from './verbosity.ts';

const settings: AgentSettings = {
  ...usualTimes,
  masters: ['m:5060'],
  description: {
    agent_info: {
      hostname: 'h',
      port: 5051,
      resources: [
        { name: 'cpus', type: 'SCALAR', scalar: { value: 4 } },
        { name: 'mem', type: 'SCALAR', scalar: { value: 512 }, role: 'db' },
        { name: 'ports', type: 'RANGES', ranges: { range: [{ begin: 1n, end: 9n }] } },
      ],
      attributes: [{ name: 'rack', type: 'TEXT', text: { value: 'r1' } }],
    },
    version: '0.1.0',
    ip: '10.0.0.1',
    capabilities: [{ type: 'MULTI_ROLE' }],
  },
  endpoint: '10.0.0.1:5051',
  path: '/bin',
};

const info = {
  name: 'web',
  task_id: { value: 't' },
  agent_id: { value: 'a-1' },
  labels: { labels: [{ key: 'k', value: 'v' }] },
  command: { shell: true, value: 'echo hello-over-there' },
  resources: [
    {
      name: 'cpus',
      type: 'SCALAR',
      scalar: { value: 0.5 },
      allocation_info: { role: 'ops' },
    },
  ],
} as const;

const state = recoveredState(
  {
    identity: { registration_uuid: 'r', agent_id: 'a-1' },
    term: 3n,
    frameworks: [
      {
        info: { user: 'root', name: 'f', id: { value: 'f-1' }, principal: 'p', roles: ['ops'] },
      },
    ],
    tasks: [
      {
        task: { framework_id: 'f-1', info, container_id: 'c-1' },
        progress: {
          state: 'TASK_RUNNING',
          process: { pid: 7n, start_ticks: 1n, boot_id: 'b' },
          next_update: 3n,
          status: {
            task_id: { value: 't' },
            state: 'TASK_RUNNING',
            timestamp: 12,
            container_status: {
              container_id: { value: 'c-1' },
              network_infos: [{ ip_addresses: [{ ip_address: '10.0.0.1' }] }],
            },
          },
        },
        updates: [],
      },
    ],
    resources: undefined,
    operations: [],
    executors: [],
    containers: [],
  },
  settings,
  0,
);

type Answer = { readonly status: number; readonly type: string | undefined; readonly text: string };

/** Nobody brought any. */
const executors: ExecutorDoor = { view: () => state, hear: () => true, subscribe: () => {} };

type Rig = AsyncDisposable & {
  readonly folder: string;
  readonly sandbox: string;
  get(target: string): Promise<Answer>;
  call(body: string, headers?: Readonly<Record<string, string>>, method?: string): Promise<Answer>;
};

async function openRig(images?: Pick<ImageStore, 'prune'>): Promise<Rig> {
  const folder = await openTempFolder();
  const runs = `${folder.path}/slaves/a-1/frameworks/f-1/executors/t/runs`;
  await mkdir(`${runs}/c-1/sub`, { recursive: true });
  await symlink(`${runs}/c-1`, `${runs}/latest`);
  await writeFile(`${runs}/c-1/stdout`, 'hello\nwörld');
  await writeFile(`${folder.path}/secret`, 'secret');
  const clock = systemClock();
  const fileTree = systemFileTree();
  const containerizer = await openPosixContainerizer(
    {
      clock,
      fileTree,
      files: systemFiles(),
      processes: systemProcesses(),
      pipes: systemPipes(clock),
    },
    { workFolder: folder.path, switchUser: false },
  );
  const { logger } = openLogBook({ nowMs: () => clock.now() });
  const containers = new OperatorContainers({ containerizer, logger, write: async () => {} });
  const handler = agentHandler(
    {
      clock,
      fileTree,
      view: () => state,
      executors,
      history: new History(usualHistory),
      containers,
      ends: new ContainerEnds(containerizer),
      containerizer,
      images,
      verbosity: new Verbosity({ clock, apply: () => {} }),
      figures: () => noFigures,
    },
    {
      workFolder: folder.path,
      settings,
      version: '0.1.0',
      flags: { port: '5051' },
      startedMs: 5000,
    },
  );
  return {
    folder: folder.path,
    sandbox: `${runs}/c-1`,
    get: async (target) => await ask(handler, { method: 'GET', target, headers: {}, body: '' }),
    call: async (body, headers = { 'content-type': 'application/json' }, method = 'POST') =>
      await ask(handler, { method, target: '/api/v1', headers, body }),
    [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose](),
  };
}

type Question = {
  readonly method: string;
  readonly target: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
};

async function ask(handler: HttpHandler, question: Question): Promise<Answer> {
  const body = new TextEncoder().encode(question.body);
  const response = await handler({ ...question, body, signal: new AbortController().signal });
  const { status, headers } = response;
  const type = headers['content-type'];
  if (response.kind === 'whole') {
    return { status, type, text: new TextDecoder().decode(response.body) };
  }
  const { promise, resolve } = Promise.withResolvers<string>();
  const chunks: Uint8Array[] = [];
  const sink: HttpSink = {
    write: (chunk) => void chunks.push(chunk),
    backlogBytes: 0,
    end: () => resolve(Buffer.concat(chunks).toString('utf8')),
    destroy: () => resolve('destroyed'),
    closed: new AbortController().signal,
  };
  response.open(sink);
  return { status, type, text: await promise };
}

const virtual = '/frameworks/f-1/executors/t/runs/latest';

test('health, version and flags answer, also under the name of the actor', async (t) => {
  await using rig = await openRig();
  t.deepEqual(await rig.get('/health'), { status: 200, type: undefined, text: '' });
  t.is((await rig.get('/slave(1)/health')).status, 200);
  t.is(
    (await rig.get('/slave%281%29/version/')).text,
    `{"build_date":"${build.date}","build_time":${build.timeSeconds}.0,"build_user":"","version":"0.1.0"}`,
  );
  t.is((await rig.get('/flags')).text, '{"flags":{"port":"5051"}}');
  t.is((await rig.get('/nope')).status, 404);
  t.is((await rig.get('/files/nope')).status, 404);
});

test('a sandbox is read by virtual and by real path, by offset and length', async (t) => {
  await using rig = await openRig();
  for (const path of [virtual, rig.sandbox]) {
    const read = async (rest: string): Promise<string> =>
      (await rig.get(`/files/read?path=${path}/stdout${rest}`)).text;
    t.is(await read('&offset=0&length=5'), '{"data":"hello","offset":0}');
    t.is(await read('&offset=6'), '{"data":"wörld","offset":6}');
    t.is(await read('&offset=100'), '{"data":"","offset":100}');
    t.is(await read(''), '{"data":"","offset":12}');
    t.is(await read('&offset=-1'), '{"data":"","offset":12}');
    t.is(await read('&offset=0&length=0'), '{"data":"","offset":0}');
    t.is(await read('&offset=0&length=2&jsonp=f'), 'f({"data":"he","offset":0})');
    const whole = await rig.get(`/files/download?path=${path}/stdout`);
    t.deepEqual(whole, { status: 200, type: 'application/octet-stream', text: 'hello\nwörld' });
    const listed = JSON.parse((await rig.get(`/files/browse?path=${path}`)).text);
    t.deepEqual(
      listed.map((entry: { path: string }) => entry.path),
      [`${path}/stdout`, `${path}/sub`],
    );
    t.deepEqual(Object.keys(listed[0]), ['gid', 'mode', 'mtime', 'nlink', 'path', 'size', 'uid']);
    t.is(listed[0].mode, '-rw-r--r--');
    t.true(listed[1].mode.startsWith('d'));
  }
});

test('what is missing, a folder, or not asked for by path, says so', async (t) => {
  await using rig = await openRig();
  for (const name of ['browse', 'read', 'download']) {
    t.like(await rig.get(`/files/${name}`), {
      status: 400,
      text: "Expecting 'path=value' in query.\n",
    });
    t.like(await rig.get(`/files/${name}?path=/nope`), { status: 404, text: '' });
    t.like(await rig.get(`/files/${name}?path=${virtual}/nope`), { status: 404, text: '' });
  }
  t.like(await rig.get(`/files/read?path=${virtual}&offset=0`), {
    status: 400,
    text: 'Cannot read a directory.\n',
  });
  t.is((await rig.get(`/files/read?path=${virtual}/stdout&offset=x`)).status, 400);
});

test('what is debugged names every sandbox that is there, and whose tasks are forgotten', async (t) => {
  await using rig = await openRig();
  const { sandbox, folder } = rig;
  const old = `${folder}/slaves/a-0/frameworks/f-0/executors/gone/runs/c-0`;
  await mkdir(old, { recursive: true });
  const { text } = await rig.get('/files/debug');
  t.deepEqual(JSON.parse(text), {
    [virtual]: sandbox,
    [sandbox]: sandbox,
    [sandbox.replace('c-1', 'latest')]: sandbox,
    [old]: old,
  });
});

test('no path, no link and no pipe leads out of a sandbox or holds us up', async (t) => {
  await using rig = await openRig();
  const { sandbox, folder } = rig;
  await symlink(`${folder}/secret`, `${sandbox}/link`);
  await symlink('../../../../../../../..', `${sandbox}/up`);
  await symlink('/etc', `${sandbox}/etc`);
  await symlink('loop', `${sandbox}/loop`);
  await symlink('/', `${sandbox}/../bent`);
  const paths = [
    '/etc/passwd',
    '/',
    '//etc/passwd',
    `${folder}/secret`,
    `${folder}/slaves`,
    `${folder}/slaves/..`,
    `${folder}/slaves/../secret`,
    `${folder}/slaves/a-1/frameworks/../../../secret`,
    `${virtual}/../../../../../../../../secret`,
    `${virtual}/../../../../../../../../etc/passwd`,
    `${virtual}/link`,
    `${virtual}/up/secret`,
    `${virtual}/etc/passwd`,
    `${virtual}/loop`,
    `${virtual}/stdout%00`,
    '/frameworks/../../secret/executors/t/runs/latest',
    '/frameworks/f-1/executors/../executors/t/../../../../../secret/runs/latest',
    '/frameworks/f-1/executors/t/runs/..',
    '/frameworks/f-1/executors/t/runs/bent/etc/passwd',
  ];
  for (const path of paths) {
    for (const name of ['browse', 'read', 'download']) {
      const { status, text } = await rig.get(`/files/${name}?path=${path}&offset=0`);
      t.true(status === 404 || status === 400, `${name} ${path}: ${status}`);
      t.notRegex(text, /^secret$|root:/, `${name} ${path}`);
    }
    const file = JSON.stringify({ type: 'READ_FILE', read_file: { path, offset: 0 } });
    const { status } = await rig.call(file);
    t.true(status === 404 || status === 400, `READ_FILE ${path}: ${status}`);
  }
  const { status, text } = await rig.get(`/files/read?path=${virtual}/link&offset=0`);
  t.deepEqual([status, text], [400, `'${virtual}/link' is inaccessible.\n`]);
});

test('the operator API reads files as bytes, with the size of the whole', async (t) => {
  await using rig = await openRig();
  const read = async (more: string): Promise<unknown> => {
    const path = `"path":"${virtual}/stdout"`;
    const { text } = await rig.call(`{"type":"READ_FILE","read_file":{${path},${more}}}`);
    return JSON.parse(text).read_file;
  };
  t.deepEqual(await read('"offset":0,"length":5'), { size: 12, data: 'aGVsbG8=' });
  t.deepEqual(await read('"offset":0,"length":0'), { size: 12, data: '' });
  t.deepEqual(await read('"offset":99'), { size: 12, data: '' });
  const list = await rig.call(`{"type":"LIST_FILES","list_files":{"path":"${virtual}"}}`);
  t.deepEqual(
    JSON.parse(list.text).list_files.file_infos.map((file: { path: string }) => file.path),
    [`${virtual}/stdout`, `${virtual}/sub`],
  );
  const missing = await rig.call('{"type":"LIST_FILES","list_files":{"path":"/nope"}}');
  t.deepEqual(missing, { status: 404, type: 'text/plain; charset=utf-8', text: '' });
});

test('operator calls are checked in the order of the contract, with its texts', async (t) => {
  await using rig = await openRig();
  const json = { 'content-type': 'application/json' };
  const cases: readonly (readonly [Answer['status'], string, Promise<Answer>])[] = [
    [
      405,
      "405 Method Not Allowed. Expecting one of { 'POST' }, but received 'GET'.",
      rig.call('', {}, 'GET'),
    ],
    [400, "Expecting 'Content-Type' to be present", rig.call('{}', {})],
    [
      415,
      "Expecting 'Content-Type' of application/json or application/x-protobuf or application/recordio",
      rig.call('{}', { 'content-type': 'text/plain' }),
    ],
    [400, 'Failed to parse body into JSON: syntax error at line 1 near: ', rig.call('')],
    [400, "Failed to validate agent::Call: Expecting 'type' to be present", rig.call('{}')],
    [
      400,
      "Failed to validate agent::Call: Expecting 'type' to be present",
      rig.call('{"type":"SUBSCRIBE"}'),
    ],
    [
      400,
      "Failed to validate agent::Call: Expecting 'read_file' to be present",
      rig.call('{"type":"READ_FILE"}'),
    ],
    [
      406,
      "Expecting 'Accept' to allow application/json or application/x-protobuf or application/recordio",
      rig.call('{"type":"GET_HEALTH"}', { ...json, accept: 'text/html' }),
    ],
    [501, '501 Not Implemented.', rig.call('{"type":"UNKNOWN"}')],
  ];
  for (const [status, text, asked] of cases) {
    const answer = await asked;
    t.deepEqual([answer.status, answer.text], [status, text]);
    t.is(answer.type, 'text/plain; charset=utf-8');
  }
  t.is(
    (await rig.call('{"type":"GET_HEALTH"}')).text,
    '{"type":"GET_HEALTH","get_health":{"healthy":true}}',
  );
});

test('the state has the keys of the contract, and tells what runs', async (t) => {
  await using rig = await openRig();
  const { text } = await rig.get('/state');
  const shown = JSON.parse(text);
  t.like(shown, {
    id: 'a-1',
    pid: 'slave(1)@10.0.0.1:5051',
    hostname: 'h',
    start_time: 5,
    capabilities: ['MULTI_ROLE'],
    attributes: { rack: 'r1' },
    resources: { disk: 0, mem: 512, gpus: 0, cpus: 4, ports: '[1-9]' },
    unreserved_resources_allocated: { disk: 0, mem: 0, gpus: 0, cpus: 0.5 },
  });
  t.regex(text, /"cpus":4\.0/);
  t.deepEqual(Object.keys(shown.reserved_resources), ['db']);
  const [framework] = shown.frameworks;
  const [executor] = framework.executors;
  t.like(executor, {
    id: 't',
    name: "Command Executor (Task: t) (Command: sh -c 'echo hello-o...')",
    source: 't',
    container: 'c-1',
    directory: rig.sandbox,
    role: 'ops',
  });
  t.like(executor.tasks[0], { id: 't', executor_id: '', slave_id: 'a-1', state: 'TASK_RUNNING' });
  const calls = await rig.call('{"type":"GET_STATE"}');
  t.is(JSON.parse(calls.text).get_state.get_tasks.launched_tasks[0].task_id.value, 't');
});

test('the older endpoints say what Mesos says, under its names', async (t) => {
  await using rig = await openRig();
  const odd: string[] = [];
  for (const recorded of legacyAgentExchanges()) {
    const { target } = recorded.request;
    const { status, type, text } = await rig.get(target);
    t.is(status, recorded.reply.status, target);
    t.is(type, recorded.reply.headers['content-type'], target);
    odd.push(...differences(JSON.parse(replyText(recorded)), JSON.parse(text), target));
  }
  const isOfItsFlags = (line: string): boolean =>
    /^\/state\.(?:attributes|flags|reserved\w+)\./u.test(line);
  t.deepEqual(
    odd.filter((line) => !isOfItsFlags(line)),
    [
      // Which commit it is of only a build could tell.
      '/state.git_sha: missing',
      // It has no master, and the task no process.
      '/state.master_hostname: missing',
      '/containers[].statistics: missing',
    ],
  );
});

const calls = descriptor.enums
  .filter(({ name }) => name === 'mesos.v1.agent.Call.Type')
  .flatMap(({ values }) => Object.keys(values));

test('whatever a call holds, it is refused or answered', async (t) => {
  await using rig = await openRig();
  let deep: object = { value: 'x' };
  for (let depth = 0; depth < 200; depth++) deep = { value: 'x', parent: deep };
  const ids = [{ value: '' }, { value: '../../x' }, { value: 'a/b' }, { value: 'a.b' }, deep];
  const contents = [null, 5, 'x', [], {}, ...ids.map((container_id) => ({ container_id }))];
  let asked = 0;
  for (const type of calls) {
    for (const content of contents) {
      const body = JSON.stringify({ type, [type.toLowerCase()]: content });
      const { status } = await rig.call(body);
      t.true(status < 500 || status === 501, `${status} to ${body.slice(0, 200)}`);
      asked++;
    }
  }
  t.true(asked > 250);
});

test('images are pruned, but for those that a call names, and a disk that fails is told of', async (t) => {
  const asked: (readonly string[])[] = [];
  await using rig = await openRig({ prune: async (excluded) => void asked.push(excluded) });
  const bare = await rig.call('{"type":"PRUNE_IMAGES"}');
  t.like(bare, { status: 200, text: '' });
  const excluded_images = [
    { type: 'DOCKER', docker: { name: 'alpine' } },
    { type: 'APPC', appc: { name: 'other' } },
  ];
  const call = { type: 'PRUNE_IMAGES', prune_images: { excluded_images } };
  t.is((await rig.call(JSON.stringify(call))).status, 200);
  t.deepEqual(asked, [[], ['alpine']]);
  await using broken = await openRig({
    prune: async () => {
      throw new FilesError('EIO', 'the disk does not answer');
    },
  });
  const told = await broken.call('{"type":"PRUNE_IMAGES"}');
  t.like(told, { status: 500, text: 'Failed to prune images: the disk does not answer' });
  await using without = await openRig();
  t.is((await without.call('{"type":"PRUNE_IMAGES"}')).status, 200, 'where there are none');
});
