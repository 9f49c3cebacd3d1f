/** Masters that know one credential, agents on addresses of their own, and service frameworks, each killed by itself. */
import { rm, writeFile } from 'node:fs/promises';
import { type Program, startProgram } from '#internal/runtime/real/program.ts';
import { systemRandom } from '#internal/runtime/real/random.ts';
import { findFreePort } from '#internal/testing/free-port.ts';
import { altiplano, type Outcome, until } from './cluster.ts';

const host = '127.0.0.1';
const launcher = 'cmd/altiplano.js';
export const withinMs = 60_000;

/** How a service fares, as `altiplano service status --json` tells it. */
export type Service = {
  readonly name: string;
  readonly ready: number;
  readonly updated: number;
  readonly revision: number;
  readonly isSettled: boolean;
  readonly instances: readonly {
    readonly index: number;
    readonly state: string;
    readonly host?: string;
    readonly task?: string;
  }[];
};

export class ServiceCluster implements AsyncDisposable {
  readonly #folder: string;
  readonly #programs = new Map<string, Program>();
  readonly #arguments = new Map<string, readonly string[]>();
  readonly #lines: string[] = [];
  readonly #masters: string[] = [];
  readonly #grpc: string[] = [];

  static async open(
    folder: string,
    agents: readonly (readonly string[])[],
  ): Promise<ServiceCluster> {
    const cluster = new ServiceCluster(folder);
    await cluster.#startMasters();
    for (const [n, flags] of agents.entries()) await cluster.#startAgent(n + 1, flags);
    return cluster;
  }

  private constructor(folder: string) {
    this.#folder = folder;
  }

