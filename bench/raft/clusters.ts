/**
 * Three nodes on this machine, each a process with its own folder: etcd's or ours. Both answer the
 * same calls, so whatever is done to one can be done to the other.
 */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { type Program, startProgram } from '#internal/runtime/real/program.ts';
import { systemRandom } from '#internal/runtime/real/random.ts';
import { findFreePort } from '#internal/testing/free-port.ts';
import { KvClient } from './kv-client.ts';
import { decodeStatusReply, paths, type StatusReply } from './kv-messages.ts';
import type { KvNodeOptions, KvPeer } from './kv-node-options.ts';

const host = '127.0.0.1';
const nothing = new Uint8Array(0);
const leaderWithinMs = 30_000;
const kvNode = join(import.meta.dirname, 'kv-node.ts');

export type Command = { readonly command: string; readonly args: readonly string[] };

/** Both count time alike: heartbeats every 100 ms, elections after 1 to 2 s without one. */
export const heartbeatMs = 100;
export const electionMs = 1000;

export class Cluster implements AsyncDisposable {
  readonly name: string;
  /** `host:port` of each node, where it takes calls. */
  readonly addresses: readonly string[];
  readonly #commands: readonly Command[];
  readonly #compiled: string | undefined;
  readonly #programs: (Program | undefined)[] = [];
  readonly #clients: (KvClient | undefined)[] = [];
  /** What the nodes said last, for whoever looks for a reason. */
  readonly #lines: string[] = [];

  /**
   * In the folder `compiled` our programs leave what they were compiled to when they end by themselves,
   * for those that are started later: a start takes half as long.
   */
  constructor(
    name: string,
    addresses: readonly string[],
    commands: readonly Command[],
    { compiled }: { readonly compiled?: string } = {},
  ) {
    this.name = name;
    this.addresses = addresses;
    this.#commands = commands;
    this.#compiled = compiled;
  }

