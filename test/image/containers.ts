/**
 * Containers as an engine runs them: a root filesystem, a network, a process tree and a host name of
 * their own, the capabilities that Docker leaves, and one bridge that joins them. Names of services
 * are known to all of them.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { assert } from '#internal/base/assert.ts';
import { containerArgv, type Image, inside } from './build.ts';
import type { Service } from './compose.ts';
import { command, openRootfs } from './rootfs.ts';

export type Container = {
  readonly service: Service;
  readonly ip: string;
  readonly logFile: string;
  readonly ended: Promise<Ended>;
  /** Runs one more command inside, as `docker exec` does. */
  exec(argv: readonly string[], options: { readonly timeoutMs: number }): Promise<Ended>;
  /** Signals its first process, and no other. */
  signal(signal: NodeJS.Signals): void;
};

export type Ended = {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
};

export type Network = {
  readonly folder: string;
  /** One for each service, in the order of the file. */
  readonly ips: ReadonlyMap<string, string>;
};

const subnet = '10.213.0';
/** What Docker leaves to root in a container. */
const capabilities = (
  'chown dac_override fowner fsetid kill setgid setuid setpcap ' +
  'net_bind_service net_raw sys_chroot mknod audit_write setfcap'
).split(' ');
const bounding = `--bounding-set=-all,${capabilities.map((name) => `+${name}`).join(',')}`;
/** Waits until its network is complete, then becomes the container's first process. */
const firstProcess = [
  'printf %s "$1" >/proc/sys/kernel/hostname && mount -t proc proc "$2/proc"',
  'shift 2',
  'exec "$@"',
].join(' && ');

/** For `init: true`: a first process that hands SIGTERM on and reaps whatever loses its parent. */
const init = [
  '"$@" & child=$!',
  'trap "kill -TERM $child" TERM',
  'while :; do wait $child; status=$?; kill -0 $child 2>/dev/null || exit $status; done',
].join('\n');

/** Makes the bridge, in a network namespace of its own, which nothing outside is joined to. */
export function openNetwork(folder: string, services: readonly Service[]): Network {
  mkdirSync(folder);
  makeNamespace(join(folder, 'bridge'));
  inNetwork(folder, 'bridge', ['ip', 'link', 'add', 'bridge0', 'type', 'bridge']);
  inNetwork(folder, 'bridge', ['ip', 'addr', 'add', `${subnet}.1/16`, 'dev', 'bridge0']);
  inNetwork(folder, 'bridge', ['ip', 'link', 'set', 'bridge0', 'up']);
  const ips = new Map(services.map(({ name }, n) => [name, `${subnet}.${n + 2}`]));
  for (const [n, { name }] of services.entries()) {
    makeNamespace(join(folder, name));
    const port = ['ip', 'link', 'add', `port${n}`, 'type', 'veth', 'peer', 'name', 'eth0'];
    inNetwork(folder, 'bridge', [...port, 'netns', join(folder, name)]);
    inNetwork(folder, 'bridge', ['ip', 'link', 'set', `port${n}`, 'master', 'bridge0', 'up']);
    inNetwork(folder, name, ['ip', 'addr', 'add', `${ips.get(name)}/16`, 'dev', 'eth0']);
    for (const link of ['lo', 'eth0']) inNetwork(folder, name, ['ip', 'link', 'set', link, 'up']);
  }
  return { folder, ips };
}

/** A GET from the bridge, where the machine stands beside a Docker network; undefined: no 200. */
export async function get(network: Network, url: string): Promise<string | undefined> {
  const script =
    'const reply = await fetch(process.argv[1], { redirect: "manual" });' +
    'if (reply.status !== 200) process.exit(1);' +
    'process.stdout.write(await reply.text());';
  const node = [process.execPath, '--input-type=module', '-e', script, '--', url];
  const net = `--net=${join(network.folder, 'bridge')}`;
  const { status, stdout } = await toEnd('nsenter', [net, ...node], { timeoutMs: 5000 });
  return status === 0 ? stdout : undefined;
}

