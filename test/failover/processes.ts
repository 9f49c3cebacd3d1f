/**
 * The processes of a cluster, each of them a child of the test, which kills, ends and starts them again
 * as it likes: nobody else looks after them. Masters and agents keep their ports and their folders.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { randomFromSeed } from '#internal/base/random.ts';
import { type Program, startProgram } from '#internal/runtime/real/program.ts';
import { findFreePort } from '#internal/testing/free-port.ts';
import { until } from '../cluster.ts';

const host = '127.0.0.1';
const launcher = 'cmd/altiplano.js';
const readyMs = 60_000;

type Seat = {
  readonly name: string;
  /** HTTP, as `host:port`. */
  readonly address: string;
  readonly args: readonly string[];
  program: Program | undefined;
};

export type ClusterShape = {
  readonly folder: string;
  readonly masters: number;
  /** What each agent says that it has, as `--resources`. */
  readonly agents: readonly string[];
};

/** Starts all, and waits until a master leads whom every agent has registered with. */
export async function startProcesses(shape: ClusterShape): Promise<ClusterProcesses> {
  const random = randomFromSeed(`ports ${process.pid} ${performance.now()}`);
  const port = async (): Promise<number> => await findFreePort(host, random);
  const ports: (readonly [http: number, grpc: number, peer: number])[] = [];
  while (ports.length < shape.masters) ports.push([await port(), await port(), await port()]);
  const peers = ports.map(([, , peer], n) => `${n + 1}=${host}:${peer}`).join(',');
  const links = ports.map(([, grpc]) => `${host}:${grpc}`).join(',');
  const everyone = [`--ip=${host}`, `--hostname=${host}`, '--end-with-input', '--log-level=info'];
  const masters = ports.map(([http, grpc, peer], n) =>
    newSeat(shape.folder, `master-${n + 1}`, http, [
      'master',
      `--node-id=${n + 1}`,
      `--peers=${peers}`,
      `--grpc-port=${grpc}`,
      `--peer-port=${peer}`,
      ...everyone,
    ]),
  );
  const agents: Seat[] = [];
  for (const [n, resources] of shape.agents.entries()) {
    const args = ['agent', `--masters=${links}`, `--resources=${resources}`, ...everyone];
    agents.push(newSeat(shape.folder, `agent-${n + 1}`, await port(), args));
  }
  const cluster = new ClusterProcesses(shape.folder, masters, agents);
  try {
    await cluster.start();
  } catch (error) {
    await cluster[Symbol.asyncDispose]();
    throw error;
  }
  return cluster;
}

function newSeat(folder: string, name: string, port: number, args: readonly string[]): Seat {
  const own = [...args, `--port=${port}`, `--work-dir=${folder}/${name}`];
  return { name, address: `${host}:${port}`, args: own, program: undefined };
}

export class ClusterProcesses implements AsyncDisposable {
  readonly #folder: string;
  readonly #masters: readonly Seat[];
  readonly #agents: readonly Seat[];

  constructor(folder: string, masters: readonly Seat[], agents: readonly Seat[]) {
    this.#folder = folder;
    this.#masters = masters;
    this.#agents = agents;
  }

  /** `host:port` of the masters' HTTP. */
  get masters(): readonly string[] {
    return this.#masters.map(({ address }) => address);
  }

  async start(): Promise<void> {
    for (const seat of [...this.#masters, ...this.#agents]) this.#start(seat);
    await until(
      async () => (await this.#agentsIn()) >= this.#agents.length,
      readyMs,
      () => `agents register; see ${this.#folder}`,
    );
  }

  /** Which master leads by its own word; undefined while none says so. */
  async leader(): Promise<number | undefined> {
    const answers = await Promise.all(
      this.#masters.map(async ({ address }) => (await leaderAccordingTo(address)) === address),
    );
    const found = answers.indexOf(true);
    return found < 0 ? undefined : found;
  }

  async untilLed(): Promise<number> {
    let leader: number | undefined;
    await until(
      async () => (leader = await this.leader()) !== undefined,
      readyMs,
      () => `a master leads; see ${this.#folder}`,
    );
    if (leader === undefined) throw new Error('no master leads');
    return leader;
  }

  /** Waits until the master answers and knows who leads. */
  async untilFollowing(master: number): Promise<void> {
    const seat = this.#masterAt(master);
    await until(
      async () => (await leaderAccordingTo(seat.address)) !== undefined,
      readyMs,
      () => `${seat.name} is back; see ${this.#folder}`,
    );
  }

  /** Ends a master, and starts it again once it is gone, `afterMs` later. */
  async restartMaster(master: number, signal: NodeJS.Signals, afterMs: number): Promise<void> {
    await this.#restart(this.#masterAt(master), signal, afterMs);
  }

  /** Kills an agent, and starts it again once it is gone. Its tasks run on. */
  async restartAgent(agent: number): Promise<void> {
    await this.#restart(this.#agentAt(agent), 'SIGKILL', 0);
  }

  signalAgent(agent: number, signal: NodeJS.Signals): void {
    this.#agentAt(agent).program?.signal(signal);
  }

  async #restart(seat: Seat, signal: NodeJS.Signals, afterMs: number): Promise<void> {
    seat.program?.signal(signal);
    await seat.program?.ended;
    await pause(afterMs);
    this.#start(seat);
  }

  #agentAt(agent: number): Seat {
    const seat = this.#agents[agent];
    if (seat === undefined) throw new Error(`there is no agent ${agent}`);
    return seat;
  }

  /** Agents and their tasks first, as an operator would. */
  async [Symbol.asyncDispose](): Promise<void> {
    for (const seats of [this.#agents, this.#masters]) {
      for (const { program } of seats) program?.signal('SIGTERM');
      await Promise.all(seats.map(async ({ program }) => await endOf(program)));
    }
  }

  #masterAt(master: number): Seat {
    const seat = this.#masters[master];
    if (seat === undefined) throw new Error(`there is no master ${master}`);
    return seat;
  }

  #start(seat: Seat): void {
    seat.program = startProgram({
      command: process.execPath,
      args: [launcher, ...seat.args],
      logFile: `${this.#folder}/${seat.name}.log`,
    });
  }

  async #agentsIn(): Promise<number> {
    const leader = await this.leader();
    if (leader === undefined) return -1;
    const text = await bodyOf(`http://${this.#masterAt(leader).address}/slaves`);
    return text.split('"active":true').length - 1;
  }
}

const endMs = 10_000;

/** One that does not end by itself is ended. */
async function endOf(program: Program | undefined): Promise<void> {
  if (program === undefined) return;
  const patience = AbortSignal.timeout(endMs);
  patience.addEventListener('abort', () => program.signal('SIGKILL'));
  await program.ended;
}

/** `host:port` of the leader, or undefined when the master does not answer or knows none. */
async function leaderAccordingTo(address: string): Promise<string | undefined> {
  try {
    const signal = AbortSignal.timeout(1000);
    const reply = await fetch(`http://${address}/redirect`, { redirect: 'manual', signal });
    await reply.arrayBuffer();
    return reply.headers.get('location')?.replace(/^\/\//, '').replace(/\/$/, '');
  } catch {
    return undefined;
  }
}

async function bodyOf(url: string): Promise<string> {
  try {
    const reply = await fetch(url, { redirect: 'manual' });
    return await reply.text();
  } catch {
    return '';
  }
}
