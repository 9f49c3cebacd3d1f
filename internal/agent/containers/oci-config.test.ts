/** What a container is told to be, case by case. */
import test from 'ava';
import type { CapabilityInfo, ContainerInfo, LinuxInfo } from '#proto/gen/mesos/v1.ts';
import { ContainerError, type ContainerLimits } from '../containerizer.ts';
import type { ImageConfig } from '../images/image.ts';
import { usualBounds } from './bounds.ts';
import { specFor } from './containerizer.suite.ts';
import { type Bundle, type RuntimeMount, resourcesOf, runtimeSpec } from './oci-config.ts';
import { findUser } from './oci-user.ts';

const mebibyte = 1024 * 1024;
const usualPath = '/usr/bin:/bin';

const image: ImageConfig = {
  entrypoint: [],
  command: [],
  environment: { PATH: '/image/bin', LANG: 'C', HOME: '/image/home' },
  workingFolder: '',
  user: '',
};

type Case = Partial<Omit<Bundle, 'spec'>> & {
  readonly container?: Partial<ContainerInfo>;
  readonly environment?: Readonly<Record<string, string>>;
  readonly parentId?: string;
};

function bundle({ container, environment, parentId, ...more }: Case = {}): Bundle {
  const spec = specFor(
    { kind: 'argv', path: 'true', arguments: ['-x'] },
    {
      container: { type: 'MESOS', ...container },
      environment: environment ?? { PATH: usualPath },
      parentId,
    },
  );
  return {
    spec,
    image,
    user: { uid: 0, gid: 0, groups: [], home: '/root' },
    rootFolder: '/meta/root',
    sandbox: { folder: '/work/runs/c', path: '/mnt/mesos/sandbox' },
    init: { mounts: [], command: ['/dev/.altiplano/sh', 'init'] },
    mounts: [],
    cgroup: '/mesos/c',
    usualPath,
    bounds: usualBounds,
    ...more,
  };
}

const linux = (info: LinuxInfo): Case => ({ container: { linux_info: info } });

const mountAt = (mounts: readonly RuntimeMount[], path: string): RuntimeMount | undefined =>
  mounts.find(({ destination }) => destination === path);

test('no container ever gets new privileges, the devices of its machine, or its own bounds to change', (t) => {
  const cases: readonly Case[] = [
    {},
    { image: undefined },
    { user: { uid: 7, gid: 8, groups: [9], home: undefined } },
    linux({ effective_capabilities: { capabilities: ['SYS_ADMIN'] } }),
    { container: { tty_info: {} } },
  ];
  for (const one of cases) {
    const spec = runtimeSpec(bundle(one));
    t.true(spec.process.noNewPrivileges);
    t.deepEqual(spec.linux.resources.devices, [{ allow: false, access: 'rwm' }]);
    t.deepEqual(spec.linux.resources.pids, { limit: usualBounds.processesMax });
    t.is(spec.linux.cgroupsPath, '/mesos/c');
    for (const path of ['/proc/kcore', '/proc/keys', '/sys/firmware']) {
      t.true(spec.linux.maskedPaths.includes(path));
    }
    for (const path of ['/proc/sys', '/proc/sysrq-trigger']) {
      t.true(spec.linux.readonlyPaths.includes(path));
    }
    t.deepEqual(spec.process.args, ['/dev/.altiplano/sh', 'init', 'true', '-x']);
    t.regex(mountAt(spec.mounts, '/proc')!.options.join(), /nosuid,noexec,nodev/);
  }
});

test('capabilities are those that a task names, else those of Docker for root and none for others', (t) => {
  const has = (one: Case): readonly (readonly string[])[] => {
    const { bounding, effective, permitted, inheritable, ambient } = runtimeSpec(bundle(one))
      .process.capabilities;
    t.deepEqual(permitted, effective);
    t.deepEqual(inheritable, ambient);
    return [bounding, effective, ambient];
  };
  const user = { uid: 7, gid: 8, groups: [], home: undefined };
  const [bounding, effective, ambient] = has({});
  t.is(bounding!.length, 14);
  t.deepEqual([effective, ambient], [bounding, []]);
  t.false(bounding!.includes('CAP_SYS_ADMIN'));
  t.deepEqual(has({ user }), [bounding, [], []]);
  const named: CapabilityInfo = { capabilities: ['NET_ADMIN', 'CHOWN', 'CHOWN'] };
  const told = ['CAP_CHOWN', 'CAP_NET_ADMIN'];
  t.deepEqual(has({ user, ...linux({ effective_capabilities: named }) }), [told, told, told]);
  t.deepEqual(has({ user, ...linux({ capability_info: named }) }), [told, told, told], 'of old');
  t.deepEqual(has(linux({ bounding_capabilities: named })), [told, told, []]);
  t.deepEqual(has({ user, ...linux({ bounding_capabilities: named }) }), [told, [], []]);
  t.deepEqual(has(linux({ effective_capabilities: {} })), [[], [], []]);
  const beyond = { effective_capabilities: named, bounding_capabilities: { capabilities: [] } };
  t.throws(() => runtimeSpec(bundle(linux(beyond))), { instanceOf: ContainerError });
});