  startAll(): void {
    for (const node of this.#commands.keys()) this.start(node);
  }

  start(node: number): void {
    const command = this.#commands[node];
    if (command === undefined) throw new Error(`${this.name} has no node ${node}`);
    this.#programs[node] = startProgram({
      ...command,
      env: { NODE_COMPILE_CACHE: this.#compiled },
      onLine: (_, line) => {
        this.#lines.push(`${node}: ${line}`);
        if (this.#lines.length > 100) this.#lines.shift();
      },
    });
  }

  /** What its nodes said of late, each line behind the node's index. */
  said(): readonly string[] {
    return [...this.#lines];
  }

  pid(node: number): number {
    const pid = this.#programs[node]?.pid;
    if (pid === undefined) throw new Error(`node ${node} of ${this.name} does not run`);
    return pid;
  }

  /** Resolves when the process is gone. */
  async end(node: number, signal: NodeJS.Signals): Promise<void> {
    const program = this.#programs[node];
    program?.signal(signal);
    await program?.ended;
    this.#programs[node] = undefined;
    this.#clients[node]?.[Symbol.dispose]();
    this.#clients[node] = undefined;
  }

  client(node: number): KvClient {
    const known = this.#clients[node];
    if (known?.isOpen === true) return known;
    const client = new KvClient(this.addresses[node] ?? '');
    this.#clients[node] = client;
    return client;
  }

  async status(node: number): Promise<StatusReply> {
    return decodeStatusReply(await this.client(node).call(paths.status, nothing, 1000));
  }

  /** The node that leads, by its own word; the first to say so. */
  async leader(): Promise<number> {
    const deadline = performance.now() + leaderWithinMs;
    while (performance.now() < deadline) {
      for (const node of this.addresses.keys()) {
        const status = await this.status(node).catch(() => undefined);
        if (
          status !== undefined &&
          status.leader > 0n &&
          status.leader === status.header.memberId
        ) {
          return node;
        }
      }
      await pause(20);
    }
    throw new Error(`${this.name} has no leader:\n${this.#lines.join('\n')}`);
  }

  async endAll(signal: NodeJS.Signals): Promise<void> {
    await Promise.all([...this.#programs.keys()].map((node) => this.end(node, signal)));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.endAll('SIGKILL');
  }
}

/** Takes etcd from Debian when it is not there. */
export function installEtcd(): void {
  if (spawnSync('etcd', ['--version']).status === 0) return;
  const script = 'apt-get update && apt-get install --yes --no-install-recommends etcd-server';
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  const { status, stderr } = spawnSync('sh', ['-c', script], { env, encoding: 'utf8' });
  if (status !== 0) throw new Error(`etcd-server cannot be installed:\n${stderr}`);
}

export async function etcdCluster(folder: string, run: Wrap): Promise<Cluster> {
  const nodes = [1, 2, 3].map((id) => ({ id, name: `etcd${id}`, client: 0, peer: 0 }));
  for (const node of nodes) {
    node.client = await findFreePort(host, systemRandom());
    node.peer = await findFreePort(host, systemRandom());
  }
  const members = nodes.map(({ name, peer }) => `${name}=http://${host}:${peer}`).join(',');
  const commands = nodes.map(({ name, client, peer }) =>
    run({
      // It would outlive us if we were killed.
      command: 'setpriv',
      args: [
        '--pdeathsig=KILL',
        'etcd',
        `--name=${name}`,
        `--data-dir=${folder}/${name}`,
        `--listen-client-urls=http://${host}:${client}`,
        `--advertise-client-urls=http://${host}:${client}`,
        `--listen-peer-urls=http://${host}:${peer}`,
        `--initial-advertise-peer-urls=http://${host}:${peer}`,
        `--initial-cluster=${members}`,
        `--heartbeat-interval=${heartbeatMs}`,
        `--election-timeout=${electionMs}`,
        '--log-level=error',
      ],
    }),
  );
  const addresses = nodes.map(({ client }) => `${host}:${client}`);
  return new Cluster('etcd', addresses, commands);
}

export type Wrap = (command: Command) => Command;
export type OwnOptions = Pick<
  KvNodeOptions,
  'tickMs' | 'electionTicks' | 'segmentBytes' | 'snapshots' | 'threaded'
> & {
  /** Here each process leaves profiles when it ends by itself: in the folder `nodeN`. */
  readonly profiles?: string;
};

export const productionOptions: OwnOptions = {
  tickMs: heartbeatMs,
  electionTicks: electionMs / heartbeatMs,
  segmentBytes: 64 << 20,
  // A log that is never compacted fills the memory, which no master does.
  snapshots: { everyBytes: 64 << 20, tailBytes: 16 << 20 },
};

export async function ownCluster(
  folder: string,
  run: Wrap,
  options: OwnOptions = productionOptions,
): Promise<Cluster> {
  const peers: KvPeer[] = [];
  for (const id of [1, 2, 3]) {
    const port = await findFreePort(host, systemRandom());
    peers.push({ id, host, port, kvPort: await findFreePort(host, systemRandom()) });
  }
  const { profiles, ...each } = options;
  const commands = peers.map(({ id }) => {
    const own = { ...each, id, clusterId: 'kv', folder: `${folder}/own${id}`, peers };
    const flags = ['--cpu-prof', `--cpu-prof-dir=${profiles}/node${id}`];
    return run(kvNodeCommand(own, profiles === undefined ? [] : flags));
  });
  return new Cluster(
    options.threaded === true ? 'own-threaded' : 'own',
    peers.map(({ kvPort }) => `${host}:${kvPort}`),
    commands,
    { compiled: `${folder}/compiled` },
  );
}

export const kvNodeCommand = (options: KvNodeOptions, flags: readonly string[] = []): Command => ({
  command: process.execPath,
  args: [...flags, kvNode, JSON.stringify(options)],
});
