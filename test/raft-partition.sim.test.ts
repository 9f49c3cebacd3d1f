/**
 * Three real processes in three network namespaces, cut off from each other in every pattern: as long
 * as two of them reach each other both ways, there is a leader within two election time-outs, and what
 * it answers outlives the partition.
 */
import { setTimeout as pause } from 'node:timers/promises';
import test from 'ava';
import { type Program, startProgram } from '#internal/runtime/real/program.ts';
import { openTempFolder } from '#internal/testing/temp-folder.ts';
import { type Command, kvNodeCommand } from '../bench/raft/clusters.ts';
import type { KvPeer } from '../bench/raft/kv-node-options.ts';
import { Network } from './raft/network.ts';
import { withPriority } from './raft/priority.ts';
import type { Verdict } from './raft/writers.ts';

const nodes = [0, 1, 2];
/** Where the clients are; never cut off. */
const outside = 3;
const timing = { tickMs: 50, electionTicks: 10 };
const sizes = { segmentBytes: 1 << 20, threaded: true };
/** A time-out is drawn from one to two times this. */
const electionMs = timing.tickMs * timing.electionTicks;
const withinMs = 2 * 2 * electionMs;

type Cut = readonly [from: number, to: number];
type Pattern = {
  readonly name: string;
  /** Whether somebody else has to lead. */
  readonly deposes?: true;
  /** `leader` and the two others, in any order. */
  readonly cuts: (leader: number, one: number, other: number) => readonly Cut[];
};

const bothWays = (one: number, other: number): readonly Cut[] => [
  [one, other],
  [other, one],
];

const patterns: readonly Pattern[] = [
  {
    name: 'the leader is alone',
    deposes: true,
    cuts: (l, a, b) => [...bothWays(l, a), ...bothWays(l, b)],
  },
  { name: 'a follower is alone', cuts: (l, a, b) => [...bothWays(a, l), ...bothWays(a, b)] },
  {
    name: 'the leader hears nobody',
    deposes: true,
    cuts: (l, a, b) => [
      [a, l],
      [b, l],
    ],
  },
  {
    name: 'nobody hears the leader',
    deposes: true,
    cuts: (l, a, b) => [
      [l, a],
      [l, b],
    ],
  },
  {
    name: 'a follower hears nobody',
    cuts: (l, a, b) => [
      [l, a],
      [b, a],
    ],
  },
  {
    name: 'nobody hears a follower',
    cuts: (l, a, b) => [
      [a, l],
      [a, b],
    ],
  },
  { name: 'a bridge: the leader and a follower part', cuts: (l, a) => bothWays(l, a) },
  { name: 'a bridge: the followers part', cuts: (_, a, b) => bothWays(a, b) },
  { name: 'a follower does not hear the leader', cuts: (l, a) => [[l, a]] },
  { name: 'the leader does not hear a follower', cuts: (l, a) => [[a, l]] },
  { name: 'one follower does not hear the other', cuts: (_, a, b) => [[a, b]] },
];

const obstacle = Network.obstacle();
const partition = obstacle === undefined ? test.serial : test.serial.skip;

partition('two of three that reach each other have a leader within two time-outs', async (t) => {
  await using folder = await openTempFolder();
  await using network = await Network.open(4);
  await using cluster = new Placed(network, folder.path);
  await cluster.start();
  for (const { name, deposes, cuts } of patterns) {
    const leader = await cluster.settled();
    const [one = 0, other = 0] = nodes.filter((node) => node !== leader);
    const cutMs = performance.now();
    for (const [from, to] of cuts(leader, one, other)) network.cut(from, to);
    const { gapMs, leaders } = await cluster.watch(cutMs, withinMs + electionMs);
    t.log(`${name}: ${Math.round(gapMs)} ms without an answer, ${leaders} new leaders`);
    t.true(gapMs <= withinMs, `${name}: ${gapMs} ms without an answer`);
    if (deposes === true) t.true(leaders > 0, `${name}: the cut did nothing`);
    network.heal();
  }
  await cluster.settled();
  const verdict = await cluster.verdict();
  t.log(`${verdict.acknowledged} answers, ${verdict.doubts} doubts, ${verdict.unknown} unknown`);
  t.true(verdict.acknowledged > 1000);
  t.deepEqual([verdict.lost, verdict.doubled, verdict.disputed], [[], [], []]);
});

