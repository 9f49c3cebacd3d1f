/**
 * The processes of a development cluster: starts them, waits until they are of use, starts again what
 * dies, and ends them in order. A process that keeps dying ends the whole cluster with its last words.
 */
import type { Clock } from '#internal/runtime/clock.ts';
import { HttpError, type HttpClient, type HttpListener } from '#internal/runtime/http.ts';
import { type Program, type ProgramEnd, startProgram } from '#internal/runtime/real/program.ts';
import type { DevAddresses } from './addresses.ts';
import { unfreePorts } from './free-ports.ts';

type Dependencies = {
  readonly clock: Clock;
  readonly http: HttpClient;
  readonly listener: HttpListener;
  say(line: string): void;
  complain(line: string): void;
};

type Options = { readonly workDir: string; readonly addresses: DevAddresses };

/** One process's part: how to start it, and how it fared. */
type Seat = {
  readonly name: string;
  readonly args: readonly string[];
  program: Program | undefined;
  startedMs: number;
  /** Deaths in a row soon after the start. */
  earlyDeaths: number;
  lastWords: string;
};

const host = '127.0.0.1';
const restartPauseMs = 1000;
const earlyMs = 5000;
const earlyDeathsMax = 3;
const stopPatienceMs = 15_000;
const readyPollMs = 50;
/** What a killed cluster may take to end its tasks and its processes. */
const portPatienceMs = 5000;

export class DevCluster {
  readonly #with: Dependencies;
  readonly #options: Options;
  readonly #masters: readonly Seat[];
  readonly #agents: readonly Seat[];
  readonly #ending = new AbortController();
  #failed = false;
  #isReady = false;

  constructor(dependencies: Dependencies, options: Options) {
    this.#with = dependencies;
    this.#options = options;
    this.#masters = options.addresses.masters.map((_, n) => this.#masterSeat(n));
    this.#agents = options.addresses.agents.map((_, n) => this.#agentSeat(n));
  }

  /** Begins the orderly end; `run` resolves when it is done. */
  stop(): void {
    this.#ending.abort();
  }

