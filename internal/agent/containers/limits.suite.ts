/**
 * What every containerizer promises of containers that want more than they may have: how they end, that
 * nothing of them is left, and that the one beside them does not notice.
 */
// oxlint-disable-next-line no-restricted-imports -- looks at what tasks left on the real disk.
import { readFile } from 'node:fs/promises';
import type { ExecutionContext, TestFn } from 'ava';
import { systemClock } from '#internal/runtime/real/clock.ts';
import { systemFiles } from '#internal/runtime/real/files.ts';
import type {
  ContainerEnd,
  ContainerLimits,
  ContainerSpec,
  Containerizer,
} from '../containerizer.ts';
import type { Bounds } from './bounds.ts';
import { type ContainerizerRig, specFor } from './containerizer.suite.ts';
import { sandboxOf } from './sandbox.ts';

export type LimitsRig = Pick<ContainerizerRig, 'restart'> &
  AsyncDisposable & {
    readonly workFolder: string;
    /** What makes a container one of those that are tested. */
    readonly kind: Partial<ContainerSpec>;
    /** Processes of a container, by the control groups of the machine. */
    pids(containerId: string): Promise<readonly number[]>;
    /** Containers of which control groups are left. */
    groups(): Promise<readonly string[]>;
  };

const clock = systemClock();
const mebibyte = 1024 * 1024;
const shell = (line: string): ContainerSpec['command'] => ({ kind: 'shell', line });
export const nothing: ContainerLimits = {
  cpus: undefined,
  cpusMax: undefined,
  memBytes: undefined,
  diskBytes: undefined,
};

export async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  const endMs = clock.monotonic() + 60_000;
  while (!(await condition())) {
    if (clock.monotonic() > endMs) throw new Error('never');
    await clock.sleep(10);
  }
}

const read = async (rig: LimitsRig, spec: ContainerSpec, name: string): Promise<string> =>
  await readFile(`${sandboxOf(rig.workFolder, spec).folder}/${name}`, 'utf8').catch(() => '');

/** A neighbour that runs all the while, and what of the other one must be left at the end: nothing. */
async function beside(
  t: ExecutionContext,
  rig: LimitsRig,
  spec: ContainerSpec,
  whileItRuns: (port: Containerizer) => Promise<void> = async () => {},
): Promise<ContainerEnd> {
  const port = await rig.restart();
  const limits = { ...nothing, memBytes: 32 * mebibyte, diskBytes: 4 * mebibyte };
  const line = 'while [ ! -e go ]; do sleep 0.05; done; exit 5';
  const neighbour = specFor(shell(line), { ...rig.kind, limits });
  const { ended } = await port.launch(neighbour);
  const launched = await port.launch(spec);
  await whileItRuns(port);
  const end = await launched.ended;
  t.deepEqual(await rig.pids(spec.containerId), [], 'something of it runs on');
  await port.release(spec.containerId);
  t.deepEqual(await rig.groups(), [neighbour.containerId]);
  const go = `${sandboxOf(rig.workFolder, neighbour).folder}/go`;
  await (await systemFiles().open(go, { create: true })).close();
  t.deepEqual(await ended, { kind: 'exited', status: 5 });
  await port.release(neighbour.containerId);
  t.deepEqual(await rig.groups(), []);
  return end;
}

