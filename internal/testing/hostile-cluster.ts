/**
 * Everything at once, from one seed: crashes with power cuts, lost and late messages, partitions,
 * hand-overs, members that come and go, snapshots all the time; and clients that ask until they know.
 * Nothing acknowledged is lost, nothing is applied twice or in two ways, and when it is over, all agree.
 */
import type { Random } from '#internal/base/random.ts';
import { simulatedClock } from '#internal/runtime/simulated/clock.ts';
import { CALM } from '#internal/runtime/simulated/network.ts';
import { handOver } from '#raft/node/hand-over.ts';
import type { Proposal } from '#raft/node/replicated-log.ts';
import { Session } from '#raft/node/session.ts';
import { defaultSnapshotOptions } from '#raft/node/snapshot-desk.ts';
import { idOf, type Program, TestCluster } from './raft-cluster.ts';

const snapshots = {
  ...defaultSnapshotOptions,
  everyBytes: 3000,
  tailBytes: 500,
  askTimeoutMs: 500,
  stallMsMax: 5000,
};
const hostileMs = 40_000;

export type HostileRun = {
  readonly faults: readonly unknown[];
  /** All that is in the agreed state, in its order. */
  readonly words: readonly string[];
  readonly acknowledged: readonly string[];
  /** What happened, by name. */
  readonly met: Readonly<
    Record<'crashes' | 'changes' | 'handOvers' | 'retired' | 'restored', number>
  >;
};

/** Rejects when the cluster does not come to an agreement after the faults have ended. */
export async function runHostileCluster(seed: number): Promise<HostileRun> {
  const cluster = await TestCluster.start(seed, [1, 2, 3], { snapshots, hasSessions: true });
  const nemesis = new Nemesis(cluster);
  const clients = [1, 2, 3].map((name) => new Client(cluster, `c${name}`));
  for (const client of clients) void client.run();
  await nemesis.run();
  for (const client of clients) client.end();
  await nemesis.heal();
  await cluster.until(() => clients.every(({ isDone }) => isDone));
  const { voters } = (await cluster.leader()).node.status().conf;
  const text = await cluster.readText();
  await cluster.untilAll(text, voters);
  const restored = [...cluster.programs.values()].reduce((sum, p) => sum + p.words.restored, 0);
  return {
    faults: [...cluster.faults],
    words: text.split(';').slice(0, -1),
    acknowledged: clients.flatMap((client) => client.acknowledged),
    met: { ...nemesis.met, restored },
  };
}

/** Writes one word after the other in a session of its own. */
class Client {
  readonly acknowledged: string[] = [];
  isDone = false;
  readonly #cluster: TestCluster;
  readonly #name: string;
  readonly #random: Random;
  #isOver = false;

  constructor(cluster: TestCluster, name: string) {
    this.#cluster = cluster;
    this.#name = name;
    this.#random = cluster.world.random(name);
  }

