/**
 * Containers in the control groups of this machine. Where there are none that can be written to, the
 * tests say so and check no more than that.
 */
// oxlint-disable-next-line no-restricted-imports -- looks at what tasks left on the real disk.
import { chmod, readFile } from 'node:fs/promises';
import test, { type ExecutionContext } from 'ava';
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
  type ContainerLimits,
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
import { type LimiterOptions, usualBounds } from './limiter.ts';
import { openPosixContainerizer } from './posix.ts';
import { sandboxOf } from './sandbox.ts';

const clock = systemClock();
const processes = systemProcesses();
const controlFiles = systemControlFiles();
const controllers: readonly Controller[] = ['cpu', 'cpuacct', 'memory', 'pids', 'freezer'];
const mebibyte = 1024 * 1024;
const shell = (line: string): ContainerSpec['command'] => ({ kind: 'shell', line });
const nothing: ContainerLimits = {
  cpus: undefined,
  cpusMax: undefined,
  memBytes: undefined,
  diskBytes: undefined,
};

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

type Rig = ContainerizerRig & { readonly workFolder: string; readonly cgroups: Cgroups };

let made = 0;

async function openRig(bounds: Partial<LimiterOptions> = {}, control = controlFiles): Promise<Rig> {
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

if (isBounded) containerizerSuite(test, () => openRig());

async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  const endMs = clock.monotonic() + 20_000;
  while (!(await condition())) {
    if (clock.monotonic() > endMs) throw new Error('never');
    await clock.sleep(10);
  }
}

async function runToEnd(port: Containerizer, spec: ContainerSpec): Promise<ContainerEnd> {
  return await (
    await port.launch(spec)
  ).ended;
}

const read = async (rig: Rig, spec: ContainerSpec, name: string): Promise<string> =>
  await readFile(`${sandboxOf(rig.workFolder, spec).folder}/${name}`, 'utf8').catch(() => '');

/** A neighbour that runs all the while, and what of the other one must be left at the end: nothing. */
async function beside(
  t: ExecutionContext,
  rig: Rig,
  spec: ContainerSpec,
  whileItRuns: (port: Containerizer) => Promise<void> = async () => {},
): Promise<ContainerEnd> {
  const port = await rig.restart();
  const neighbour = specFor(shell('while [ ! -e go ]; do sleep 0.05; done; exit 5'), {
    limits: { ...nothing, memBytes: 32 * mebibyte },
  });
  const { ended } = await port.launch(neighbour);
  const launched = await port.launch(spec);
  await whileItRuns(port);
  const end = await launched.ended;
  t.deepEqual(await rig.cgroups.pids([spec.containerId]), [], 'something of it runs on');
  await port.release(spec.containerId);
  t.deepEqual(await groupsIn(rig.cgroups), [neighbour.containerId]);
  const go = `${sandboxOf(rig.workFolder, neighbour).folder}/go`;
  await (await systemFiles().open(go, { create: true })).close();
  t.deepEqual(await ended, { kind: 'exited', status: 5 });
  await port.release(neighbour.containerId);
  t.deepEqual(await groupsIn(rig.cgroups), []);
  return end;
}

bounded(
  'a task that eats memory ends as a whole, with what it asked for and what it used',
  async (t) => {
    await using rig = await openRig();
    // What the kernel kills is a child; the task itself would go on.
    const spec = specFor(shell('head -c 300000000 /dev/zero | tail; sleep 500'), {
      limits: { ...nothing, memBytes: 40 * mebibyte },
    });
    const end = await beside(t, rig, spec);
    t.is(end.kind, 'limited');
    if (end.kind !== 'limited') return;
    const { reason, message, resources } = end.limitation;
    t.is(reason, 'REASON_CONTAINER_LIMITATION_MEMORY');
    t.regex(message, /^Memory limit exceeded: Requested: 40MB Maximum Used: 40MB\n\nMEMORY STAT/u);
    t.like(resources[0], { name: 'mem', value: { kind: 'scalar', milli: 40_000 } });
  },
);

bounded('the next agent still knows that a container wanted too much memory', async (t) => {
  await using rig = await openRig({ memoryWatchMs: 600_000 });
  const spec = specFor(shell('exec tail /dev/zero'), {
    limits: { ...nothing, memBytes: 32 * mebibyte },
  });
  await runToEnd(await rig.restart(), spec);
  const found = await (await rig.restart()).recover(spec);
  t.like(found, { kind: 'ended', end: { kind: 'limited' } });
});

bounded(
  'a task that forks without end is bounded, can be killed, and leaves nothing',
  async (t) => {
    await using rig = await openRig({ processesMax: 60 });
    const bomb = 'echo on >begun; b() { b | b & sleep 500; }; b; sleep 500';
    const spec = specFor(shell(bomb));
    const end = await beside(t, rig, spec, async (port) => {
      await until(async () => (await read(rig, spec, 'stderr')).includes('fork'));
      const use = await port.usage(spec.containerId);
      t.true(use === undefined || use.processes! <= 60);
      await port.signal(spec.containerId, 'KILL');
    });
    t.true(end.kind === 'signaled' || end.kind === 'exited');
  },
);

bounded('a task that fills its disk ends with its quota, and only it', async (t) => {
  await using rig = await openRig({ disk: { intervalMs: 50, isEnforced: true } });
  const line = 'mkdir -p a/b; i=0; while :; do head -c 1048576 /dev/zero >a/b/$i; i=$((i+1)); done';
  const spec = specFor(shell(line), { limits: { ...nothing, diskBytes: 4 * mebibyte } });
  const end = await beside(t, rig, spec);
  t.is(end.kind, 'limited');
  if (end.kind !== 'limited') return;
  const { reason, message, resources } = end.limitation;
  t.is(reason, 'REASON_CONTAINER_LIMITATION_DISK');
  t.regex(message, /^Disk usage \(\d+[KM]B\) exceeds quota \(4MB\)$/u);
  t.like(resources[0], { name: 'disk', value: { kind: 'scalar', milli: 4000 } });
});

bounded('a task that ignores TERM dies of KILL, with daemons that left its session', async (t) => {
  await using rig = await openRig();
  const line =
    "trap '' TERM; setsid sh -c 'echo $$ >daemon; exec sleep 500' & sleep 500; sleep 500";
  const spec = specFor(shell(line));
  const end = await beside(t, rig, spec, async (port) => {
    await until(async () => (await read(rig, spec, 'daemon')) !== '');
    await port.signal(spec.containerId, 'TERM');
    const daemon = Number(await read(rig, spec, 'daemon'));
    t.truthy(processes.find(daemon));
    await port.signal(spec.containerId, 'KILL');
    await until(() => processes.find(daemon) === undefined);
  });
  t.deepEqual(end, { kind: 'signaled', signal: 9 });
});

bounded('a daemon that outlives its command ends with the container', async (t) => {
  await using rig = await openRig();
  const spec = specFor(
    shell(
      "setsid sh -c 'echo $$ >daemon; exec sleep 500' & while [ ! -s daemon ]; do sleep 0.01; done; exit 3",
    ),
  );
  t.deepEqual(await beside(t, rig, spec), { kind: 'exited', status: 3 });
  t.is(processes.find(Number(await read(rig, spec, 'daemon'))), undefined);
});

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
