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
import { systemPipes } from '#internal/runtime/real/pipes.ts';
import { systemProcesses } from '#internal/runtime/real/processes.ts';
import { systemRandom } from '#internal/runtime/real/random.ts';
import { openLogBook } from '#internal/runtime/simulated/logger.ts';
import { openTempFolder } from '#internal/testing/temp-folder.ts';
import { agentSideCodec, masterSideCodec } from '#internal/wire/agent-link-codec.ts';
import { openLevelStore } from '#storage/level/level-store.ts';
import { Agent } from './agent.ts';
import { usualBounds } from './containers/limiter.ts';
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

test('an agent restarts under its tasks, and leaders change, and nothing is lost', async (t) => {
  await using folder = await openTempFolder();
  await using disposables = new AsyncDisposableStack();
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
