/**
 * Whoever wants the cluster to fail: cuts links, crashes and freezes machines at times that its own
 * stream of luck chooses, and strikes leaders just after they were asked for something. It counts what
 * it did, and stops when told to.
 */
import type { Random } from '#internal/base/random.ts';
import type { SimulatedNetwork } from '#internal/runtime/simulated/network.ts';
import type { SimulatedWorld } from '#internal/runtime/simulated/world.ts';
import type { Call } from '#proto/gen/mesos/v1/scheduler.ts';
import type { ClusterFaults } from './cluster-faults.ts';
import { drawMs, type Recurring } from './raft-faults.ts';
import type { Victim } from './raft-nemesis.ts';

export type ClusterNemesisCounts = {
  splits: number;
  bridges: number;
  'slow-links': number;
  'one-way-cuts': number;
  'leader-crashes': number;
  'leader-crashes-after-a-call': number;
  'follower-crashes': number;
  'agent-crashes': number;
  'agent-crashes-after-an-order': number;
  'agent-power-cuts': number;
  'agents-with-amnesia': number;
  'scheduler-crashes': number;
  pauses: number;
};

type Dependencies = {
  readonly world: SimulatedWorld;
  readonly network: SimulatedNetwork;
  readonly masters: readonly Victim[];
  readonly agents: readonly ForgetfulVictim[];
  readonly schedulers: readonly Victim[];
  /** Machines that are cut off like others, and never crash. */
  readonly bystanders: readonly string[];
};

/** It can lose what it has written down, with its program and its power. */
type ForgetfulVictim = Victim & { readonly hasVolumes: boolean; forget(): void };

/** Until an order is written down, carried out and told of. */
const orderMsMax = 60;

export class ClusterNemesis {
  readonly counts: ClusterNemesisCounts = {
    splits: 0,
    bridges: 0,
    'slow-links': 0,
    'one-way-cuts': 0,
    'leader-crashes': 0,
    'leader-crashes-after-a-call': 0,
    'follower-crashes': 0,
    'agent-crashes': 0,
    'agent-crashes-after-an-order': 0,
    'agent-power-cuts': 0,
    'agents-with-amnesia': 0,
    'scheduler-crashes': 0,
    pauses: 0,
  };
  readonly #with: Dependencies;
  readonly #faults: ClusterFaults;
  readonly #random: Random;
  /** For links. */
  readonly #luckOfLinks: Random;
  /** For agents that die over an order. */
  readonly #luckOfOrders: Random;
  /** For agents that forget. */
  readonly #luckOfMemory: Random;
  #isOver = false;

  constructor(dependencies: Dependencies, faults: ClusterFaults) {
    this.#with = dependencies;
    this.#faults = faults;
    this.#random = dependencies.world.random('nemesis');
    this.#luckOfLinks = dependencies.world.random('nemesis of links');
    this.#luckOfMemory = dependencies.world.random('nemesis of memory');
    this.#luckOfOrders = dependencies.world.random('nemesis of orders');
  }

