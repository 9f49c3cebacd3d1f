import test from 'ava';
import { SimulatedControlFiles } from '#internal/runtime/simulated/control-files.ts';
import { systemClock } from '#internal/runtime/real/clock.ts';
import type { Controller } from './cgroup-layout.ts';
import { memoryExceeded } from './cgroup-use.ts';
import { type Cgroups, openCgroups } from './cgroups.ts';
import { bytesText, diskLimitation } from './limitation.ts';

const controllers: readonly Controller[] = ['cpu', 'cpuacct', 'memory', 'pids', 'freezer'];
const mount = (folder: string, type: string, options: string): string =>
  `31 23 0:28 / ${folder} rw,relatime shared:9 - ${type} ${type} rw,${options}`;
const v1 = [
  mount('/c/cpu,cpuacct', 'cgroup', 'cpu,cpuacct'),
  mount('/c/memory', 'cgroup', 'memory'),
  mount('/c/freezer', 'cgroup', 'freezer'),
];
const v2 = mount('/c/unified', 'cgroup2', 'nsdelegate');
const limits = {
  cpus: 0.5,
  cpusMax: 2,
  memBytes: 64 << 20,
  isSwapLimited: true,
  processesMax: 77,
};

async function openOn(
  mounts: readonly string[],
  unified: string,
  files = new SimulatedControlFiles(),
): Promise<{ readonly files: SimulatedControlFiles; readonly cgroups: Cgroups | undefined }> {
  files.texts.set('/proc/self/mountinfo', mounts.join('\n'));
  files.texts.set('/c/unified/cgroup.controllers', `${unified}\n`);
  const dependencies = {
    clock: systemClock(),
    controlFiles: files,
    processes: { killAll: () => {} },
  };
  return { files, cgroups: await openCgroups(dependencies, { root: 'mesos', controllers }) };
}

test('limits are written in the words of version 1, each to the hierarchy that has it', async (t) => {
  const { files, cgroups } = await openOn(v1, '');
  await cgroups!.make(['one'], limits);
  t.is(files.texts.get('/c/cpu,cpuacct/mesos/one/cpu.shares'), '512');
  t.is(files.texts.get('/c/cpu,cpuacct/mesos/one/cpu.cfs_quota_us'), '200000');
  t.is(files.texts.get('/c/memory/mesos/one/memory.limit_in_bytes'), `${64 << 20}`);
  t.is(files.texts.get('/c/memory/mesos/one/memory.memsw.limit_in_bytes'), `${64 << 20}`);
  t.deepEqual(cgroups!.controllers, ['cpu', 'cpuacct', 'freezer', 'memory']);
  t.deepEqual(cgroups!.entrances(['one']), [
    '/c/cpu,cpuacct/mesos/one/cgroup.procs',
    '/c/memory/mesos/one/cgroup.procs',
    '/c/freezer/mesos/one/cgroup.procs',
  ]);
});

test('in version 2 groups hand on their controllers and processes live in leaves', async (t) => {
  const { files, cgroups } = await openOn([v2], 'cpuset cpu io memory pids');
  await cgroups!.make(['pod', 'one'], limits);
  const root = '/c/unified/mesos';
  for (const folder of ['/c/unified', root, `${root}/pod`, `${root}/pod/one`]) {
    t.is(files.texts.get(`${folder}/cgroup.subtree_control`), '+cpu +memory +pids', folder);
  }
  t.is(files.texts.get(`${root}/pod/one/cpu.max`), '200000 100000');
  t.is(files.texts.get(`${root}/pod/one/cpu.weight`), '20');
  t.is(files.texts.get(`${root}/pod/one/memory.max`), `${64 << 20}`);
  t.is(files.texts.get(`${root}/pod/one/memory.swap.max`), '0');
  t.is(files.texts.get(`${root}/pod/one/pids.max`), '77');
  t.deepEqual(cgroups!.entrances(['pod', 'one']), [`${root}/pod/one/leaf/cgroup.procs`]);
  await cgroups!.remove(['pod', 'one']);
  t.deepEqual(await files.folders(root), []);
});

test('a hybrid machine has each controller where it is, and none twice', async (t) => {
  const { files, cgroups } = await openOn([...v1, v2], 'pids memory');
  await cgroups!.make(['one'], limits);
  t.is(files.texts.get('/c/unified/mesos/one/pids.max'), '77');
  t.false(files.texts.has('/c/unified/mesos/one/memory.max'));
  t.true(files.texts.has('/c/memory/mesos/one/memory.limit_in_bytes'));
});

test('what cannot be written to is left out, and without anything there are no groups', async (t) => {
  const some = new SimulatedControlFiles((path) => !path.startsWith('/c/memory'));
  t.deepEqual((await openOn(v1, '', some)).cgroups?.controllers, ['cpu', 'cpuacct', 'freezer']);
  const none = new SimulatedControlFiles(() => false);
  t.is((await openOn([...v1, v2], 'pids', none)).cgroups, undefined);
  t.is((await openOn([], '')).cgroups, undefined);
});

test('memory never gets less than what Mesos gives at least', async (t) => {
  const { files, cgroups } = await openOn(v1, '');
  await cgroups!.make(['one'], { ...limits, memBytes: 1 << 20 });
  t.is(files.texts.get('/c/memory/mesos/one/memory.limit_in_bytes'), `${32 << 20}`);
});

test('who dies for want of memory has exceeded its own limit, not that of a group around it', async (t) => {
  const { files, cgroups } = await openOn([v2], 'memory');
  const folder = '/c/unified/mesos/one';
  files.texts.set(`${folder}/memory.events`, 'low 0\noom 1\noom_kill 1\n');
  files.texts.set(`${folder}/memory.events.local`, 'low 0\noom 0\noom_kill 1\n');
  t.is(await memoryExceeded(cgroups!, ['one']), undefined);
  files.texts.set(`${folder}/memory.events.local`, 'low 0\noom 1\noom_kill 1\n');
  files.texts.set(`${folder}/memory.max`, '33554432\n');
  files.texts.set(`${folder}/memory.peak`, '33550336\n');
  t.like(await memoryExceeded(cgroups!, ['one']), {
    limitBytes: 33_554_432,
    peakBytes: 33_550_336,
  });
});

test('sizes are told in the largest unit that divides them', (t) => {
  const sizes = [0, 1, 1023, 1024, 1536, 32 << 20, 2 ** 30, 2 ** 40];
  t.deepEqual(sizes.map(bytesText), ['0B', '1B', '1023B', '1KB', '1536B', '32MB', '1GB', '1TB']);
  t.is(diskLimitation(5120 * 1024, 4 << 20).message, 'Disk usage (5MB) exceeds quota (4MB)');
});