test('a variable of the task goes before that of its image, and the agent’s own before both', (t) => {
  const environment = { PATH: usualPath, LANG: 'de', MESOS_SANDBOX: '/elsewhere' };
  const env = (one: Case): Readonly<Record<string, string>> =>
    Object.fromEntries(
      runtimeSpec(bundle(one)).process.env.map((text) => {
        const at = text.indexOf('=');
        return [text.slice(0, at), text.slice(at + 1)];
      }),
    );
  t.deepEqual(env({ environment }), {
    PATH: '/image/bin',
    LANG: 'de',
    HOME: '/image/home',
    MESOS_SANDBOX: '/mnt/mesos/sandbox',
    MESOS_DIRECTORY: '/work/runs/c',
  });
  t.is(env({ environment: { PATH: '/own' } })['PATH'], '/own', 'a PATH of the task itself');
  const plain = { ...image, environment: {} };
  t.like(env({ environment, image: plain }), { PATH: usualPath, HOME: '/root' });
  t.is(env({ environment, image: undefined })['HOME'], undefined);
});

test('a terminal is there when it is asked for, with its size', (t) => {
  const process = (one: Case): Partial<ReturnType<typeof runtimeSpec>['process']> =>
    runtimeSpec(bundle(one)).process;
  t.like(process({}), { terminal: false, consoleSize: undefined });
  t.false(process({}).env!.includes('TERM=xterm'));
  t.like(process({ container: { tty_info: {} } }), { terminal: true, consoleSize: undefined });
  const tty_info = { window_size: { rows: 33, columns: 77 } };
  const sized = process({ container: { tty_info } });
  t.deepEqual(sized.consoleSize, { height: 33, width: 77 });
  t.true(sized.env!.includes('TERM=xterm'));
});

test('a command runs as its user with all its groups, where its image or its sandbox is', (t) => {
  const user = { uid: 7, gid: 8, groups: [9, 10], home: '/h' };
  const spec = runtimeSpec(bundle({ user }));
  t.deepEqual(spec.process.user, { uid: 7, gid: 8, additionalGids: [9, 10] });
  t.is(spec.process.cwd, '/mnt/mesos/sandbox');
  const placed = bundle({ image: { ...image, workingFolder: '/srv' } });
  t.is(runtimeSpec(placed).process.cwd, '/srv');
  t.is(runtimeSpec(bundle({ container: { hostname: 'own' } })).hostname, 'own');
});

test('mounts lie over each other in the order in which they are needed, and are read-only where asked', (t) => {
  const mounts = [
    { source: '/s', destination: '/mnt/mesos/sandbox/in', isReadOnly: false },
    { source: '/r', destination: '/dev/data', isReadOnly: true },
  ];
  const init = {
    mounts: [{ source: '/bin/dash', destination: '/dev/.altiplano/sh', isReadOnly: true }],
    command: ['/dev/.altiplano/sh'],
  };
  const spec = runtimeSpec(bundle({ mounts, init }));
  const places = spec.mounts.map(({ destination }) => destination);
  t.is(new Set(places).size, places.length);
  const comesAfter = (path: string, above: string): void => {
    t.true(places.indexOf(path) > places.indexOf(above) && places.includes(above), path);
  };
  comesAfter('/mnt/mesos/sandbox/in', '/mnt/mesos/sandbox');
  comesAfter('/dev/data', '/dev');
  comesAfter('/dev/.altiplano/sh', '/dev');
  comesAfter('/dev/shm', '/dev');
  t.deepEqual(mountAt(spec.mounts, '/dev/data')!.options, ['rbind', 'rprivate', 'ro']);
  t.deepEqual(mountAt(spec.mounts, '/mnt/mesos/sandbox/in')!.options.at(-1), 'rw');
  t.true(mountAt(spec.mounts, '/sys')!.options.includes('ro'));
  const bare = runtimeSpec(bundle({ image: undefined }));
  t.is(mountAt(bare.mounts, '/mnt/mesos/sandbox'), undefined, 'the machine shows it already');
  t.is(mountAt(bare.mounts, '/sys'), undefined);
});

