/**
 * Processes by `node:child_process` and Linux's /proc. Reading /proc is synchronous on purpose: it is
 * memory of the kernel, and what is read must still be so when it is acted on.
 */
import { spawn } from 'node:child_process';
import { readFileSync, readdirSync, statSync } from 'node:fs';
import { access, constants, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import process from 'node:process';
import { assert } from '#internal/base/assert.ts';
import {
  type ProcessIdentity,
  type Processes,
  ProcessesError,
  type Program,
  type StartedProcess,
  type User,
  isSameProcess,
} from '../processes.ts';

/** Throws `ProcessesError` where there is no /proc to know processes by. */
export function systemProcesses(): Processes {
  const bootId = readBootId();
  const find = (pid: number): ProcessIdentity | undefined => {
    const stat = readStat(pid);
    return stat && { pid, startTicks: stat.startTicks, bootId };
  };
  const uid = process.getuid?.() ?? -1;
  return {
    start: async (program) => await start(program, find),
    find,
    signalGroup: (leader, signal, owner) => {
      if (leader.bootId !== bootId) return;
      const now = find(leader.pid);
      if (now !== undefined && !isSameProcess(now, leader)) return;
      if (now !== undefined && isOwnedBy(owner, leader.pid)) {
        // Between its fork and its setsid a leader has no group yet.
        if (!kill(-leader.pid, signal)) kill(leader.pid, signal);
      }
      // Without its leader a session lives on, and keeps the pid from being used again.
      if (signal === 'KILL') killSession(leader.pid, owner);
    },
    bootId,
    self: { name: String(uid), uid, gid: process.getgid?.() ?? -1 },
    user: findUser,
    which,
  };
}

async function start(
  program: Program,
  find: (pid: number) => ProcessIdentity | undefined,
): Promise<StartedProcess> {
  const child = spawn(program.path, program.arguments, {
    cwd: program.folder,
    env: program.environment,
    stdio: 'ignore',
    detached: true,
    ...(program.user === undefined ? {} : { uid: program.user.uid, gid: program.user.gid }),
  });
  // It lives on when we go, and we do not stay for it.
  child.unref();
  const failed = new Promise<ProcessesError>((resolve) => {
    child.on('error', (cause: NodeJS.ErrnoException) => {
      const message = `Cannot start ${program.path}: ${cause.message}`;
      resolve(new ProcessesError(cause.code ?? 'EIO', message, { cause }));
    });
  });
  if (child.pid === undefined) throw await failed;
  const ended = new Promise<void>((resolve) => {
    child.once('exit', () => resolve());
  });
  // Nobody else collects it and we do so in a later turn: even if it has ended, /proc knows it.
  const stat = readStat(child.pid, { alsoEnded: true });
  assert(stat !== undefined, `Process ${child.pid} is gone before it was collected`);
  const identity = find(child.pid);
  return {
    identity: identity ?? { pid: child.pid, startTicks: stat.startTicks, bootId: readBootId() },
    ended,
  };
}

type Stat = { readonly session: number; readonly startTicks: number };

/** Of `/proc/<pid>/stat`; the second field is a name in parentheses, which may contain anything. */
function readStat(
  pid: number,
  { alsoEnded = false }: { readonly alsoEnded?: boolean } = {},
): Stat | undefined {
  let text: string;
  try {
    text = readFileSync(`/proc/${pid}/stat`, 'latin1');
  } catch {
    return undefined;
  }
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  const [state, , , session] = fields;
  if ((state === 'Z' || state === 'X') && !alsoEnded) return undefined;
  // Fields 6 and 22 of proc(5), counted from the third.
  return { session: Number(session), startTicks: Number(fields[19]) };
}

function killSession(session: number, owner: number | undefined): void {
  for (const entry of readdirSync('/proc')) {
    const pid = Number(entry);
    if (!Number.isSafeInteger(pid) || readStat(pid)?.session !== session) continue;
    if (isOwnedBy(owner, pid)) kill(pid, 'KILL');
  }
}

function isOwnedBy(owner: number | undefined, pid: number): boolean {
  return owner === undefined || statSync(`/proc/${pid}`, { throwIfNoEntry: false })?.uid === owner;
}

/** False when nobody is there to hear it, or nobody who may be told. */
function kill(pid: number, signal: 'TERM' | 'KILL'): boolean {
  try {
    return process.kill(pid, `SIG${signal}`);
  } catch {
    return false;
  }
}

async function findUser(name: string): Promise<User | undefined> {
  const text = await readFile('/etc/passwd', 'utf8');
  for (const line of text.split('\n')) {
    const [entry, , uid, gid] = line.split(':');
    if (entry === name) return { name, uid: Number(uid), gid: Number(gid) };
  }
  return undefined;
}

async function which(name: string): Promise<string | undefined> {
  for (const folder of (process.env['PATH'] ?? '').split(':')) {
    const path = join(folder, name);
    try {
      await access(path, constants.X_OK);
      return path;
    } catch {
      continue;
    }
  }
  return undefined;
}

function readBootId(): string {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  } catch (cause) {
    const message = 'Agents need Linux with /proc, to know their processes again';
    throw new ProcessesError('ENOSYS', message, { cause });
  }
}
