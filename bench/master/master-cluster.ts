/** Three real masters on this machine, each a process with a folder of its own. */
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { type Program, startProgram } from '#internal/runtime/real/program.ts';
import { systemRandom } from '#internal/runtime/real/random.ts';
import { findFreePort } from '#internal/testing/free-port.ts';
import { mastersPriority, withPriority } from './priority.ts';

const host = '127.0.0.1';
const altiplano = join(import.meta.dirname, '../../cmd/altiplano.js');
const leaderWithinMs = 60_000;

/** As in production. */
export const electionMs = 1000;

export type MasterAddress = {
  readonly httpPort: number;
  readonly grpcPort: number;
  readonly peerPort: number;
};

export class MasterCluster implements AsyncDisposable {
  readonly #folder: string;
  readonly #addresses: readonly MasterAddress[];
  readonly #flags: readonly string[];
  readonly #programs: (Program | undefined)[] = [];

  constructor(folder: string, addresses: readonly MasterAddress[], flags: readonly string[]) {
    this.#folder = folder;
    this.#addresses = addresses;
    this.#flags = flags;
  }

  /** `host:port`, where schedulers and operators call. */
  get http(): readonly string[] {
    return this.#addresses.map(({ httpPort }) => `${host}:${httpPort}`);
  }

  /** `host:port`, where agents dial. */
  get grpc(): readonly string[] {
    return this.#addresses.map(({ grpcPort }) => `${host}:${grpcPort}`);
  }

  startAll(): void {
    for (const master of this.#addresses.keys()) this.start(master);
  }

  start(master: number): void {
    const own = this.#addresses[master];
    if (own === undefined) throw new Error(`there is no master ${master}`);
    const peers = this.#addresses.map(({ peerPort }, at) => `${at + 1}=${host}:${peerPort}`);
    const folder = `${this.#folder}/master-${master + 1}`;
    const program = {
      command: process.execPath,
      args: [
        ...profiling(),
        altiplano,
        'master',
        `--work-dir=${folder}`,
        `--ip=${host}`,
        `--hostname=${host}`,
        `--port=${own.httpPort}`,
        `--grpc-port=${own.grpcPort}`,
        `--peer-port=${own.peerPort}`,
        `--node-id=${master + 1}`,
        `--peers=${peers.join(',')}`,
        `--election-timeout=${electionMs}ms`,
        '--log-level=warn',
        '--end-with-input',
        ...this.#flags,
      ],
    };
    this.#programs[master] = startProgram({
      ...withPriority(mastersPriority)(program),
      // Warnings and worse: whoever runs the benchmark is to see them.
      onLine: (_, line) => console.error(`master-${master + 1}: ${line}`),
    });
  }

  pid(master: number): number {
    const pid = this.#programs[master]?.pid;
    if (pid === undefined) throw new Error(`master ${master} does not run`);
    return pid;
  }

  /** Resolves when the process is gone. */
  async end(master: number, signal: NodeJS.Signals): Promise<void> {
    const program = this.#programs[master];
    this.#programs[master] = undefined;
    program?.signal(signal);
    await program?.ended;
  }

  /** Which one leads, by its own word. */
  async leader(): Promise<number> {
    const deadline = performance.now() + leaderWithinMs;
    while (performance.now() < deadline) {
      for (const [master, address] of this.http.entries()) {
        if (this.#programs[master] !== undefined && (await leads(address))) return master;
      }
      await pause(50);
    }
    throw new Error('no master leads');
  }

  /** What a master says of itself. It takes the master a while when much is going on. */
  async metrics(master: number): Promise<ReadonlyMap<string, number>> {
    const reply = await fetch(`http://${this.http[master]}/metrics/snapshot`);
    const found: unknown = await reply.json();
    return new Map(Object.entries(found ?? {}).map(([name, value]) => [name, Number(value)]));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const signal = process.env['MASTER_PROFILE'] === undefined ? 'SIGKILL' : 'SIGTERM';
    await Promise.all([...this.#programs.keys()].map((master) => this.end(master, signal)));
  }
}

/** None of them runs yet. */
export async function newMasterCluster(
  folder: string,
  flags: readonly string[] = [],
): Promise<MasterCluster> {
  const addresses: MasterAddress[] = [];
  for (let master = 0; master < 3; master++) {
    const httpPort = await findFreePort(host, systemRandom());
    const grpcPort = await findFreePort(host, systemRandom());
    addresses.push({ httpPort, grpcPort, peerPort: await findFreePort(host, systemRandom()) });
  }
  return new MasterCluster(folder, addresses, flags);
}

/** A follower sends the caller to the leader, and one that has yet to apply its log says 503. */
async function leads(address: string): Promise<boolean> {
  try {
    const reply = await fetch(`http://${address}/weights`, { redirect: 'manual' });
    await reply.arrayBuffer();
    return reply.status === 200;
  } catch {
    return false;
  }
}

/** `MASTER_PROFILE=FOLDER` leaves a profile there of each thread of each master that is not killed. */
function profiling(): readonly string[] {
  const folder = process.env['MASTER_PROFILE'];
  return folder === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${folder}`];
}
