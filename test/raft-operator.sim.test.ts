/**
 * Real masters, changed while they run by the command that operators have: three become five, every one
 * of the first is replaced, and what they knew is known by those who never met them.
 */
import { rm } from 'node:fs/promises';
import test from 'ava';
import { type Program, startProgram } from '#internal/runtime/real/program.ts';
import { systemRandom } from '#internal/runtime/real/random.ts';
import { findFreePort } from '#internal/testing/free-port.ts';
import { openTempFolder } from '#internal/testing/temp-folder.ts';
import { altiplano, type Outcome, until } from './cluster.ts';

const host = '127.0.0.1';
const withinMs = 60_000;
const launcher = 'cmd/altiplano.js';

test('masters are added, replaced and removed while the cluster runs', async (t) => {
  t.timeout(4 * 60_000);
  await using folder = await openTempFolder();
  await using masters = await Masters.open(folder.path, 7);
  for (const id of [1, 2, 3]) masters.start(id, [1, 2, 3]);
  const agentId = await masters.agentId();

  const early = await masters.ask(['add', '--nodes=4']);
  t.is(early.status, 1);
  t.regex(early.stderr, /Node 4 has not called: start it with --join/);

  for (const id of [4, 5]) masters.start(id, [1, 2, 3, 4, 5], '--join');
  await masters.changed(['add', '--nodes=4,5'], [1, 2, 3, 4, 5]);

  const leader = await masters.leader();
  const heir = leader === 5 ? 4 : 5;
  t.is((await masters.ask(['transfer', `--to=${heir}`])).stdout, `node ${heir} leads\n`);

  masters.start(6, [1, 2, 3, 4, 5, 6], '--join');
  await masters.changed(['add', '--nodes=6', '--instead-of=1'], [2, 3, 4, 5, 6]);
  await masters.changed(['remove', '--nodes=2,3'], [4, 5, 6]);
  for (const id of [1, 2, 3]) await masters.kill(id);

  const used = await masters.ask(['add', '--nodes=1']);
  t.regex(used.stderr, /Node 1 was a member before/);
  const lone = await masters.ask(['remove', '--nodes=6']);
  t.regex(lone.stderr, /Of 2 voters 2 decide.*--accept-no-spare does it all the same/);
  t.is(lone.status, 1);
  t.deepEqual(await masters.members(), [4, 5, 6]);
  t.is(await masters.agentId(), agentId, 'the newcomers do not know what the first ones decided');

  for (const id of [4, 5, 6]) await masters.kill(id);
  for (const id of [4, 5, 6]) masters.start(id, [4, 5, 6]);
  t.is(await masters.agentId(), agentId, 'the kill of all lost what they knew');
  t.deepEqual(await masters.members(), [4, 5, 6]);

  // The leader is never the one that is wiped, so that somebody is there to refuse it.
  const wiped = (await masters.leader()) === 4 ? 5 : 4;
  await masters.kill(wiped);
  await rm(masters.folderOf(wiped), { recursive: true });
  masters.start(wiped, [4, 5, 6]);
  await masters.says(wiped, /Node \d was here with another disk.*an id that was never used/);
  await masters.kill(wiped);
  masters.start(7, [4, 5, 6, 7], '--join');
  const rest = [4, 5, 6, 7].filter((id) => id !== wiped);
  await masters.changed(['add', '--nodes=7', `--instead-of=${wiped}`], rest);
  t.is(await masters.agentId(), agentId);
});

type Ports = { readonly http: number; readonly grpc: number; readonly peer: number };

class Masters implements AsyncDisposable {
  readonly #folder: string;
  /** By node id. */
  readonly #ports: ReadonlyMap<number, Ports>;
  readonly #programs = new Map<number, Program>();
  readonly #agent: Program;
  readonly #lines = new Map<number, string[]>();

  static async open(folder: string, count: number): Promise<Masters> {
    const ports = new Map<number, Ports>();
    const free = async (): Promise<number> => await findFreePort(host, systemRandom());
    for (let id = 1; id <= count; id++) {
      ports.set(id, { http: await free(), grpc: await free(), peer: await free() });
    }
    return new Masters(folder, ports, await free());
  }

  private constructor(folder: string, ports: ReadonlyMap<number, Ports>, agentPort: number) {
    this.#folder = folder;
    this.#ports = ports;
    this.#agent = this.#program([
      'agent',
      `--work-dir=${folder}/agent`,
      `--port=${agentPort}`,
      `--masters=${[...ports.keys()].map((id) => this.#grpcOf(id)).join(',')}`,
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
      `--peers=${peers.map((peer) => `${peer}=${this.#peerOf(peer)}`).join(',')}`,
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
    const masters = [...this.#programs.keys()].map((id) => this.#peerOf(id)).join(',');
    return await altiplano(['operator', 'raft', verb, `--masters=${masters}`, ...flags]);
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