  async addFramework(name: string): Promise<void> {
    const flags = [this.mastersFlag, this.#credentialFlag, '--lease=3secs', '--end-with-input'];
    this.start(name, ['service-framework', ...flags]);
    await this.says(/leading|standing by/);
  }

  start(name: string, argv: readonly string[] = this.#arguments.get(name) ?? []): void {
    this.#arguments.set(name, argv);
    const program = startProgram({
      command: process.execPath,
      args: [launcher, ...argv],
      onLine: (_, line) => {
        this.#lines.push(`${name}: ${line}`);
        if (this.#lines.length > 5000) this.#lines.splice(0, 1000);
      },
    });
    this.#programs.set(name, program);
  }

  async kill(name: string): Promise<void> {
    const program = this.#programs.get(name);
    this.#programs.delete(name);
    program?.signal('SIGKILL');
    await program?.ended;
  }

  /** Its checkpoint, and with it who it was: not its containers, and not its volumes. */
  async forgetAgent(name: string): Promise<void> {
    for (const part of ['checkpoint', 'journal']) {
      await rm(`${this.#folder}/${name}/meta/${part}`, { recursive: true, force: true });
    }
  }

  /** All that a master ever wrote. */
  async forgetMaster(name: string): Promise<void> {
    await rm(`${this.#folder}/${name}`, { recursive: true, force: true });
  }

  /** The one orphan that there will be. */
  async adoptOrphan(): Promise<void> {
    let last: unknown;
    const isAdopted = async (): Promise<boolean> => {
      const orphans = (await this.#volumes()).filter(({ state }) => state === 'orphan');
      last = orphans;
      const [orphan] = orphans;
      if (orphan === undefined || orphans.length > 1) return false;
      const { origin } = orphan;
      const outcome = await altiplano(['volume', 'adopt', origin, '--yes', this.mastersFlag]);
      last = outcome;
      return outcome.status === 0;
    };
    await until(isAdopted, 2 * withinMs, () => `${JSON.stringify(last)}\n${this.tail()}`);
  }

  get mastersFlag(): string {
    return `--masters=${this.#masters.join(',')}`;
  }

  /** `master-N`, of whichever leads. */
  async leadingMaster(): Promise<string> {
    let found: number | undefined;
    const look = async (): Promise<boolean> => {
      for (const [n, address] of this.#masters.entries()) {
        const reply = await fetch(`http://${address}/slaves`, { redirect: 'manual' }).catch(
          () => undefined,
        );
        if (reply?.status === 200) found = n + 1;
      }
      return found !== undefined;
    };
    await until(look, withinMs, () => this.tail());
    return `master-${found}`;
  }

  /** `altiplano service …` to its end; it has to succeed. */
  async service(...argv: readonly string[]): Promise<Outcome> {
    const outcome = await altiplano(['service', ...argv, this.mastersFlag, this.#credentialFlag]);
    if (outcome.status === 0) return outcome;
    throw new Error(`service ${argv.join(' ')}: ${JSON.stringify(outcome)}\n${this.tail()}`);
  }

  /** The same, tried until it succeeds: nobody may lead yet. */
  async insistOn(...argv: readonly string[]): Promise<void> {
    let last = '';
    const isDone = async (): Promise<boolean> => {
      try {
        await this.service(...argv);
        return true;
      } catch (error) {
        last = String(error);
        return false;
      }
    };
    await until(isDone, 2 * withinMs, () => last);
  }

  async status(name: string): Promise<Service> {
    return JSON.parse((await this.service('status', name, '--json')).stdout);
  }

  /** Asks until it is so. */
  async sees(name: string, isSo: (service: Service) => boolean): Promise<Service> {
    let seen: Service | undefined;
    const look = async (): Promise<boolean> => {
      seen = await this.status(name);
      return isSo(seen);
    };
    await until(look, 2 * withinMs, () => `${JSON.stringify(seen)}\n${this.tail()}`);
    if (seen === undefined) throw new Error('nobody was asked');
    return seen;
  }

  /** Since the beginning, of any process. */
  async says(words: RegExp): Promise<void> {
    const isSaid = (): boolean => this.#lines.some((line) => words.test(line));
    await until(isSaid, withinMs, () => this.tail());
  }

  /** The service framework that said last that it leads. */
  leadingFramework(): string {
    const said = this.#lines.findLast((line) => line.includes('"message":"leading"')) ?? '';
    return said.split(':')[0] ?? '';
  }

  tail(): string {
    return this.#lines.slice(-40).join('\n');
  }

  /** Agents first, which end their tasks. */
  async [Symbol.asyncDispose](): Promise<void> {
    const named = [...this.#programs];
    const agents = named.filter(([name]) => name.startsWith('agent'));
    for (const [, program] of agents) program.signal('SIGTERM');
    const isOver = Promise.all(agents.map(async ([, program]) => await program.ended));
    await Promise.race([isOver, new Promise((resolve) => setTimeout(resolve, 20_000))]);
    for (const [, program] of named) program.signal('SIGKILL');
    await Promise.all(named.map(async ([, program]) => await program.ended));
  }

  /** What the leading master tells of them; none when there is none. */
  async #volumes(): Promise<readonly { readonly state: string; readonly origin: string }[]> {
    for (const address of this.#masters) {
      const asked = fetch(`http://${address}/volumes`, { redirect: 'manual' });
      const reply = await asked.catch(() => undefined);
      if (reply?.status === 200) return JSON.parse(await reply.text()).volumes;
    }
    return [];
  }

  get #credentialFlag(): string {
    return `--credential=${this.#folder}/credential`;
  }

  async #startMasters(): Promise<void> {
    await writeFile(`${this.#folder}/credential`, 'services secret\n', { mode: 0o600 });
    const ids = [1, 2, 3];
    const ports = await Promise.all(
      ids.map(async () => [await free(), await free(), await free()]),
    );
    const peers = ids.map((id) => `${id}=${host}:${ports[id - 1]?.[2]}`).join(',');
    for (const id of ids) {
      const [http, grpc, peer] = ports[id - 1] ?? [];
      this.#masters.push(`${host}:${http}`);
      this.#grpc.push(`${host}:${grpc}`);
      this.start(`master-${id}`, [
        'master',
        `--work-dir=${this.#folder}/master-${id}`,
        `--node-id=${id}`,
        `--ip=${host}`,
        `--hostname=${host}`,
        `--port=${http}`,
        `--grpc-port=${grpc}`,
        `--peer-port=${peer}`,
        `--peers=${peers}`,
        '--authenticate-http-frameworks',
        `--credentials=${this.#folder}/credential`,
        '--end-with-input',
      ]);
    }
    await this.leadingMaster();
  }

  async #startAgent(n: number, flags: readonly string[]): Promise<void> {
    this.start(`agent-${n}`, [
      'agent',
      `--work-dir=${this.#folder}/agent-${n}`,
      `--port=${await free()}`,
      `--masters=${this.#grpc.join(',')}`,
      '--kill-tasks-on-stop',
      '--end-with-input',
      ...flags,
    ]);
  }
}

export const free = async (): Promise<number> => await findFreePort(host, systemRandom());

export const onHost = (ip: string): readonly string[] => [`--ip=${ip}`, `--hostname=${ip}`];