/** Starts a service's command, with a new volume that begins as the image has that folder. */
export function startContainer(
  service: Service,
  image: Image,
  { folder, network }: { readonly folder: string; readonly network: Network },
): Container {
  const own = join(folder, service.name);
  const root = openRootfs(own, image.layers).path;
  nameServices(root, service, network);
  for (const { volume, path } of service.volumes) {
    mountVolume(join(folder, 'volumes', volume), inside(root, path));
  }
  const env = { ...image.config.env, ...service.environment, HOSTNAME: service.hostname };
  const user = service.user ?? image.config.user;
  const step = { root, workdir: image.config.workdir, user, env };
  const confined = (argv: readonly string[]): readonly string[] => [
    'setpriv',
    bounding,
    'chroot',
    ...containerArgv(step, argv),
  ];
  const argv = [
    ...(service.init ? ['/bin/sh', '-c', init, 'init'] : []),
    ...image.config.entrypoint,
    ...service.command,
  ];
  const apart = 'unshare --pid --fork --kill-child --uts --ipc sh -c'.split(' ');
  const first = [firstProcess, 'sh', service.hostname, root, ...confined(argv)];
  const net = `--net=${join(network.folder, service.name)}`;
  const child = spawn('nsenter', [net, ...apart, ...first], { stdio: ['ignore', 'pipe', 'pipe'] });
  const logFile = join(own, 'log');
  const log = createWriteStream(logFile);
  child.stdout.pipe(log, { end: false });
  child.stderr.pipe(log, { end: false });
  return {
    service,
    ip: network.ips.get(service.name) ?? '',
    logFile,
    ended: endOf(child),
    exec: async (words, options) => {
      const target = [`--target=${firstPid(child)}`, '--net', '--pid', '--uts', '--ipc'];
      return await toEnd('nsenter', [...target, ...confined(words)], options);
    },
    signal: (signal) => process.kill(firstPid(child), signal),
  };
}

/** Runs to the end, or to the time limit, with everything that was said. */
async function toEnd(
  name: string,
  args: readonly string[],
  { timeoutMs }: { readonly timeoutMs: number },
): Promise<Ended> {
  const child = spawn(name, args, {
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: timeoutMs,
    killSignal: 'SIGKILL',
  });
  return await endOf(child);
}

async function endOf(child: ChildProcess): Promise<Ended> {
  const said = { stdout: '', stderr: '' };
  for (const stream of ['stdout', 'stderr'] as const) {
    child[stream]?.setEncoding('utf8').on('data', (text: string) => {
      said[stream] += text;
    });
  }
  await once(child, 'close');
  return { status: child.exitCode, ...said };
}

/** `unshare` stays outside and waits; its only child is the container's first process. */
function firstPid({ pid }: ChildProcess): number {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim();
  assert(/^\d+$/.test(children), 'the container has ended');
  return Number(children);
}

function makeNamespace(path: string): void {
  writeFileSync(path, '');
  command('unshare', [`--net=${path}`, 'true']);
}

function inNetwork(folder: string, name: string, argv: readonly string[]): void {
  command('nsenter', [`--net=${join(folder, name)}`, ...argv]);
}

function nameServices(root: string, { hostname }: Service, { ips }: Network): void {
  const rows = [...ips].map(([name, ip]) => `${ip} ${name}`);
  const files = {
    hosts: ['127.0.0.1 localhost', ...rows],
    hostname: [hostname],
    // No name server: a name that is in no file is unknown at once.
    'resolv.conf': [],
  };
  for (const [name, lines] of Object.entries(files)) {
    writeFileSync(join(root, 'etc', name), lines.map((line) => `${line}\n`).join(''));
  }
}

/** As Docker does with a new volume, it takes over owner and mode from the image. */
function mountVolume(volume: string, path: string): void {
  mkdirSync(volume, { recursive: true });
  mkdirSync(path, { recursive: true });
  const { uid, gid, mode } = statSync(path);
  command('chown', [`${uid}:${gid}`, volume]);
  command('chmod', [(mode & 0o7777).toString(8), volume]);
  command('mount', ['--bind', volume, path]);
}
