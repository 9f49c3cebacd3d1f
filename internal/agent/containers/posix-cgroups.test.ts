/**
 * Containers in the control groups of this machine. Where there are none that can be written to, the
 * tests say so and check no more than that.
 */
// oxlint-disable-next-line no-restricted-imports -- looks at what tasks left on the real disk.
import { chmod, readFile } from 'node:fs/promises';
import test from 'ava';
import { systemClock } from '#internal/runtime/real/clock.ts';
import { systemControlFiles } from '#internal/runtime/real/control-files.ts';
import { systemFileTree } from '#internal/runtime/real/file-tree.ts';
import { systemFiles } from '#internal/runtime/real/files.ts';
import { systemPipes } from '#internal/runtime/real/pipes.ts';
import { systemProcesses } from '#internal/runtime/real/processes.ts';
import { openLogBook } from '#internal/runtime/simulated/logger.ts';
import { openTempFolder } from '#internal/testing/temp-folder.ts';
import {
  type ContainerEnd,
  ContainerError,
  type ContainerSpec,
  type Containerizer,
} from '../containerizer.ts';
import type { Controller } from './cgroup-layout.ts';
import { type Cgroups, openCgroups } from './cgroups.ts';
import {
  type ContainerizerRig,
  containerizerSuite,
  shellCommands,
  specFor,
} from './containerizer.suite.ts';
import { type Bounds, usualBounds } from './bounds.ts';
import { type LimitsRig, limitsSuite, nothing, until } from './limits.suite.ts';
import { openPosixContainerizer } from './posix.ts';
import { sandboxOf } from './sandbox.ts';

const clock = systemClock();
const processes = systemProcesses();
const controlFiles = systemControlFiles();
const controllers: readonly Controller[] = ['cpu', 'cpuacct', 'memory', 'pids', 'freezer'];
const mebibyte = 1024 * 1024;
const shell = (line: string): ContainerSpec['command'] => ({ kind: 'shell', line });
const probe = await openCgroups(
  { clock, controlFiles, processes },
  { root: `altiplano-test-${process.pid}`, controllers },
);
await removeRoot(probe);
const isBounded = controllers.every((name) => probe?.controllers.includes(name));
const bounded = isBounded ? test : test.skip;
const lacking = controllers.filter((name) => probe?.controllers.includes(name) !== true);
test('this machine has control groups, or the tests of them are left out', (t) => {
  if (!isBounded) t.log(`not tested: no control groups of ${lacking.join(', ')} to write to`);
  t.is(lacking.length === 0, isBounded);
});

/** Those that were made are empty by then. */
async function removeRoot(cgroups: Cgroups | undefined): Promise<void> {
  for (const entrance of cgroups?.entrances(['x']) ?? []) {
    await controlFiles.removeFolder(entrance.slice(0, entrance.lastIndexOf('/x')));
  }
}

type Rig = ContainerizerRig & LimitsRig & { readonly cgroups: Cgroups };

let made = 0;

async function openRig(bounds: Partial<Bounds> = {}, control = controlFiles): Promise<Rig> {
  const own = ++made;
  const folder = await openTempFolder();
  await chmod(folder.path, 0o755);
  const root = `altiplano-test-${process.pid}-${own}`;
  const doors = { clock, controlFiles: control, processes };
  const cgroups = await openCgroups(doors, { root, controllers });
  if (cgroups === undefined) throw new Error('The control groups have gone');
  const { logger } = openLogBook({ nowMs: () => clock.now() });
  const files = { files: systemFiles(), fileTree: systemFileTree() };
  const open = clock.after(600_000, () => {});
  return {
    workFolder: folder.path,
    cgroups,
    kind: {},
    pids: (containerId) => cgroups.pids([containerId]),
    groups: () => groupsIn(cgroups),
    restart: () =>
      openPosixContainerizer(
        { clock, logger, ...files, processes, pipes: systemPipes(clock), cgroups },
        {
          ...usualBounds,
          memoryWatchMs: 100,
          ...bounds,
          workFolder: folder.path,
          switchUser: true,
        },
      ),
    run: (promise) => promise,
    ...shellCommands,
    impossible: { user: 'nobody-of-that-name' },
    [Symbol.asyncDispose]: async () => {
      open.cancel();
      for (const name of await groupsIn(cgroups)) await cgroups.remove([name]);
      await removeRoot(cgroups);
      await folder[Symbol.asyncDispose]();
    },
  };
}

async function groupsIn(cgroups: Cgroups): Promise<readonly string[]> {
  const [entrance = ''] = cgroups.entrances(['x']);
  return await controlFiles.folders(entrance.slice(0, entrance.lastIndexOf('/x')));
}