  async run(): Promise<void> {
    const { world } = this.#cluster;
    const clock = simulatedClock({ world, life: world.boot(this.#name) });
    const session = new Session(
      { clock, random: this.#random, ask: (entry) => this.#ask(entry) },
      { attemptsMax: 1000, pauseMs: 50 },
    );
    await session.open();
    for (let count = 1; !this.#isOver; count++) {
      const word = `${this.#name}-${count}-${'z'.repeat(this.#random.below(60))}`;
      const proposal = await session.propose(new TextEncoder().encode(`${word};`));
      if (proposal.kind === 'applied') this.acknowledged.push(word);
      await clock.sleep(this.#random.below(100));
    }
    this.isDone = true;
  }

  end(): void {
    this.#isOver = true;
  }

  /** Of whoever claims to lead; the answer may be lost on its way. */
  async #ask(entry: Uint8Array): Promise<Proposal> {
    const nodes = [...this.#cluster.programs.values()].map(({ node }) => node);
    const leaders = nodes.filter((node) => node.standing().kind === 'leader');
    const leader = leaders[this.#random.below(Math.max(1, leaders.length))];
    if (leader === undefined) return { kind: 'refused', reason: 'not-leader' };
    const abort = new AbortController();
    this.#cluster.world.schedule(2000, 'patience', () => abort.abort());
    const proposal = await leader.propose(entry, { signal: abort.signal });
    return this.#random.oneIn(10) ? { kind: 'refused', reason: 'unknown' } : proposal;
  }
}

class Nemesis {
  readonly met = { crashes: 0, changes: 0, handOvers: 0, retired: 0 };
  readonly #cluster: TestCluster;
  readonly #random: Random;
  /** All that were ever started and may still be of use. */
  readonly #ids = new Set([1, 2, 3]);
  #newest = 3;
  readonly #changing: Promise<void>[] = [];

  constructor(cluster: TestCluster) {
    this.#cluster = cluster;
    this.#random = cluster.world.random('nemesis');
  }

  async run(): Promise<void> {
    const { world } = this.#cluster;
    const until = world.nowMs + hostileMs;
    while (world.nowMs < until) {
      await this.#strike(this.#random.below(9));
      await world.runFor(this.#random.below(1200));
      for (const id of this.#ids) {
        if (!this.#isUp(id) && this.#random.oneIn(2)) await this.#boot(id);
      }
    }
  }

  async heal(): Promise<void> {
    const { network } = this.#cluster;
    network.heal();
    network.setFaults(CALM);
    for (const id of this.#ids) if (!this.#isUp(id)) await this.#boot(id);
    await this.#cluster.settle(Promise.all(this.#changing));
  }

  async #strike(kind: number): Promise<void> {
    const { network, programs } = this.#cluster;
    const names = [...this.#ids].map((id) => `n${id}`);
    switch (kind) {
      case 0:
      case 1: {
        const ids = [...programs.keys()];
        const victim = ids[this.#random.below(Math.max(1, ids.length))];
        if (victim === undefined) return;
        this.met.crashes++;
        this.#cluster.crash(Number(victim));
        return;
      }
      case 2:
        network.heal();
        if (this.#random.oneIn(2)) return;
        network.partition([
          names.filter((_, place) => place % 2 === 0),
          names.filter((_, place) => place % 2 === 1),
        ]);
        return;
      case 3:
        network.setFaults({
          ...CALM,
          loss: this.#random.below(15) / 100,
          repeat: this.#random.below(15) / 100,
          delayMsMax: 1 + this.#random.below(60),
        });
        return;
      case 4:
        for (const { node } of programs.values()) {
          if (node.standing().kind !== 'leader') continue;
          this.met.handOvers++;
          void handOver(node);
        }
        return;
      default:
        await this.#change();
    }
  }

  /** Asks a leader for other members, and does not wait for what comes of it. */
  async #change(): Promise<void> {
    const leader = [...this.#cluster.programs.values()].find(({ node }) => node.standing().ready);
    if (leader === undefined) return;
    if (this.#newest < 9 && this.#random.oneIn(2)) {
      await this.#boot(++this.#newest);
      this.#ids.add(this.#newest);
    }
    const candidates = [...this.#ids].filter((id) => !leader.book.isRetired(idOf(id)));
    while (candidates.length > 5 || (candidates.length > 3 && this.#random.oneIn(2))) {
      candidates.splice(this.#random.below(candidates.length), 1);
    }
    if (candidates.length < 3) return;
    const outcome = leader.membership.change({ voters: candidates.map(idOf) });
    this.#changing.push(this.#count(outcome, leader));
  }

  async #count(
    changing: Promise<{ readonly kind: string }>,
    { book, life }: Program,
  ): Promise<void> {
    // What a leader that died has begun is never answered.
    const { promise: died, resolve } = Promise.withResolvers<{ readonly kind: string }>();
    life.onEnd(() => resolve({ kind: 'died' }));
    if ((await Promise.race([changing, died])).kind !== 'done') return;
    this.met.changes++;
    if ([...this.#ids].some((id) => book.isRetired(idOf(id)))) this.met.retired++;
  }

  #isUp(id: number): boolean {
    return this.#cluster.programs.has(idOf(id));
  }

  async #boot(id: number): Promise<void> {
    await this.#cluster.boot(id, id <= 3 ? [1, 2, 3] : []);
  }
}
