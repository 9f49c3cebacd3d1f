/**
 * How each thing that a run leaves in the machine is removed. Fine when it is not there (any more);
 * throws when it is and stays.
 */
import {
  existsSync,
  readFileSync,
  readdirSync,
  readlinkSync,
  rmdirSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { assert, unreachable } from '#internal/base/assert.ts';
import { isSameProcess, type ProcessIdentity } from '#internal/runtime/processes.ts';
import { systemProcesses } from '#internal/runtime/real/processes.ts';
import { command } from './command.ts';

export type Undo =
  /** A network namespace with all processes in it, whatever state they are in, and all their rules. */
  | { readonly kind: 'namespace'; readonly name: string }
  | { readonly kind: 'process'; readonly process: ProcessIdentity }
  | { readonly kind: 'mount'; readonly path: string }
  /** Control groups of all controllers whose name begins so. */
  | { readonly kind: 'groups'; readonly prefix: string };

const controllers = '/sys/fs/cgroup';
const namespaces = '/run/netns';
const waitMsMax = 10_000;

export function undo(what: Undo): void {
  switch (what.kind) {
    case 'namespace':
      undoNamespace(what.name);
      return;
    case 'process':
      undoProcess(what.process);
      return;
    case 'mount':
      undoMount(what.path);
      return;
    case 'groups':
      for (const group of groupsOf(what.prefix)) undoGroup(group);
      return;
    default:
      unreachable(what);
  }
}

/** Processes whose network is that of the namespace: ours, since nobody else knows its name. */
export function processesIn(name: string): readonly number[] {
  const path = `${namespaces}/${name}`;
  if (!existsSync(path)) return [];
  const wanted = `net:[${statSync(path).ino}]`;
  return pids().filter((pid) => {
    try {
      return readlinkSync(`/proc/${pid}/ns/net`) === wanted;
    } catch {
      return false;
    }
  });
}

/** Control groups of ours that there are, those inside of others first. */
export function groupsOf(prefix: string): readonly string[] {
  assert(/^altiplano-.+-$/.test(prefix), `control groups that begin with "${prefix}" are not ours`);
  return foldersIn(controllers).flatMap((controller) =>
    foldersIn(controller)
      .filter((path) => path.slice(controller.length + 1).startsWith(prefix))
      .flatMap(deepestFirst),
  );
}

function undoNamespace(name: string): void {
  until(() => {
    const inside = processesIn(name).filter((pid) => pid !== process.pid);
    for (const pid of inside) kill(pid);
    return inside.length === 0;
  }, `processes in ${name}`);
  if (existsSync(`${namespaces}/${name}`)) command('ip', 'netns', 'del', name);
}

function undoProcess(known: ProcessIdentity): void {
  until(() => {
    const now = systemProcesses().find(known.pid);
    if (now === undefined || !isSameProcess(now, known)) return true;
    kill(known.pid);
    return false;
  }, `process ${known.pid}`);
}

function undoMount(path: string): void {
  const isMounted = (): boolean =>
    readFileSync('/proc/self/mounts', 'utf8').includes(` ${path.replaceAll(' ', '\\040')} `);
  until(() => {
    if (isMounted()) command('umount', '--lazy', path);
    return !isMounted();
  }, `mount ${path}`);
}

function undoGroup(path: string): void {
  until(() => {
    if (!existsSync(path)) return true;
    const state = `${path}/freezer.state`;
    if (existsSync(state)) writeFileSync(state, 'THAWED');
    for (const pid of readFileSync(`${path}/cgroup.procs`, 'utf8').split('\n')) {
      if (pid !== '') kill(Number(pid));
    }
    try {
      rmdirSync(path);
    } catch {
      return false;
    }
    return true;
  }, `control group ${path}`);
}

const pids = (): readonly number[] =>
  readdirSync('/proc').flatMap((name) => (/^\d+$/.test(name) ? [Number(name)] : []));

function foldersIn(path: string): readonly string[] {
  try {
    return readdirSync(path, { withFileTypes: true }).flatMap((entry) =>
      entry.isDirectory() ? [`${path}/${entry.name}`] : [],
    );
  } catch {
    return [];
  }
}

const deepestFirst = (path: string): readonly string[] => [
  ...foldersIn(path).flatMap(deepestFirst),
  path,
];

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It was faster.
  }
}

/** Synchronous, since whoever heals may be about to end. */
function until(isDone: () => boolean, what: string): void {
  const deadlineMs = performance.now() + waitMsMax;
  while (!isDone()) {
    if (performance.now() > deadlineMs) throw new Error(`${what} did not go away`);
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 20);
  }
}
