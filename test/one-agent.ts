/** One master and one agent as processes, each of which can die alone, and what they tell of volumes. */
import { rm } from 'node:fs/promises';
import type { ExecutionContext } from 'ava';
import { type Program, startProgram } from '#internal/runtime/real/program.ts';
import { systemRandom } from '#internal/runtime/real/random.ts';
import { findFreePort } from '#internal/testing/free-port.ts';
import { temporaryFolder, until } from './cluster.ts';

const host = '127.0.0.1';
const patienceMs = 60_000;

export type ShownVolume = {
  readonly state: string;
  readonly agent_id: string;
  readonly origin: string;
  readonly epoch: number;
  readonly role: string;
  readonly id: string;
  readonly cluster_id?: string;
};

type ShownAgent = {
  readonly id: string;
  readonly active: boolean;
  readonly reregistered_time?: number;
};

export class OneAgent {
  readonly folder: string;
  readonly #ports: readonly number[];
  #master: Program | undefined;
  #agent: Program | undefined;

  constructor(folder: string, ports: readonly number[]) {
    this.folder = folder;
    this.#ports = ports;
  }

  get master(): string {
    return `${host}:${this.#ports[0]}`;
  }

  startMaster(...more: readonly string[]): void {
    const [http, grpc, peer] = this.#ports;
    this.#master = this.#start(
      'master',
      `--work-dir=${this.folder}/master`,
      '--node-id=1',
      `--ip=${host}`,
      `--hostname=${host}`,
      `--port=${http}`,
      `--grpc-port=${grpc}`,
      `--peer-port=${peer}`,
      `--peers=1=${host}:${peer}`,
      ...more,
    );
  }

  startAgent(...more: readonly string[]): void {
    const [, grpc, , own] = this.#ports;
    this.#agent = this.#start(
      'agent',
      `--work-dir=${this.folder}/agent`,
      `--masters=${host}:${grpc}`,
      `--ip=${host}`,
      `--port=${own}`,
      ...more,
    );
  }

  async killAgent(): Promise<void> {
    this.#agent?.signal('SIGKILL');
    await this.#agent?.ended;
  }

  async killMaster(): Promise<void> {
    this.#master?.signal('SIGKILL');
    await this.#master?.ended;
  }

  /** Not the containers, and not the volumes. */
  async forgetAgent(): Promise<void> {
    for (const name of ['checkpoint', 'journal']) {
      await rm(`${this.folder}/agent/meta/${name}`, { recursive: true, force: true });
    }
  }

  async volumes(): Promise<readonly ShownVolume[]> {
    try {
      const reply = await fetch(`http://${this.master}/volumes`);
      return reply.status === 200 ? JSON.parse(await reply.text()).volumes : [];
    } catch {
      return [];
    }
  }

  /** Once there is one that is so. */
  async shown(isMeant: (one: ShownVolume) => boolean, what: string): Promise<ShownVolume> {
    let found: ShownVolume | undefined;
    let last: readonly ShownVolume[] = [];
    await until(
      async () => {
        last = await this.volumes();
        return (found = last.find(isMeant)) !== undefined;
      },
      patienceMs,
      () => `${what}: ${JSON.stringify(last)}`,
    );
    if (found === undefined) throw new Error(what);
    return found;
  }

  async call(body: object): Promise<number> {
    try {
      const headers = { 'content-type': 'application/json' };
      const asked = { method: 'POST', headers, body: JSON.stringify(body) };
      return (await fetch(`http://${this.master}/api/v1`, asked)).status;
    } catch {
      return 0;
    }
  }

  async agentId(): Promise<string | undefined> {
    return (await this.#agents())[0]?.id;
  }

  /** Registered again, after a restart or a break of its link. */
  async isBack(): Promise<boolean> {
    const [agent] = await this.#agents();
    return agent?.active === true && agent.reregistered_time !== undefined;
  }

  async #agents(): Promise<readonly ShownAgent[]> {
    try {
      const reply = await fetch(`http://${this.master}/slaves`);
      return reply.status === 200 ? (JSON.parse(await reply.text()).slaves ?? []) : [];
    } catch {
      return [];
    }
  }

  #start(...args: readonly string[]): Program {
    return startProgram({ command: process.execPath, args: ['cmd/altiplano.js', ...args] });
  }
}

/** Ends with the test. */
export async function openOneAgent(t: ExecutionContext): Promise<OneAgent> {
  const folder = await temporaryFolder(t);
  const ports: number[] = [];
  for (let n = 0; n < 4; n++) ports.push(await findFreePort(host, systemRandom()));
  const rig = new OneAgent(folder, ports);
  t.teardown(async () => {
    await rig.killAgent();
    await rig.killMaster();
  });
  return rig;
}
