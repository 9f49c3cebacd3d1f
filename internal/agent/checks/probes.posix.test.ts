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
import { openTempFolder } from '#internal/testing/temp-folder.ts';
import { specFor } from '../containers/containerizer.suite.ts';
import { usualBounds } from '../containers/limiter.ts';
import { openPosixContainerizer } from '../containers/posix.ts';
import { probesSuite } from './probes.suite.ts';

const clock = systemClock();
const shell = (line: string) => ({ kind: 'shell', line }) as const;

probesSuite(test, async () => {
  const folder = await openTempFolder();
  const { logger } = openLogBook({ nowMs: () => clock.now() });
  const processes = systemProcesses();
  const containerizer = await openPosixContainerizer(
    {
      clock,
      logger,
      files: systemFiles(),
      fileTree: systemFileTree(),
      pipes: systemPipes(clock),
      processes,
      cgroups: undefined,
    },
    { ...usualBounds, workFolder: folder.path, switchUser: false },
  );
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
