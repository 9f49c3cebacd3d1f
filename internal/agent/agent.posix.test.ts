/** The whole agent on this machine: LevelDB, gRPC on loopback, real processes. */
import { volumesIn } from './volumes.ts';
import test from 'ava';
import { acceptGrpcLinks, agentLinkOptions, grpcLinkDialer } from '#internal/rpc/link-grpc.ts';
import { openGrpcServer } from '#internal/rpc/grpc-server.ts';
import { systemClock } from '#internal/runtime/real/clock.ts';
import { systemConnector } from '#internal/runtime/real/connector.ts';
import { httpClient } from '#internal/runtime/real/http-client.ts';
import { systemFileTree } from '#internal/runtime/real/file-tree.ts';
import { systemFiles } from '#internal/runtime/real/files.ts';
import { httpListener } from '#internal/runtime/real/http-server.ts';
import { systemPipes } from '#internal/runtime/real/pipes.ts';
import { systemProcesses } from '#internal/runtime/real/processes.ts';
import { systemRandom } from '#internal/runtime/real/random.ts';
import { openLogBook } from '#internal/runtime/simulated/logger.ts';
import { openTempFolder } from '#internal/testing/temp-folder.ts';
import { agentSideCodec, masterSideCodec } from '#internal/wire/agent-link-codec.ts';
import type { TaskStatus } from '#proto/gen/mesos/v1.ts';
import { openLevelStore } from '#storage/level/level-store.ts';
import { Agent } from './agent.ts';
import { usualBounds } from './containers/bounds.ts';
import { Probes, usualProbes } from './checks/probes.ts';
import { openPosixContainerizer } from './containers/posix.ts';
import { usualTimes } from './core/state.ts';
import { ModelMasters } from './testing/model-masters.ts';

const clock = systemClock();

async function until(condition: () => boolean): Promise<void> {
  const endMs = clock.monotonic() + 30_000;
  while (!condition()) {
    if (clock.monotonic() > endMs) throw new Error('never');
    await clock.sleep(10);
  }
}

type Running = { readonly agent: Agent; stop(): Promise<void> };

async function startAgent(workFolder: string, masters: readonly string[]): Promise<Running> {
  const store = await openLevelStore({ path: `${workFolder}/checkpoint` });
  const journal = { files: systemFiles(), folder: `${workFolder}/journal` };
  const { logger } = openLogBook({ nowMs: () => clock.now() });
  const containerizer = await openPosixContainerizer(
    {
      clock,
      logger,
      files: systemFiles(),
      fileTree: systemFileTree(),
      processes: systemProcesses(),
      pipes: systemPipes(clock),
      cgroups: undefined,
    },
    { ...usualBounds, workFolder, switchUser: false },
  );
  const volumes = volumesIn(systemFiles(), workFolder);
  const dialer = grpcLinkDialer({ clock, codec: agentSideCodec }, agentLinkOptions);
  const client = httpClient({ trustsAnyone: true });
  const connector = systemConnector();
  const probes = new Probes({ clock, containerizer, connector, client }, usualProbes);
  const agent = new Agent(
    {
      clock,
      random: systemRandom(),
      logger,
      store,
      journal,
      dialer,
      containerizer,
      volumes,
      probes,
    },
    {
      ...usualTimes,
      masters,
      description: { agent_info: { hostname: 'h' }, version: '0', ip: '127.0.0.1' },
      endpoint: '127.0.0.1:5051',
      path: '/usr/local/bin:/usr/bin:/bin',
      mailboxMax: 10_000,
    },
  );
  await agent.start();
  return {
    agent,
    stop: async () => {
      await agent.stop();
      await client[Symbol.asyncDispose]();
      await store[Symbol.asyncDispose]();
    },
  };
}

type Stage = AsyncDisposable & {
  readonly folder: Awaited<ReturnType<typeof openTempFolder>>;
  readonly masters: ModelMasters;
  readonly addresses: readonly string[];
};

async function openStage(): Promise<Stage> {
  await using disposables = new AsyncDisposableStack();
  const folder = disposables.use(await openTempFolder());
  const servers = [];
  for (let index = 0; index < 3; index++) {
    servers.push(disposables.use(await openGrpcServer({ host: '127.0.0.1', port: 0 })));
  }
  const addresses = servers.map(({ port }) => `127.0.0.1:${port}`);
  const masters = new ModelMasters({ random: systemRandom() }, { addresses, attention: 1 });
  for (const [index, { server }] of servers.entries()) {
    const dependencies = { server, clock, codec: masterSideCodec };
    acceptGrpcLinks(dependencies, agentLinkOptions, masters.acceptor(index));
  }
  const open = disposables.move();
  return { folder, masters, addresses, [Symbol.asyncDispose]: () => open.disposeAsync() };
}