  begin(): void {
    const { network, partitions, masterCrashes, agentCrashes, schedulerCrashes, pauses } =
      this.#faults;
    const { masters, agents, schedulers } = this.#with;
    this.#with.network.setFaults(network);
    this.#recur('partition', partitions, (ms) => this.#cut(ms));
    this.#recur('slow link', this.#faults.slowLinks, (ms) => this.#slow(ms), this.#luckOfLinks);
    this.#recur('master crash', masterCrashes, (ms) => this.#crashMaster(ms));
    this.#recur('agent crash', agentCrashes, (ms) => {
      if (this.#luckOfMemory.chance(this.#faults.amnesia)) this.#wipeAgent(ms);
      else this.#crashAgent(this.#one(agents), ms);
    });
    this.#recur('scheduler crash', schedulerCrashes, (ms) => {
      this.counts['scheduler-crashes']++;
      this.#strike(this.#one(schedulers), 'process', ms);
    });
    this.#recur('pause', pauses, (ms) => {
      this.counts.pauses++;
      this.#one([...masters, ...agents]).pause(ms);
    });
  }

  /** Does nothing any more. What it broke stays broken. */
  end(): void {
    this.#isOver = true;
  }

  /** A call of a scheduler is on its way. */
  overhear({ type }: Call): void {
    if (this.#isOver || (type !== 'ACCEPT' && type !== 'KILL' && type !== 'ACKNOWLEDGE')) return;
    const { afterAccept } = this.#faults;
    if (!this.#random.chance(type === 'ACCEPT' ? afterAccept : afterAccept / 10)) return;
    const { network } = this.#faults;
    const soonMs = this.#random.below(2 * Math.ceil(network.delayMsMax) + 30);
    this.#with.world.schedule(soonMs, 'nemesis strike', () => {
      const leader = this.#with.masters.find(({ isLeader }) => isLeader);
      if (this.#isOver || leader === undefined) return;
      this.counts['leader-crashes-after-a-call']++;
      this.#strike(leader, this.#kind(), 50 + this.#random.below(3000));
    });
  }

  /** A master's order has reached an agent, which may die before it is done with it. */
  overhearOrder(agent: Victim): void {
    const random = this.#luckOfOrders;
    if (this.#isOver || !random.chance(this.#faults.afterOrder)) return;
    const soonMs = random.below(orderMsMax);
    const kind = random.oneIn(2) ? 'power' : 'process';
    const downMs = 50 + random.below(2000);
    this.#with.world.schedule(soonMs, 'nemesis strikes an agent', () => {
      if (this.#isOver) return;
      this.counts['agent-crashes-after-an-order']++;
      this.#strike(agent, kind, downMs);
    });
  }

  #recur(
    label: string,
    when: Recurring | undefined,
    strike: (ms: number) => void,
    random: Random = this.#random,
  ): void {
    if (when === undefined) return;
    this.#with.world.schedule(drawMs(random, when.every), `nemesis ${label}`, () => {
      if (this.#isOver) return;
      strike(drawMs(random, when.lasts));
      this.#recur(label, when, strike, random);
    });
  }

  #cut(durationMs: number): void {
    const { network, world } = this.#with;
    network.heal();
    const names = this.#names();
    if (this.#luckOfLinks.chance(this.#faults.bridges)) this.#leaveBridge(names);
    else if (this.#random.chance(0.6)) {
      const side = new Set(names.filter(() => this.#random.oneIn(2)));
      network.partition([[...side], names.filter((name) => !side.has(name))]);
      this.counts.splits++;
    } else {
      // Some machine hears nothing, or is not heard, or not by all.
      const one = this.#one(names);
      const isDeaf = this.#random.oneIn(2);
      for (const other of names) {
        if (this.#random.oneIn(4)) continue;
        if (isDeaf) network.cut(other, one);
        else network.cut(one, other);
      }
      this.counts['one-way-cuts']++;
    }
    world.schedule(durationMs, 'nemesis heal', () => {
      if (!this.#isOver) network.heal();
    });
  }

  /** Two sides that do not reach each other, and a master that both reach. */
  #leaveBridge(names: readonly string[]): void {
    const random = this.#luckOfLinks;
    const { masters, network } = this.#with;
    const bridge = masters[random.below(masters.length)]?.name;
    const others = names.filter((name) => name !== bridge);
    const side = new Set(others.filter(() => random.oneIn(2)));
    network.partition([[...side], others.filter((name) => !side.has(name))]);
    this.counts.bridges++;
  }

  /** A master's, most often to another master. */
  #slow(durationMs: number): void {
    const random = this.#luckOfLinks;
    const { masters, network, world } = this.#with;
    const names = this.#names();
    const from = masters[random.below(masters.length)]?.name ?? '';
    const others = (random.oneIn(4) ? names : masters.map(({ name }) => name)).filter(
      (name) => name !== from,
    );
    const to = others[random.below(others.length)] ?? '';
    const delayMs = 20 + random.below(800);
    network.drag(from, to, delayMs);
    if (random.oneIn(2)) network.drag(to, from, delayMs);
    this.counts['slow-links']++;
    world.schedule(durationMs, 'nemesis a link is well', () => {
      network.drag(from, to, 0);
      network.drag(to, from, 0);
    });
  }

  #crashMaster(downMs: number): void {
    const { masters } = this.#with;
    const leader = masters.find(({ isLeader }) => isLeader);
    const isAimed = leader !== undefined && this.#random.chance(this.#faults.regicide);
    const victim = isAimed ? leader : this.#one(masters);
    this.counts[victim === leader ? 'leader-crashes' : 'follower-crashes']++;
    this.#strike(victim, this.#kind(), downMs);
  }

  #crashAgent(victim: Victim, downMs: number): void {
    // Most restart under running tasks; when the machine goes down, its tasks go with it.
    const kind = this.#random.chance(0.8) ? 'process' : 'power';
    this.counts[kind === 'power' ? 'agent-power-cuts' : 'agent-crashes']++;
    this.#strike(victim, kind, downMs);
  }

  /** One with volumes, if there are some: of the others little is to be learned. */
  #wipeAgent(downMs: number): void {
    const { agents } = this.#with;
    const rich = agents.filter(({ hasVolumes }) => hasVolumes);
    const victim = this.#one(rich.length > 0 ? rich : agents);
    this.counts['agents-with-amnesia']++;
    this.#strike(victim, 'power', downMs);
    victim.forget();
  }

  #strike(victim: Victim, kind: 'process' | 'power', downMs: number): void {
    victim.crash(kind);
    this.#with.world.schedule(downMs, 'nemesis restart', () => {
      if (!this.#isOver) victim.start();
    });
  }

  #kind(): 'process' | 'power' {
    return this.#random.oneIn(2) ? 'power' : 'process';
  }

  #names(): readonly string[] {
    const { masters, agents, schedulers, bystanders } = this.#with;
    return [...[...masters, ...agents, ...schedulers].map(({ name }) => name), ...bystanders];
  }

  #one<Item>(items: readonly Item[]): Item {
    const item = items[this.#random.below(items.length)];
    if (item === undefined) throw new RangeError('nobody is there');
    return item;
  }
}
