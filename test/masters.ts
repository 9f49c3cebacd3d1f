/** Real masters, each started and killed by itself, and one agent of theirs. */
import { type Program, startProgram } from '#internal/runtime/real/program.ts';
import { systemRandom } from '#internal/runtime/real/random.ts';
import { findFreePort } from '#internal/testing/free-port.ts';
import { altiplano, type Outcome, until } from './cluster.ts';

const host = '127.0.0.1';
const withinMs = 60_000;
const launcher = 'cmd/altiplano.js';

type Ports = { readonly http: number; readonly grpc: number; readonly peer: number };

const free = async (): Promise<number> => await findFreePort(host, systemRandom());

export class Masters implements AsyncDisposable {
  readonly #folder: string;
  /** By node id. */
  readonly #ports: ReadonlyMap<number, Ports>;
  readonly #programs = new Map<number, Program>();
  readonly #agent: Program;
  readonly #lines = new Map<number, string[]>();

  /** `agent`: flags of its own. */
  static async open(
    folder: string,
    count: number,
    agent: readonly string[] = [],
  ): Promise<Masters> {
    const ports = new Map<number, Ports>();
    for (let id = 1; id <= count; id++) {
      ports.set(id, { http: await free(), grpc: await free(), peer: await free() });
    }
    return new Masters(folder, ports, [`--port=${await free()}`, ...agent]);
  }