if (isBounded) {
  containerizerSuite(test, () => openRig());
  limitsSuite(test, openRig);
}

async function runToEnd(port: Containerizer, spec: ContainerSpec): Promise<ContainerEnd> {
  return await (
    await port.launch(spec)
  ).ended;
}

const read = async (rig: Rig, spec: ContainerSpec, name: string): Promise<string> =>
  await readFile(`${sandboxOf(rig.workFolder, spec).folder}/${name}`, 'utf8').catch(() => '');

bounded('a daemon that outlives its command ends with the container', async (t) => {
  await using rig = await openRig();
  const spec = specFor(
    shell(
      "setsid sh -c 'echo $$ >daemon; exec sleep 500' & while [ ! -s daemon ]; do sleep 0.01; done; exit 3",
    ),
  );
  t.deepEqual(await runToEnd(await rig.restart(), spec), { kind: 'exited', status: 3 });
  t.is(processes.find(Number(await read(rig, spec, 'daemon'))), undefined);
});

bounded(
  'of a container that nobody knows nothing runs on, and no control group stays',
  async (t) => {
    await using rig = await openRig();
    const line = 'echo $$ > own; setsid sleep 500 & echo $! > child; wait';
    const parent = specFor(shell(line), { limits: { ...nothing, memBytes: 32 * mebibyte } });
    const { containerId: parentId, executorId } = parent;
    const nested = specFor(shell(line), { parentId, executorId });
    const first = await rig.restart();
    const both = await Promise.all([parent, nested].map((spec) => first.launch(spec)));
    const pids = async (): Promise<readonly number[]> => await rig.cgroups.pids([parentId]);
    await until(async () => (await pids()).length >= 4);
    await (await rig.restart()).sweep(new Set());
    t.deepEqual(await pids(), []);
    t.deepEqual(await groupsIn(rig.cgroups), []);
    await Promise.all(both.map(({ ended }) => ended));
  },
);

bounded('cpus and memory are counted, and bounded anew while a container runs', async (t) => {
  await using rig = await openRig();
  const limits = { ...nothing, cpus: 0.01, cpusMax: 0.01, memBytes: 48 * mebibyte };
  const spec = specFor(shell('while :; do :; done'), { limits, user: 'nobody' });
  const port = await rig.restart();
  const { ended } = await port.launch(spec);
  await until(async () => {
    const { cpus_nr_throttled = 0, cpus_user_time_secs = 0 } = (await port.usage(
      spec.containerId,
    ))!;
    return cpus_nr_throttled > 0 && cpus_user_time_secs > 0;
  });
  const use = (await port.usage(spec.containerId))!;
  t.true(use.mem_total_bytes! > 0n && use.threads === 1);
  await port.update(spec.containerId, { ...limits, memBytes: 64 * mebibyte });
  const limit = await rig.cgroups.read([spec.containerId], 'memory', {
    1: 'memory.limit_in_bytes',
    2: 'memory.max',
  });
  t.is(Number(limit), 64 * mebibyte);
  await port.signal(spec.containerId, 'KILL');
  await ended;
});

bounded(
  'a nested container lies in the group of its parent, which goes with the last',
  async (t) => {
    await using rig = await openRig();
    const port = await rig.restart();
    const specs = [
      specFor(shell('sleep 500'), { parentId: 'pod' }),
      specFor(shell('exit 0'), { parentId: 'pod' }),
    ];
    const launched = await Promise.all(specs.map((spec) => port.launch(spec)));
    t.deepEqual(await groupsIn(rig.cgroups), ['pod']);
    t.deepEqual(await launched[1]!.ended, { kind: 'exited', status: 0 });
    await port.release(specs[1]!.containerId);
    t.deepEqual(await groupsIn(rig.cgroups), ['pod']);
    await port.signal(specs[0]!.containerId, 'KILL');
    await launched[0]!.ended;
    await port.release(specs[0]!.containerId);
    t.deepEqual(await groupsIn(rig.cgroups), []);
  },
);

bounded(
  'a container that cannot enter its groups is refused, and nothing of it runs',
  async (t) => {
    const makeFolder = async (path: string): Promise<void> => {
      if (!path.includes('/freezer/')) await controlFiles.makeFolder(path);
    };
    await using rig = await openRig({}, { ...controlFiles, makeFolder });
    const port = await rig.restart();
    const spec = specFor(shell('touch ran'));
    await t.throwsAsync(port.launch(spec), { instanceOf: ContainerError });
    t.is(await systemFiles().stat(`${sandboxOf(rig.workFolder, spec).folder}/ran`), undefined);
  },
);