  /** Ends all programs at once; tasks may stay until the next start finds them. */
  kill(): void {
    for (const seat of [...this.#agents, ...this.#masters]) seat.program?.signal('SIGKILL');
  }

  /** Runs until `stop`, or until the cluster cannot be kept up. Resolves with the exit status. */
  async run(): Promise<number> {
    const unfree = await this.#unfreePorts();
    for (const problem of unfree) this.#with.complain(problem);
    if (unfree.length > 0) return 1;
    const lives = [...this.#masters, ...this.#agents].map((seat) => this.#keepAlive(seat));
    await this.#becomeReady();
    await aborted(this.#ending.signal);
    if (!this.#failed) this.#with.say('stopping');
    await this.#end(this.#agents);
    await this.#end(this.#masters);
    await Promise.all(lives);
    if (!this.#failed) this.#with.say('stopped');
    return this.#failed ? 1 : 0;
  }

  async #unfreePorts(): Promise<readonly string[]> {
    const { masters, agents } = this.#options.addresses;
    const ports = masters.flatMap(Object.values<number>);
    return await unfreePorts(this.#with, {
      host,
      ports: [...ports, ...agents.map(({ httpPort }) => httpPort)].toSorted((a, b) => a - b),
      patienceMs: portPatienceMs,
      signal: this.#ending.signal,
    });
  }

  #masterSeat(n: number): Seat {
    const { workDir, addresses } = this.#options;
    const peers = addresses.masters.map(({ peerPort }, m) => `${m + 1}=${host}:${peerPort}`);
    const own = addresses.masters[n];
    return newSeat(`master-${n + 1}`, [
      'master',
      `--work-dir=${workDir}/master-${n + 1}`,
      `--ip=${host}`,
      `--hostname=${host}`,
      `--port=${own?.httpPort}`,
      `--grpc-port=${own?.grpcPort}`,
      `--peer-port=${own?.peerPort}`,
      `--node-id=${n + 1}`,
      `--peers=${peers.join(',')}`,
      '--end-with-input',
    ]);
  }

  #agentSeat(n: number): Seat {
    const { workDir, addresses } = this.#options;
    const masters = addresses.masters.map(({ grpcPort }) => `${host}:${grpcPort}`);
    return newSeat(`agent-${n + 1}`, [
      'agent',
      `--work-dir=${workDir}/agent-${n + 1}`,
      `--ip=${host}`,
      `--hostname=${host}`,
      `--port=${addresses.agents[n]?.httpPort}`,
      `--masters=${masters.join(',')}`,
      '--kill-tasks-on-stop',
      '--end-with-input',
    ]);
  }

  async #keepAlive(seat: Seat): Promise<void> {
    const { signal } = this.#ending;
    while (!signal.aborted) {
      const end = await this.#live(seat);
      if (signal.aborted) return;
      const livedMs = this.#with.clock.monotonic() - seat.startedMs;
      seat.earlyDeaths = livedMs < earlyMs ? seat.earlyDeaths + 1 : 1;
      const hopeless = !this.#isReady && end.status !== null && end.status !== 0;
      if (hopeless || seat.earlyDeaths > earlyDeathsMax) return this.#giveUp(seat, end);
      this.#with.complain(`${seat.name} ended (${endText(end)}), starting it again`);
      await this.#with.clock.sleep(restartPauseMs, { signal }).catch(() => {});
    }
  }

  async #live(seat: Seat): Promise<ProgramEnd> {
    seat.startedMs = this.#with.clock.monotonic();
    seat.program = startProgram({
      command: process.execPath,
      args: [launcher, ...seat.args],
      logFile: `${this.#options.workDir}/logs/${seat.name}.log`,
      onLine: (_, line) => {
        if (!line.startsWith('{')) seat.lastWords = line;
      },
    });
    if (this.#isReady) this.#with.say(`${seat.name}  started again  pid ${seat.program.pid}`);
    return await seat.program.ended;
  }

  #giveUp(seat: Seat, end: ProgramEnd): void {
    if (this.#failed) return;
    this.#failed = true;
    const words = seat.lastWords === '' ? '' : `: ${seat.lastWords}`;
    this.#with.complain(`${seat.name} ended (${endText(end)})${words}`);
    this.#with.complain(`see ${this.#options.workDir}/logs/${seat.name}.log`);
    this.#ending.abort();
  }

  async #becomeReady(): Promise<void> {
    const { signal } = this.#ending;
    while (!signal.aborted && !(await this.#agentsAreIn())) {
      await this.#with.clock.sleep(readyPollMs, { signal }).catch(() => {});
    }
    if (signal.aborted) return;
    this.#isReady = true;
    const { masters, agents } = this.#options.addresses;
    for (const [n, { httpPort, grpcPort, peerPort }] of masters.entries()) {
      const pid = this.#masters[n]?.program?.pid;
      const ports = `grpc ${grpcPort}  peers ${peerPort}`;
      this.#with.say(`master-${n + 1}  http://${host}:${httpPort}  ${ports}  pid ${pid}`);
    }
    for (const [n, { httpPort }] of agents.entries()) {
      const pid = this.#agents[n]?.program?.pid;
      this.#with.say(`agent-${n + 1}   http://${host}:${httpPort}  pid ${pid}`);
    }
    this.#with.say(`state and logs under ${this.#options.workDir}`);
    this.#with.say('ready');
  }

  /** Whether some master leads and all agents are registered with it. */
  async #agentsAreIn(): Promise<boolean> {
    const counts = this.#options.addresses.masters.map(async ({ httpPort }) => {
      try {
        const url = `http://${host}:${httpPort}/slaves`;
        const reply = await this.#with.http.call({
          method: 'GET',
          url,
          signal: this.#ending.signal,
        });
        let body = '';
        const text = new TextDecoder();
        for await (const chunk of reply.body) body += text.decode(chunk, { stream: true });
        return reply.status === 200 ? body.split('"active":true').length - 1 : -1;
      } catch (error) {
        if (error instanceof HttpError) return -1;
        throw error;
      }
    });
    return Math.max(...(await Promise.all(counts))) >= this.#agents.length;
  }

  async #end(seats: readonly Seat[]): Promise<void> {
    const patience = this.#with.clock.after(stopPatienceMs, () => {
      for (const seat of seats) seat.program?.signal('SIGKILL');
    });
    for (const seat of seats) seat.program?.signal('SIGTERM');
    await Promise.all(seats.map(async (seat) => await seat.program?.ended));
    patience.cancel();
  }
}

/** The command that started us, from sources or from a package. */
const launcher = process.argv[1] ?? '';

const newSeat = (name: string, args: readonly string[]): Seat => ({
  name,
  args,
  program: undefined,
  startedMs: 0,
  earlyDeaths: 0,
  lastWords: '',
});

const endText = ({ status, signal }: ProgramEnd): string => signal ?? `status ${status}`;

async function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
}