class Placed implements AsyncDisposable {
  readonly #network: Network;
  readonly #peers: readonly KvPeer[];
  readonly #folder: string;
  readonly #programs: Program[] = [];
  #writers: Program | undefined;
  /** When the number of answers was seen to grow. */
  readonly #answersMs: number[] = [];
  /** Who said that it leads, and is ready; and when. */
  readonly #led: { readonly node: number; readonly atMs: number }[] = [];
  #verdict: Verdict | undefined;

  constructor(network: Network, folder: string) {
    this.#network = network;
    this.#folder = folder;
    this.#peers = nodes.map((node) => ({
      id: node + 1,
      host: network.ip(node),
      port: 7001,
      kvPort: 7002,
    }));
  }

  async start(): Promise<void> {
    for (const [node, { id }] of this.#peers.entries()) {
      const own = { id, clusterId: 'kv', peers: this.#peers, ...sizes, ...timing };
      const command = kvNodeCommand({ ...own, folder: `${this.#folder}/${id}` });
      const onLine = (_: string, line: string): void => this.#onStanding(node, line);
      this.#programs.push(startProgram({ ...this.#at(node, command), onLine }));
    }
    const addresses = this.#peers.map(({ host, kvPort }) => `${host}:${kvPort}`).join(',');
    const args = [`${import.meta.dirname}/raft/writers-main.ts`, addresses];
    this.#writers = startProgram({
      ...this.#at(outside, { command: process.execPath, args }),
      onLine: (_, line) => this.#onWriters(line),
    });
    await this.settled();
  }

  /** The node that leads when there were answers for longer than an election takes. */
  async settled(): Promise<number> {
    for (let calm = 0; calm < 2 * electionMs;) {
      const [from, leader] = [performance.now(), this.#led.at(-1)?.node];
      await this.#nextAnswer(from);
      await pause(20);
      const isCalm = this.#led.at(-1)?.node === leader && performance.now() - from < electionMs;
      calm = isCalm ? calm + performance.now() - from : 0;
    }
    const leader = this.#led.at(-1);
    if (leader === undefined) throw new Error('somebody answers, but nobody leads');
    return leader.node;
  }

  /** The longest time without an answer in `[fromMs, fromMs + forMs]`, and how often it was led anew. */
  async watch(
    fromMs: number,
    forMs: number,
  ): Promise<{ readonly gapMs: number; readonly leaders: number }> {
    await pause(forMs);
    const within = this.#answersMs.filter((atMs) => atMs >= fromMs);
    const moments = [fromMs, ...within, performance.now()];
    const gaps = moments.map((atMs, n) => atMs - (moments[n - 1] ?? atMs));
    const leaders = this.#led.filter(({ atMs }) => atMs >= fromMs).length;
    return { gapMs: Math.max(...gaps), leaders };
  }

  async verdict(): Promise<Verdict> {
    this.#writers?.signal('SIGTERM');
    await this.#writers?.ended;
    if (this.#verdict === undefined) throw new Error('the clients ended without a verdict');
    return this.#verdict;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const programs = [...this.#programs, this.#writers].filter((each) => each !== undefined);
    for (const program of programs) program.signal('SIGKILL');
    await Promise.all(programs.map(({ ended }) => ended));
  }

  #at(place: number, command: Command): Command {
    return withPriority(this.#network.at(place, command));
  }

  async #nextAnswer(afterMs: number): Promise<void> {
    while ((this.#answersMs.at(-1) ?? 0) < afterMs) {
      if (performance.now() > afterMs + 60_000) throw new Error('nobody answers');
      await pause(5);
    }
  }

  #onStanding(node: number, line: string): void {
    if (/"standing":\{"kind":"leader".*"ready":true/.test(line)) {
      this.#led.push({ node, atMs: performance.now() });
    }
  }

  #onWriters(line: string): void {
    if (line.startsWith('acknowledged')) this.#answersMs.push(performance.now());
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- our own program's word.
    else if (line.startsWith('{')) this.#verdict = JSON.parse(line) as Verdict;
  }
}