test('an agent restarts under its tasks, and leaders change, and nothing is lost', async (t) => {
  await using stage = await openStage();
  const { folder, masters, addresses } = stage;
  const states = (id: string): string =>
    masters.tasks
      .get(id)!
      .heard.map(({ state }) => state)
      .join(' ');
  const isRunning = (id: string): boolean => states(id).includes('RUNNING');

  const first = await startAgent(folder.path, addresses);
  await until(() => masters.counts.registrations > 0);
  masters.launch('quick', 'echo $MESOS_TASK_ID; exit 3');
  masters.launch(
    'meanwhile',
    'while [ ! -e ../../../../../../../../go ]; do sleep 0.05; done; exit 7',
  );
  masters.launch('long', 'sleep 500');
  await until(
    () => isRunning('meanwhile') && isRunning('long') && states('quick').endsWith('FAILED'),
  );
  masters.elect();
  masters.enlighten();
  await until(() => masters.counts.registrations > 1);
  await first.stop();
  t.deepEqual(await first.agent.ended, { kind: 'stopped' });

  // One ends while there is no agent.
  const files = systemFiles();
  await (await files.open(`${folder.path}/go`, { create: true })).close();
  const second = await startAgent(folder.path, addresses);
  await until(() => states('meanwhile').endsWith('FAILED'));
  t.is(masters.tasks.get('meanwhile')!.heard.at(-1)!.message, 'Command exited with status 7');
  masters.kill('long', undefined);
  await until(() => masters.allTold && second.agent.view()?.tasks.size === 0);
  t.is(states('long'), 'TASK_STARTING TASK_RUNNING TASK_KILLING TASK_KILLED');
  t.is(masters.tasks.get('quick')!.heard.at(-1)!.message, 'Command exited with status 3');
  t.deepEqual(masters.violations, []);

  masters.launch('last', "trap '' TERM; sleep 500");
  await until(() => isRunning('last'));
  masters.attention = 0;
  const pid = Number(masters.tasks.get('last')!.heard.at(-1)!.container_status!.executor_pid);
  const processes = systemProcesses();
  t.truthy(processes.find(pid));
  await second.agent.shutdown();
  t.deepEqual(await second.agent.ended, { kind: 'closed' });
  t.is(processes.find(pid), undefined);
  await second.stop();
});

test('checks are carried out beside their tasks, over a restart, and what is ill is killed', async (t) => {
  await using stage = await openStage();
  const { folder, masters, addresses } = stage;
  let status = 200;
  const { logger } = openLogBook({ nowMs: () => clock.now() });
  const server = await httpListener({ logger }).listen(
    { host: '127.0.0.1', port: 0, bodyBytesMax: 100 },
    () => ({ kind: 'whole', status, headers: {}, body: new Uint8Array() }),
  );
  // What was not acknowledged when the agent stopped comes again.
  const heard = (id: string): readonly TaskStatus[] => [
    ...new Map(masters.tasks.get(id)!.heard.map((one) => [String(one.uuid), one])).values(),
  ];
  const checked = 'REASON_TASK_CHECK_STATUS_UPDATED';
  const health = (id: string): string =>
    heard(id)
      .filter(({ healthy, reason }) => healthy !== undefined && reason !== checked)
      .map(({ state, healthy }) => `${state.slice(5)} ${healthy}`)
      .join(', ');
  const pace = { delay_seconds: 0.1, interval_seconds: 0.3, grace_period_seconds: 0 };
  const command = { value: 'test -e ok && test "$WHO" = $MESOS_TASK_ID' };

  const first = await startAgent(folder.path, addresses);
  await until(() => masters.counts.registrations > 0);
  const wait = `while [ ! -e ${folder.path}/go ]; do sleep 0.05; done`;
  masters.launch('asked', '', {
    command: {
      value: `touch ok; ${wait}; rm ok; sleep 500`,
      environment: { variables: [{ name: 'WHO', value: 'asked' }] },
    },
    health_check: { type: 'COMMAND', command, consecutive_failures: 2, ...pace },
    check: { type: 'COMMAND', command: { command: { value: 'exit 3' } }, ...pace },
  });
  const http = { port: server.port, path: '/health' };
  masters.launch('served', 'sleep 500', {
    health_check: { type: 'HTTP', http, consecutive_failures: 1, ...pace },
    check: { type: 'TCP', tcp: { port: server.port }, ...pace },
  });
  const exitCode = (): number | undefined =>
    heard('asked').at(-1)?.check_status?.command?.exit_code;
  await until(() => health('asked') !== '' && exitCode() === 3 && health('served') !== '');
  await first.stop();
  const second = await startAgent(folder.path, addresses);
  await until(() => second.agent.view()?.session.kind === 'registered');

  const files = systemFiles();
  await (await files.open(`${folder.path}/go`, { create: true })).close();
  status = 503;
  await until(() => masters.allTold && second.agent.view()?.tasks.size === 0);
  const told = 'RUNNING true, RUNNING false, RUNNING false';
  t.true(health('asked').startsWith(told), health('asked'));
  t.true(health('asked').endsWith('KILLED false'), health('asked'));
  t.is(heard('asked').at(-1)!.reason, undefined);
  t.true(health('served').endsWith('RUNNING false, KILLED false'), health('served'));
  t.true(heard('served').some(({ check_status: check }) => check?.tcp?.succeeded === true));
  await second.stop();
  await server[Symbol.asyncDispose]();
});
