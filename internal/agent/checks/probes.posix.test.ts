import { createServer } from 'node:https';
import test from 'ava';
import { systemClock } from '#internal/runtime/real/clock.ts';
import { systemConnector } from '#internal/runtime/real/connector.ts';
import { systemFileTree } from '#internal/runtime/real/file-tree.ts';
import { systemFiles } from '#internal/runtime/real/files.ts';
import { httpClient } from '#internal/runtime/real/http-client.ts';
import { httpListener } from '#internal/runtime/real/http-server.ts';
import { systemPipes } from '#internal/runtime/real/pipes.ts';
import { systemProcesses } from '#internal/runtime/real/processes.ts';
import { openLogBook } from '#internal/runtime/simulated/logger.ts';
import { Authority, opensslObstacle } from '#internal/testing/certificates.ts';
import { openTempFolder } from '#internal/testing/temp-folder.ts';
import type { Containerizer } from '../containerizer.ts';
import { specFor } from '../containers/containerizer.suite.ts';
import { openPosixContainerizer } from '../containers/posix.ts';
import { Probes } from './probes.ts';
import { probesSuite } from './probes.suite.ts';

const clock = systemClock();
const shell = (line: string) => ({ kind: 'shell', line }) as const;

const openContainers = async (workFolder: string): Promise<Containerizer> =>
  await openPosixContainerizer(
    {
      clock,
      files: systemFiles(),
      fileTree: systemFileTree(),
      pipes: systemPipes(clock),
      processes: systemProcesses(),
    },
    { workFolder, switchUser: false },
  );

probesSuite(test, async () => {
  const folder = await openTempFolder();
  const { logger } = openLogBook({ nowMs: () => clock.now() });
  const containerizer = await openContainers(folder.path);
  const client = httpClient({ trustsAnyone: true });
  const tasks: string[] = [];
  return {
    clock,
    listener: httpListener({ logger }),
    client,
    connector: systemConnector(),
    containerizer,
    run: (promise) => promise,
    exits: (status) => shell(`exit ${status}`),
    runsOn: shell('sleep 100'),
    async startTask() {
      const spec = specFor(shell('sleep 1000'));
      tasks.push(spec.containerId);
      await containerizer.launch(spec);
      return spec;
    },
    async [Symbol.asyncDispose]() {
      for (const task of tasks) await containerizer.signal(task, 'KILL');
      await client[Symbol.asyncDispose]();
      await folder[Symbol.asyncDispose]();
    },
  };
});

const obstacle = opensslObstacle();

test('a page over TLS is told, though its server vouches for itself alone', async (t) => {
  if (obstacle !== undefined) {
    t.log(obstacle);
    t.not(opensslObstacle(), undefined);
    return;
  }
  await using folder = await openTempFolder();
  const containerizer = await openContainers(folder.path);
  const authority = await Authority.make(folder.path, 'nobody');
  const { key, chain: cert } = await authority.issue('somewhere-else');
  const server = createServer({ key, cert }, (_request, response) => {
    response.writeHead(202);
    response.end();
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const address = server.address();
  const port = typeof address === 'object' ? address?.port : undefined;
  const ask = async (trustsAnyone: boolean): Promise<string> => {
    await using client = httpClient({ trustsAnyone });
    const probes = new Probes(
      { clock, client, connector: systemConnector(), containerizer },
      { atOnceMax: 1 },
    );
    const target = { kind: 'http', url: `https://127.0.0.1:${port}/` } as const;
    const result = await probes.look('task', { target, timeoutMs: 60_000 });
    return 'status' in result ? `${result.kind} ${result.status}` : result.kind;
  };
  t.is(await ask(true), 'answered 202');
  t.is(await ask(false), 'failed');
  server.close();
});
