/**
 * Root filesystems as an engine makes them: layers over layers, each what its step changed. They lie
 * over the machine's own root, of which only what a slim Debian holds is left to be seen, with the
 * project's Node in the place of the base image's.
 *
 * All mounts belong to the mount namespace that `.ci/image` made: they end with it, whatever happens.
 */
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { assert } from '#internal/base/assert.ts';

/** Folders, the uppermost first: each holds what its layer changed, the lowest all the rest. */
export type Layers = readonly string[];

export type Rootfs = {
  /** Where it is mounted. */
  readonly path: string;
  /** Itself first, as the layers of what is built on it. */
  readonly layers: Layers;
};

const topFolders: ReadonlySet<string> = new Set(
  'bin boot dev etc lib lib32 lib64 libx32 proc root sbin sys usr var'.split(' '),
);
const emptyFolders = ['home', 'media', 'mnt', 'opt', 'run', 'srv', 'tmp', 'usr/local'];
const binFolders = ['usr/bin', 'usr/sbin'];
const devices = ['null', 'zero', 'full', 'random', 'urandom', 'tty'];
/** Whatever npm reads of the machine's own settings. */
const npmSettings = 'usr/local/etc/npmrc';

/** Runs a command of the machine to its end; throws with its words when it fails. */
export function command(name: string, args: readonly string[]): string {
  return execFileSync(name, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
}

/** Mounts a fresh layer on top of these, with the few devices that every container has. */
export function openRootfs(folder: string, below: Layers): Rootfs {
  const root = mountLayer(folder, below);
  const dev = join(root.path, 'dev');
  command('mount', ['-t', 'tmpfs', '-o', 'mode=755,size=64m', 'tmpfs', dev]);
  for (const name of devices) command('cp', ['-a', `/dev/${name}`, join(dev, name)]);
  mkdirSync(join(dev, 'shm'), { mode: 0o1777 });
  return root;
}

function mountLayer(folder: string, below: Layers): Rootfs {
  const [upper, scratch, path] = ['upper', 'scratch', 'root'].map((name) => join(folder, name));
  assert(upper !== undefined && scratch !== undefined && path !== undefined, 'three folders');
  for (const one of [upper, scratch, path]) mkdirSync(one, { recursive: true });
  const layers = `lowerdir=${below.join(':')},upperdir=${upper},workdir=${scratch}`;
  command('mount', ['-t', 'overlay', 'overlay', '-o', layers, path]);
  return { path, layers: [upper, ...below] };
}

/** Unmounts it; its layers stay for those that are built on it. */
export function closeRootfs({ path }: Rootfs): void {
  command('umount', ['--recursive', path]);
}

/** The layer that stands for `FROM node:…-slim`: a bare Debian, Node, npm and the user `node`. */
export function makeBase(folder: string): Layers {
  const upper = join(folder, 'upper');
  mkdirSync(upper, { recursive: true });
  const strangers = readdirSync('/').filter((name) => !topFolders.has(name));
  mkdirSync(join(upper, 'usr'));
  // A whiteout hides what is below; a folder made over it is empty.
  for (const name of new Set([...strangers, ...emptyFolders])) {
    if (existsSync(`/${name}`)) command('mknod', [join(upper, name), 'c', '0', '0']);
  }
  const root = mountLayer(folder, ['/']);
  for (const name of emptyFolders) mkdirSync(join(root.path, name));
  chmodSync(join(root.path, 'tmp'), 0o1777);
  hideCommands(root.path);
  installNode(root.path);
  addNodeUser(root.path);
  // As a mount: its own layers lie below the machine's root, which no two layers of one mount may.
  return [root.path];
}

/** Hides each command that no package of a bare Debian brings, so that no build leans on one. */
function hideCommands(root: string): void {
  const packages = command('dpkg-query', ['-W', '-f', '${Package}\t${Essential}\t${Priority}\n'])
    .split('\n')
    .filter((line) => /\tyes\t|\trequired$|^apt\t/.test(line))
    .map((line) => line.split('\t')[0] ?? '');
  const kept = new Set(
    command('dpkg', ['-L', ...packages])
      .split('\n')
      .map((path) => path.replace(/^\/(s?bin)\//, '/usr/$1/')),
  );
  assert(kept.has('/usr/bin/env') && kept.has('/usr/bin/dash'), 'a Debian has env and a shell');
  for (const folder of binFolders) {
    for (const name of readdirSync(join(root, folder))) {
      const path = `/${folder}/${name}`;
      const isLink = lstatSync(path).isSymbolicLink();
      const target = isLink && existsSync(path) ? realpathSync(path) : path;
      if (!kept.has(path) && !kept.has(target)) unlinkSync(join(root, path));
    }
  }
}

function installNode(root: string): void {
  const local = join(root, 'usr/local');
  for (const name of ['bin', 'sbin', 'etc', 'lib/node_modules']) {
    mkdirSync(join(local, name), { recursive: true });
  }
  cpSync(process.execPath, join(local, 'bin/node'));
  const npm = dirname(dirname(realpathSync(command('which', ['npm']).trim())));
  cpSync(npm, join(local, 'lib/node_modules/npm'), { recursive: true, verbatimSymlinks: true });
  for (const name of ['npm', 'npx']) {
    symlinkSync(`../lib/node_modules/npm/bin/${name}-cli.js`, join(local, 'bin', name));
  }
  const settings = command('npm', ['config', 'get', 'globalconfig']).trim();
  if (existsSync(settings)) cpSync(settings, join(root, npmSettings));
}

/** As in the official image: user and group 1000, with a home. */
function addNodeUser(root: string): void {
  const rows: Readonly<Record<string, string>> = {
    passwd: 'node:x:1000:1000::/home/node:/bin/bash',
    group: 'node:x:1000:',
  };
  for (const [name, row] of Object.entries(rows)) {
    const path = join(root, 'etc', name);
    const others = readFileSync(path, 'utf8')
      .split('\n')
      .filter((line) => line !== '' && !isOfPerson(line));
    writeFileSync(path, `${[...others, row].join('\n')}\n`);
  }
  mkdirSync(join(root, 'home/node'));
  command('chown', ['1000:1000', join(root, 'home/node')]);
}

/** Debian numbers people from 1000; 65534 is nobody. */
function isOfPerson(line: string): boolean {
  const id = Number(line.split(':')[2]);
  return id >= 1000 && id < 65_534;
}