test('namespaces are a container’s own, but for what it shares with its pod or the machine', (t) => {
  const types = (one: Case): string => {
    const { namespaces } = runtimeSpec(bundle(one)).linux;
    return namespaces.map(({ type }) => type).join(' ');
  };
  const shares = { ...linux({ ipc_mode: 'SHARE_PARENT' }) };
  t.is(types({}), 'mount uts pid ipc');
  t.is(types(linux({ share_pid_namespace: true })), 'mount uts ipc');
  t.is(types(shares), 'mount uts pid');
  t.is(types({ parentId: 'pod' }), 'mount uts pid');
  t.is(types({ parentId: 'pod', ...shares }), 'mount uts pid');
  t.is(types({ parentId: 'pod', ...linux({ ipc_mode: 'PRIVATE' }) }), 'mount uts pid ipc');
  const shm = (one: Case): RuntimeMount => mountAt(runtimeSpec(bundle(one)).mounts, '/dev/shm')!;
  t.true(shm({}).options.includes('size=65536k'));
  t.true(shm(linux({ shm_size: 8 })).options.includes('size=8m'));
  t.like(shm(shares), { type: 'bind', source: '/dev/shm' });
  t.like(shm({ parentId: 'pod', ...shares }), { type: 'tmpfs' });
});

test('limits are those of the kernel, within what the kernel takes', (t) => {
  const none: ContainerLimits = {
    cpus: undefined,
    cpusMax: undefined,
    memBytes: undefined,
    diskBytes: undefined,
  };
  const cfs = { ...usualBounds, isCpuRequestLimit: true };
  const swap = { ...usualBounds, isSwapLimited: true };
  const mem = 64 * mebibyte;
  const table: readonly (readonly [Partial<ContainerLimits>, typeof cfs, object])[] = [
    [{}, usualBounds, {}],
    [{}, cfs, {}],
    [{ diskBytes: 1 }, swap, {}],
    [{ cpus: 0.5 }, usualBounds, { cpu: { shares: 512 } }],
    [{ cpus: 0.0001 }, usualBounds, { cpu: { shares: 2 } }],
    [{ cpus: 0.5 }, cfs, { cpu: { shares: 512, period: 100_000, quota: 50_000 } }],
    [{ cpus: 1, cpusMax: 2 }, cfs, { cpu: { shares: 1024, period: 100_000, quota: 200_000 } }],
    [{ cpusMax: 0.001 }, usualBounds, { cpu: { period: 100_000, quota: 1000 } }],
    [{ cpus: 1, cpusMax: Infinity }, cfs, { cpu: { shares: 1024 } }],
    [{ memBytes: mem }, usualBounds, { memory: { limit: mem } }],
    [{ memBytes: mem }, swap, { memory: { limit: mem, swap: mem } }],
    [{ memBytes: 1 }, usualBounds, { memory: { limit: 32 * mebibyte } }],
  ];
  for (const [limits, bounds, expected] of table) {
    t.deepEqual(resourcesOf({ ...none, ...limits }, bounds), expected, JSON.stringify(limits));
  }
});

test('rlimits are the kernel’s, also those without an end', (t) => {
  const rlimits = (container: Partial<ContainerInfo>): unknown =>
    runtimeSpec(bundle({ container })).process.rlimits;
  const bound = { type: 'RLMT_NOFILE', soft: 10n, hard: 20n } as const;
  t.deepEqual(rlimits({ rlimit_info: { rlimits: [bound, { type: 'RLMT_CORE' }] } }), [
    { type: 'RLIMIT_NOFILE', soft: 10, hard: 20 },
    { type: 'RLIMIT_CORE', soft: 0xffff_ffff_ffff_f800, hard: 0xffff_ffff_ffff_f800 },
  ]);
  for (const odd of [
    { type: 'RLMT_NOFILE', soft: 30n, hard: 20n },
    { type: 'RLMT_NOFILE', soft: 30n },
    {},
  ] as const) {
    t.throws(() => rlimits({ rlimit_info: { rlimits: [odd] } }), { instanceOf: ContainerError });
  }
});

test('a user is who the image means, else who the machine means, and nobody else', (t) => {
  const own = {
    passwd: 'root:x:0:0::/root:/bin/sh\nami:x:77:78::/home/ami:/bin/sh\nodd:x:-1:0::/:\n',
    group: 'club:x:90:ami,root\nami:x:78:ami\n',
  };
  const machine = { passwd: 'ami:x:1:1::/:\neve:x:5:6::/eve:\n', group: 'staff:x:50:eve\n' };
  const cases: readonly (readonly [string, number, number, readonly number[], string?])[] = [
    ['ami', 77, 78, [90], '/home/ami'],
    ['77', 77, 78, [90], '/home/ami'],
    ['ami:club', 77, 90, [78], '/home/ami'],
    ['ami:7', 77, 7, [90, 78], '/home/ami'],
    ['eve', 5, 6, [], '/eve'],
    ['1234', 1234, 0, []],
    ['1234:staff', 1234, 50, []],
    ['0', 0, 0, [90], '/root'],
  ];
  for (const [name, uid, gid, groups, home] of cases) {
    t.deepEqual(findUser(name, own, machine), { uid, gid, groups, home }, name);
  }
  for (const name of ['nobody', '', 'odd', 'ami:nobody', '-1']) {
    t.throws(() => findUser(name, own, machine), { instanceOf: ContainerError }, name);
  }
});
