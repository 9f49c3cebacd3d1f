/**
 * Processes by `node:child_process` and Linux's /proc. Reading /proc is synchronous on purpose: it is
 * memory of the kernel, and what is read must still be so when it is acted on.
 */
import type { Signal } from '../signal.ts';
import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync, readdirSync, statSync } from 'node:fs';
import { access, constants, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import process from 'node:process';
import { assert } from '#internal/base/assert.ts';
import {
  type Conversation,
  type ProcessIdentity,
  type ProcessUse,
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
    start: async (program) => await settle(spawnProgram(program, 'ignore'), program, find),
    converse: async (program, onLine) => await converse(program, onLine, find),
    find,
    signalGroup: (leader, signal, owner) => {
      if (leader.bootId !== bootId) return;
      const now = find(leader.pid);
      if (now !== undefined && !isSameProcess(now, leader)) return;
      if (now !== undefined) {
        if (!isOwnedBy(owner, leader.pid)) return;
        // Between its fork and its setsid a leader has no group yet.
        if (!kill(-leader.pid, signal)) kill(leader.pid, signal);
      }
      // Without its leader a session lives on, and keeps the pid from being used again.
      if (signal === 'KILL') killSession(leader.pid, owner);
    },
    killAll: (pids) => {
      for (const pid of pids) kill(pid, 'KILL');
    },
    threads: (pid) => readStat(pid)?.threads ?? 0,
    sessionUse: (leader) => (leader.bootId === bootId ? sessionUse(leader) : undefined),
    bootId,
    self: { name: String(uid), uid, gid: process.getgid?.() ?? -1 },
    user: findUser,
    which,
  };
}

function spawnProgram(program: Program, talk: 'ignore' | 'pipe'): ChildProcess {
  const child = spawn(program.path, program.arguments, {
    cwd: program.folder,
    env: program.environment,
    stdio: [talk, talk, 'ignore'],
    detached: true,
    ...(program.user === undefined ? {} : { uid: program.user.uid, gid: program.user.gid }),
  });
  // It lives on when we go, and we do not stay for it.
  child.unref();
  return child;
}

async function settle(
  child: ChildProcess,
  { path }: Program,
  find: (pid: number) => ProcessIdentity | undefined,
): Promise<StartedProcess> {
  const failed = new Promise<ProcessesError>((resolve) => {
    child.on('error', (cause: NodeJS.ErrnoException) => {
      const message = `Cannot start ${path}: ${cause.message}`;
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

/** A program that prints more than this without an end of a line is not one of ours. */
const lineCharsMax = 1 << 16;

async function converse(
  program: Program,
  onLine: (line: string) => void,
  find: (pid: number) => ProcessIdentity | undefined,
): Promise<Conversation> {
  const child = spawnProgram(program, 'pipe');
  const { stdin, stdout } = child;
  assert(stdin !== null && stdout !== null, 'A conversation has two sides');
  for (const stream of [stdin, stdout]) {
    // What its end means, the end of the process says.
    stream.on('error', () => {});
    // Pipes are sockets to Node; their types do not say so.
    if ('unref' in stream && typeof stream.unref === 'function') stream.unref();
  }
  let rest = '';
  stdout.setEncoding('latin1');
  stdout.on('data', (text: string) => {
    const lines = (rest + text).split('\n');
    rest = lines.pop() ?? '';
    if (rest.length > lineCharsMax) stdout.destroy();
    for (const line of lines) onLine(line);
  });
  const started = await settle(child, program, find);
  // All that it said is heard before its end is told.
  const silent = new Promise<void>((resolve) => {
    stdout.once('close', () => resolve());
  });
  const ended = started.ended.then(async () => await silent);
  return {
    identity: started.identity,
    ended,
    send: (text) => void stdin.write(text),
    close: () => void stdin.end(),
  };
}

type Stat = ProcessUse & { readonly session: number; readonly startTicks: number };

/** As Linux counts for everybody, whatever its own clock is (`sysconf(_SC_CLK_TCK)`). */
const ticksPerSecond = 100;
const pageBytes = 4096;

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
  // Numbered as in proc(5), which begins with 1.
  const fields = ['', '', '', ...text.slice(text.lastIndexOf(')') + 2).split(' ')];
  const state = fields[3];
  if ((state === 'Z' || state === 'X') && !alsoEnded) return undefined;
  const number = (field: number): number => Number(fields[field]);
  return {
    session: number(6),
    userSeconds: (number(14) + number(16)) / ticksPerSecond,
    systemSeconds: (number(15) + number(17)) / ticksPerSecond,
    processes: 1,
    threads: number(20),
    startTicks: number(22),
    residentBytes: number(24) * pageBytes,
  };
}

function sessionUse(leader: ProcessIdentity): ProcessUse | undefined {
  const now = readStat(leader.pid);
  // A session keeps its leader's pid from being used again.
  if (now !== undefined && now.startTicks !== leader.startTicks) return undefined;
  const stats = membersOf(leader.pid).map(([, stat]) => stat);
  if (stats.length === 0) return undefined;
  const sum = (field: keyof ProcessUse): number =>
    stats.reduce((total, stat) => total + stat[field], 0);
  return {
    processes: sum('processes'),
    threads: sum('threads'),
    userSeconds: sum('userSeconds'),
    systemSeconds: sum('systemSeconds'),
    residentBytes: sum('residentBytes'),
  };
}

function killSession(session: number, owner: number | undefined): void {
  for (const [pid] of membersOf(session)) if (isOwnedBy(owner, pid)) kill(pid, 'KILL');
}

function isOwnedBy(owner: number | undefined, pid: number): boolean {
  return owner === undefined || statSync(`/proc/${pid}`, { throwIfNoEntry: false })?.uid === owner;
}

function membersOf(session: number): readonly (readonly [pid: number, stat: Stat])[] {
  return readdirSync('/proc')
    .map(Number)
    .filter(Number.isSafeInteger)
    .map((pid) => [pid, readStat(pid)] as const)
    .filter((one): one is readonly [number, Stat] => one[1]?.session === session);
}

/** False when nobody is there to hear it, or nobody who may be told. */
function kill(pid: number, signal: Signal): boolean {
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
