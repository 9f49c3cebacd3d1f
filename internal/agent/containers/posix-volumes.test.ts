/** Persistent volumes as tasks on a real machine find them. */
// oxlint-disable-next-line no-restricted-imports -- looks at what tasks left on the real disk.
import { chmod, readFile } from 'node:fs/promises';
import test from 'ava';
import type { Resource } from '#internal/resources/resource.ts';
import { systemClock } from '#internal/runtime/real/clock.ts';
import { systemFileTree } from '#internal/runtime/real/file-tree.ts';
import { systemFiles } from '#internal/runtime/real/files.ts';
import { systemPipes } from '#internal/runtime/real/pipes.ts';
import { systemProcesses } from '#internal/runtime/real/processes.ts';
import { openLogBook } from '#internal/runtime/simulated/logger.ts';
import { openTempFolder } from '#internal/testing/temp-folder.ts';
import { ContainerError } from '../containerizer.ts';
import { volumesIn } from '../volumes.ts';
import { specFor } from './containerizer.suite.ts';
import { usualBounds } from './bounds.ts';
import { openPosixContainerizer } from './posix.ts';

const volume: Resource = {
  name: 'disk',
  value: { kind: 'scalar', milli: 1000 },
  reservations: [{ kind: 'dynamic', role: 'r', principal: undefined, labels: undefined }],
  allocationRole: undefined,
  disk: { source: undefined, persistence: { id: 'v1', principal: undefined }, volume: undefined },
  providerId: undefined,
  revocable: false,
  shared: false,
};

test('what a task writes into a volume the next one reads, wherever it sees it', async (t) => {
  await using folder = await openTempFolder();
  await chmod(folder.path, 0o755);
  const clock = systemClock();
  // A child does not keep its parent running.
  const open = clock.after(600_000, () => {});
  t.teardown(() => open.cancel());
  const files = systemFiles();
  const volumes = volumesIn(files, folder.path);
  const { logger } = openLogBook({ nowMs: () => clock.now() });
  const port = await openPosixContainerizer(
    {
      clock,
      logger,
      files,
      fileTree: systemFileTree(),
      processes: systemProcesses(),
      pipes: systemPipes(clock),
      cgroups: undefined,
    },
    { ...usualBounds, workFolder: folder.path, switchUser: true },
  );
  const run = async (line: string, containerPath: string): Promise<unknown> => {
    const mounts = [{ volume, containerPath }];
    const spec = specFor({ kind: 'shell', line }, { volumes: mounts });
    return await (
      await port.launch(spec)
    ).ended;
  };
  await t.throwsAsync(run('exit 0', 'data'), { instanceOf: ContainerError });
  const by = { agentId: 'a', clusterId: undefined, nowMs: 1 };
  await volumes.make([{ volume, origin: 'o', frameworkId: undefined, isNew: true }], by);
  const fine = { kind: 'exited', status: 0 };
  t.deepEqual(await run('echo kept > data/note', 'data'), fine);
  t.deepEqual(await run('grep -q kept deep/er/note', 'deep/er'), fine);
  const note = `${folder.path}/volumes/roles/r/v1/note`;
  t.is(await readFile(note, 'utf8'), 'kept\n');
  for (const outside of ['../data', '/data', '.', 'a/../../b']) {
    await t.throwsAsync(run('exit 0', outside), { instanceOf: ContainerError }, outside);
  }
  await volumes.discard([volume], by);
  await volumes.purge([]);
  await t.throwsAsync(readFile(note, 'utf8'), { code: 'ENOENT' });
});
