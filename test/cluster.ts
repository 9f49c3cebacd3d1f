/**
 * A real cluster for tests: `altiplano dev` as a child, on ports of its own, with its state in a
 * temporary folder. Nothing here waits for a fixed time: each step awaits what it needs to see.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { ExecutionContext } from 'ava';
import { type Program, startProgram } from '#internal/runtime/real/program.ts';

export type Outcome = {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
};

const launcher = 'cmd/altiplano.js';
const readyMs = 60_000;

/** Starts a cluster that ends with the test. `firstPort` must not be used by another test file. */
export async function startCluster(
  t: ExecutionContext,
  options: { readonly firstPort: number; readonly workDir?: string },
): Promise<TestCluster> {
  const workDir = options.workDir ?? (await temporaryFolder(t));
  const cluster = new TestCluster(workDir, options.firstPort);
  t.teardown(async () => await cluster.stop());
  await cluster.start();
  return cluster;
}

export async function temporaryFolder(t: ExecutionContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'altiplano-test-'));
  t.teardown(async () => await rm(folder, { recursive: true, force: true }));
  return folder;
}

/** Runs `altiplano` with these arguments to its end. */
export async function altiplano(
  args: readonly string[],
  onLine: (line: string) => void = () => {},
): Promise<Outcome> {
  const lines: { stdout: string[]; stderr: string[] } = { stdout: [], stderr: [] };
  const program = startProgram({
    command: process.execPath,
    args: [launcher, ...args],
    onLine: (stream, line) => {
      lines[stream].push(`${line}\n`);
      if (stream === 'stdout') onLine(line);
    },
  });
  const { status } = await program.ended;
  return { status, stdout: lines.stdout.join(''), stderr: lines.stderr.join('') };
}

export class TestCluster {
  readonly workDir: string;
  /** `host:port` of the masters' HTTP. */
  readonly masters: readonly string[];
  /** The same of their gRPC. */
  readonly masterRpcs: readonly string[];
  readonly agents: readonly string[];
  readonly #firstPort: number;
  readonly #pids = new Map<string, number>();
  #lines: string[] = [];
  #program: Program | undefined;

  constructor(workDir: string, firstPort: number) {
    this.workDir = workDir;
    this.#firstPort = firstPort;
    this.masters = [0, 2, 4].map((offset) => `127.0.0.1:${firstPort + offset}`);
    this.masterRpcs = [10, 12, 14].map((offset) => `127.0.0.1:${firstPort + offset}`);
    this.agents = [1, 3].map((offset) => `127.0.0.1:${firstPort + offset}`);
  }

  async start(): Promise<void> {
    this.#lines = [];
    this.#program = startProgram({
      command: process.execPath,
      args: [launcher, 'dev', `--work-dir=${this.workDir}`, `--first-port=${this.#firstPort}`],
      onLine: (_, line) => this.#hear(line),
    });
    await until(
      () => this.#lines.includes('ready'),
      readyMs,
      () => this.#lines.join('\n'),
    );
  }

  /** As Ctrl-C does. Resolves with the exit status when everything has ended. */
  async stop(): Promise<number | null> {
    this.#program?.signal('SIGINT');
    const end = await this.#program?.ended;
    return end?.status ?? null;
  }

  /** The process of `master-1` … or `agent-1` … as it was started last. */
  pid(name: string): number {
    const pid = this.#pids.get(name);
    if (pid === undefined) throw new Error(`no process is known as ${name}`);
    return pid;
  }

  /** All processes of the cluster, as they were started last. */
  pids(): readonly number[] {
    return [...this.#pids.values()];
  }

  /** Name and address of the master that leads now. */
  async leader(): Promise<{ readonly name: string; readonly address: string }> {
    let found: { readonly name: string; readonly address: string } | undefined;
    await until(
      async () => {
        for (const [n, address] of this.masters.entries()) {
          const status = await statusOf(`http://${address}/state`);
          if (status === 200) found = { name: `master-${n + 1}`, address };
        }
        return found !== undefined;
      },
      readyMs,
      () => 'no master leads',
    );
    if (found === undefined) throw new Error('no master leads');
    return found;
  }

  /** Ends the leading master at once, as a crash would. */
  async killLeader(): Promise<string> {
    const { name } = await this.leader();
    process.kill(this.pid(name), 'SIGKILL');
    return name;
  }

  async run(args: readonly string[], onLine?: (line: string) => void): Promise<Outcome> {
    return await altiplano(['run', `--masters=${this.masters.join(',')}`, ...args], onLine);
  }

  #hear(line: string): void {
    this.#lines.push(line);
    const [, name, pid] = /^(\S+).* pid (\d+)$/.exec(line) ?? [];
    if (name !== undefined) this.#pids.set(name, Number(pid));
  }
}

/** Polls a condition of the world outside, and fails with what was seen when it never holds. */
export async function until(
  condition: () => boolean | Promise<boolean>,
  limitMs: number,
  describe: () => string,
): Promise<void> {
  const deadline = performance.now() + limitMs;
  while (!(await condition())) {
    if (performance.now() > deadline) throw new Error(`it never happened: ${describe()}`);
    await pause(20);
  }
}

/** The status of a GET, without following redirects; 0 when nobody answers. */
export async function statusOf(url: string): Promise<number> {
  try {
    const reply = await fetch(url, { redirect: 'manual' });
    await reply.arrayBuffer();
    return reply.status;
  } catch {
    return 0;
  }
}

/** Whether the process exists. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** Ends processes that a failed test has left behind. */
export function killLeftovers(pids: Iterable<number>): void {
  for (const pid of pids) {
    if (pid > 0 && isAlive(pid)) process.kill(pid, 'SIGKILL');
  }
}