export function limitsSuite(
  test: TestFn,
  openRig: (bounds?: Partial<Bounds>) => Promise<LimitsRig>,
): void {
  test('a task that eats memory ends as a whole, with what it asked for and what it used', async (t) => {
    await using rig = await openRig();
    // What the kernel kills is a child; the task itself would go on.
    const spec = specFor(shell('head -c 300000000 /dev/zero | tail; sleep 500'), {
      ...rig.kind,
      limits: { ...nothing, memBytes: 40 * mebibyte },
    });
    const end = await beside(t, rig, spec);
    t.is(end.kind, 'limited');
    if (end.kind !== 'limited') return;
    const { reason, message, resources } = end.limitation;
    t.is(reason, 'REASON_CONTAINER_LIMITATION_MEMORY');
    t.regex(
      message,
      /^Memory limit exceeded: Requested: 40MB Maximum Used: 40MB\n\nMEMORY STATISTICS: \n\w+ \d+\n/u,
    );
    t.like(resources[0], { name: 'mem', value: { kind: 'scalar', milli: 40_000 } });
  });

  test('the next agent still knows that a container wanted too much memory', async (t) => {
    await using rig = await openRig({ memoryWatchMs: 600_000 });
    const spec = specFor(shell('exec tail /dev/zero'), {
      ...rig.kind,
      limits: { ...nothing, memBytes: 32 * mebibyte },
    });
    const { ended } = await (await rig.restart()).launch(spec);
    const end = await ended;
    t.like(end, { kind: 'limited' });
    const found = await (await rig.restart()).recover(spec);
    t.deepEqual(found.kind === 'ended' ? found.end : found, end);
  });

  test('a task that forks without end is bounded, can be killed, and leaves nothing', async (t) => {
    await using rig = await openRig({ processesMax: 60 });
    const spec = specFor(shell('b() { b | b & sleep 500; }; b; sleep 500'), rig.kind);
    const end = await beside(t, rig, spec, async (port) => {
      await until(async () => (await read(rig, spec, 'stderr')).includes('fork'));
      const use = await port.usage(spec.containerId);
      t.true(use === undefined || use.processes! <= 60);
      await port.signal(spec.containerId, 'KILL');
    });
    t.true(end.kind === 'signaled' || end.kind === 'exited');
  });

  test('a task that fills its disk ends with its quota, and only it', async (t) => {
    await using rig = await openRig({ disk: { intervalMs: 50, isEnforced: true } });
    const line =
      'mkdir -p a/b; i=0; while :; do head -c 1048576 /dev/zero >a/b/$i; i=$((i+1)); done';
    const limits = { ...nothing, diskBytes: 4 * mebibyte };
    const spec = specFor(shell(line), { ...rig.kind, limits });
    isDiskLimitation(t, await beside(t, rig, spec));
  });

  test('a disk is measured, and nobody ended for it, unless the agent was told to', async (t) => {
    await using rig = await openRig({ disk: { intervalMs: 50, isEnforced: false } });
    const limits = { ...nothing, diskBytes: mebibyte };
    const line = 'head -c 2097152 /dev/zero >big; sleep 500';
    const spec = specFor(shell(line), { ...rig.kind, limits });
    const port = await rig.restart();
    const { ended } = await port.launch(spec);
    await until(async () => {
      const { disk_used_bytes: used = 0n } = (await port.usage(spec.containerId)) ?? {};
      return used >= BigInt(2 * mebibyte);
    });
    t.is((await port.usage(spec.containerId))!.disk_limit_bytes, BigInt(mebibyte));
    await port.signal(spec.containerId, 'KILL');
    t.deepEqual(await ended, { kind: 'signaled', signal: 9 });
  });

  test('a task that ignores TERM dies of KILL, with daemons that left its session', async (t) => {
    await using rig = await openRig();
    const line =
      "trap '' TERM; setsid sh -c 'echo on >daemon; exec sleep 500' & sleep 500; sleep 500";
    const spec = specFor(shell(line), rig.kind);
    const end = await beside(t, rig, spec, async (port) => {
      await until(async () => (await read(rig, spec, 'daemon')) !== '');
      const living = await rig.pids(spec.containerId);
      t.true(living.length >= 3);
      await port.signal(spec.containerId, 'TERM');
      t.deepEqual(await rig.pids(spec.containerId), living);
      await port.signal(spec.containerId, 'KILL');
    });
    t.deepEqual(end, { kind: 'signaled', signal: 9 });
  });

  test('cpus that are asked for are a limit where the agent was told so', async (t) => {
    await using rig = await openRig({ isCpuRequestLimit: true });
    const limits = { ...nothing, cpus: 0.01 };
    const bounded = specFor(shell('while :; do :; done'), { ...rig.kind, limits });
    const free = specFor(shell('sleep 500'), {
      ...rig.kind,
      limits: { ...limits, cpusMax: Infinity },
    });
    const port = await rig.restart();
    const launched = [await port.launch(bounded), await port.launch(free)];
    await until(async () => {
      const { cpus_nr_throttled = 0 } = (await port.usage(bounded.containerId)) ?? {};
      return cpus_nr_throttled > 0;
    });
    t.like(await port.usage(bounded.containerId), { cpus_limit: 0.01, cpus_soft_limit: 0.01 });
    t.is((await port.usage(free.containerId))!.cpus_limit, undefined);
    for (const { containerId } of [bounded, free]) await port.signal(containerId, 'KILL');
    for (const { ended } of launched) t.deepEqual(await ended, { kind: 'signaled', signal: 9 });
  });
}

export function isDiskLimitation(t: ExecutionContext, end: ContainerEnd): void {
  t.is(end.kind, 'limited');
  if (end.kind !== 'limited') return;
  const { reason, message, resources } = end.limitation;
  t.is(reason, 'REASON_CONTAINER_LIMITATION_DISK');
  t.regex(message, /^Disk usage \(\d+[KM]B\) exceeds quota \(4MB\)$/u);
  t.like(resources[0], { name: 'disk', value: { kind: 'scalar', milli: 4000 } });
}
