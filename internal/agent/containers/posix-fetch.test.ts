// oxlint-disable-next-line no-restricted-imports -- looks at what tasks left on the real disk.
import { chmod, readFile } from 'node:fs/promises';
import test from 'ava';
import { systemClock } from '#internal/runtime/real/clock.ts';
import { systemFileTree } from '#internal/runtime/real/file-tree.ts';
import { systemFiles } from '#internal/runtime/real/files.ts';
import { systemPipes } from '#internal/runtime/real/pipes.ts';
import { systemProcesses } from '#internal/runtime/real/processes.ts';
import { openTempFolder } from '#internal/testing/temp-folder.ts';
import { ContainerError } from '../containerizer.ts';
import { tarOf } from '../testing/archives.ts';
import { openFetchRig } from '../testing/fetch-rig.ts';
import { specFor } from './containerizer.suite.ts';
import { openPosixContainerizer } from './posix.ts';
import { sandboxOf } from './sandbox.ts';

const clock = systemClock();
const processes = systemProcesses();

async function openRig() {
  await using stack = new AsyncDisposableStack();
  const folder = stack.use(await openTempFolder());
  await chmod(folder.path, 0o755);
  const workFolder = `${folder.path}/work`;
  const rig = stack.use(await openFetchRig(workFolder));
  const { fetcher } = rig;
  const own = { clock, files: systemFiles(), fileTree: systemFileTree(), processes };
  const port = await openPosixContainerizer(
    { ...own, pipes: systemPipes(clock), fetcher },
    { workFolder, switchUser: true },
  );
  // A child does not keep its parent running.
  const open = clock.after(600_000, () => {});
  stack.defer(() => open.cancel());
  const owned = stack.move();
  return {
    ...rig,
    port,
    workFolder,
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

test('a command finds in its sandbox what it named, as its user', async (t) => {
  await using rig = await openRig();
  const script = '#!/bin/sh\necho "$(cat d/word) $(id -u)"; echo mine > d/word\n';
  rig.pages.set('/run', new TextEncoder().encode(script));
  rig.pages.set('/d.tar', tarOf([{ name: 'd/word', content: 'hello' }]));
  const uris = [{ value: `${rig.url}/run`, executable: true }, { value: `${rig.url}/d.tar` }];
  const user = processes.self.uid === 0 ? 'nobody' : undefined;
  const spec = specFor({ kind: 'shell', line: './run' }, { uris, user });
  const { ended } = await rig.port.launch(spec);
  t.deepEqual(await ended, { kind: 'exited', status: 0 });
  const { folder } = sandboxOf(rig.workFolder, spec);
  const uid = user === undefined ? processes.self.uid : (await processes.user(user))?.uid;
  t.is(await readFile(`${folder}/stdout`, 'utf8'), `hello ${uid}\n`);
  t.regex(await readFile(`${folder}/stderr`, 'utf8'), /Successfully fetched all URIs/u);
});

test('without what it named a command does not start', async (t) => {
  await using rig = await openRig();
  const spec = specFor({ kind: 'shell', line: 'echo ran' }, { uris: [{ value: `${rig.url}/no` }] });
  const error = await t.throwsAsync(rig.port.launch(spec), { instanceOf: ContainerError });
  // The text of a recorded Mesos up to the last colon, then a reason where that has a status.
  const head = 'Failed to launch container: Failed to fetch all URIs for container ';
  t.true(error?.message.startsWith(`${head}'${spec.containerId}': Failed to fetch`));
  t.deepEqual(await rig.port.recover(spec), { kind: 'absent' });
});

test('a container that is killed while it is fetched for never starts', async (t) => {
  await using rig = await openRig();
  const asked = Promise.withResolvers<void>();
  rig.pages.set('/slow', () => {
    asked.resolve();
    return { kind: 'stream', status: 200, headers: {}, open: () => {} };
  });
  const spec = specFor(
    { kind: 'shell', line: 'echo ran' },
    { uris: [{ value: `${rig.url}/slow` }] },
  );
  const launching = rig.port.launch(spec);
  await asked.promise;
  await rig.port.signal(spec.containerId, 'TERM');
  await t.throwsAsync(launching, { instanceOf: ContainerError, message: /not wanted any more/u });
});