  private constructor(folder: string, ports: ReadonlyMap<number, Ports>, agent: readonly string[]) {
    this.#folder = folder;
    this.#ports = ports;
    this.#agent = this.#program([
      'agent',
      `--work-dir=${folder}/agent`,
      `--masters=${[...ports.keys()].map((id) => this.#grpcOf(id)).join(',')}`,
      ...agent,
    ]);
  }

  start(id: number, peers: readonly number[], ...more: readonly string[]): void {
    const { http, grpc, peer: own } = this.#portsOf(id);
    const lines: string[] = [];
    this.#lines.set(id, lines);
    const argv = [
      'master',
      `--work-dir=${this.folderOf(id)}`,
      `--node-id=${id}`,
      `--port=${http}`,
      `--grpc-port=${grpc}`,
      `--peer-port=${own}`,
      this.peersFlag(peers),
      ...more,
    ];
    this.#programs.set(id, this.#program(argv, lines));
  }

  async kill(id: number): Promise<void> {
    const program = this.#programs.get(id);
    this.#programs.delete(id);
    program?.signal('SIGKILL');
    await program?.ended;
  }

  folderOf(id: number): string {
    return `${this.#folder}/${id}`;
  }

  /** By any master that runs: none of them has to lead. */
  async ask([verb = '', ...flags]: readonly string[]): Promise<Outcome> {
    return await altiplano(['operator', 'raft', verb, this.mastersFlag(), ...flags]);
  }

  /** `altiplano operator snapshot VERB FILE`, of masters that run. */
  async snapshot([verb, file]: readonly [verb: string, file: string]): Promise<Outcome> {
    return await altiplano(['operator', 'snapshot', verb, file, this.mastersFlag()]);
  }

  /** Makes the folder of a master, which does not run, from a file. */
  async restore(
    id: number,
    peers: readonly number[],
    [file, cluster]: readonly [file: string, cluster: string],
  ): Promise<Outcome> {
    const flags = [`--work-dir=${this.folderOf(id)}`, `--node-id=${id}`, this.peersFlag(peers)];
    return await altiplano(['operator', 'snapshot', 'restore', file, ...flags, cluster]);
  }

  /** Where operators reach those that run. */
  mastersFlag(): string {
    return `--masters=${[...this.#programs.keys()].map((id) => this.#peerOf(id)).join(',')}`;
  }

  peersFlag(peers: readonly number[]): string {
    return `--peers=${peers.map((peer) => `${peer}=${this.#peerOf(peer)}`).join(',')}`;
  }

  /** `host:port` of the HTTP of all of them. */
  get addresses(): readonly string[] {
    return [...this.#ports.values()].map(({ http }) => `${host}:${http}`);
  }

  /** One call of the operator API, of whichever leads. Waits for one that does. */
  async call(body: Readonly<Record<string, unknown>>): Promise<string> {
    let found: string | undefined;
    let seen = '';
    const isAnswered = async (): Promise<boolean> => {
      for (const address of this.addresses) {
        const reply = await fetch(`http://${address}/api/v1`, {
          method: 'POST',
          redirect: 'manual',
          headers: { 'content-type': 'application/json', accept: 'application/json' },
          body: JSON.stringify(body),
        }).catch(() => undefined);
        const text = await reply?.text();
        seen = `${reply?.status ?? 'nobody'}: ${text ?? ''}`;
        if (reply?.ok === true) found = text;
        if (reply?.status === 400) throw new Error(seen);
        if (found !== undefined) return true;
      }
      return false;
    };
    await until(isAnswered, withinMs, () => seen);
    return found ?? '';
  }

  /** Asks for the change until it is made: newcomers have to be heard of first. */
  async changed(argv: readonly string[], members: readonly number[]): Promise<void> {
    let outcome: Outcome | undefined;
    const isOver = async (): Promise<boolean> => {
      outcome = await this.ask(argv);
      return outcome.status === 0;
    };
    await until(isOver, withinMs, () => JSON.stringify(outcome));
    const expected = `the members are ${members.join(', ')}\n`;
    if (outcome?.stdout !== expected) throw new Error(JSON.stringify(outcome));
  }

  async members(): Promise<readonly number[]> {
    const { stdout } = await this.#listed();
    return [...stdout.matchAll(/^\*? +(\d+) +voter/gm)].map(([, id]) => Number(id));
  }

  async leader(): Promise<number> {
    const { stdout } = await this.#listed();
    return Number(/node (\d+) leads$/m.exec(stdout)?.[1]);
  }

  /** As the leader knows it: an agent keeps its id only where it is remembered. */
  async agentId(): Promise<string> {
    let found: string | undefined;
    const look = async (): Promise<boolean> => {
      for (const id of this.#programs.keys()) {
        const url = `http://${host}:${this.#portsOf(id).http}/slaves`;
        const reply = await fetch(url, { redirect: 'manual' }).catch(() => undefined);
        const text = reply?.status === 200 ? await reply.text() : '';
        if (text.includes('"active":true')) found = /"id":"([^"]+)"/.exec(text)?.[1];
      }
      return found !== undefined;
    };
    await until(look, withinMs, () => 'no leader knows the agent');
    return found ?? '';
  }

  async says(id: number, words: RegExp): Promise<void> {
    const lines = this.#lines.get(id) ?? [];
    const isSaid = (): boolean => lines.some((line) => words.test(line));
    await until(isSaid, withinMs, () => lines.join('\n'));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const programs = [this.#agent, ...this.#programs.values()];
    for (const program of programs) program.signal('SIGKILL');
    await Promise.all(programs.map(({ ended }) => ended));
  }

  /** By the leader itself. */
  async #listed(): Promise<Outcome> {
    let outcome: Outcome | undefined;
    const isTold = async (): Promise<boolean> => {
      outcome = await this.ask(['list']);
      return /node \d+ leads$/m.test(outcome.stdout);
    };
    await until(isTold, withinMs, () => JSON.stringify(outcome));
    if (outcome === undefined) throw new Error('nobody was asked');
    return outcome;
  }

  #program(argv: readonly string[], lines: string[] = []): Program {
    return startProgram({
      command: process.execPath,
      args: [launcher, ...argv, `--ip=${host}`, `--hostname=${host}`, '--end-with-input'],
      onLine: (_, line) => void lines.push(line),
    });
  }

  #peerOf(id: number): string {
    return `${host}:${this.#portsOf(id).peer}`;
  }

  #grpcOf(id: number): string {
    return `${host}:${this.#portsOf(id).grpc}`;
  }

  #portsOf(id: number): Ports {
    const ports = this.#ports.get(id);
    if (ports === undefined) throw new Error(`no ports are kept for master ${id}`);
    return ports;
  }
}
