/**
 * Whoever wants the cluster to fail: cuts links, crashes and freezes machines at times that its own
 * stream of luck chooses. It counts what it did, and stops when told to.
 */
import type { Random } from '#internal/base/random.ts';
import type { SimulatedNetwork } from '#internal/runtime/simulated/network.ts';
import type { SimulatedWorld } from '#internal/runtime/simulated/world.ts';
import type { Message, Term } from '#raft/core/types.ts';
import { drawMs, type RaftFaults, type Recurring } from './raft-faults.ts';

/** A machine as the nemesis sees it. */
export type Victim = {
  readonly name: string;
  readonly isLeader: boolean;
  start(): void;
  crash(kind: 'process' | 'power'): void;
  pause(durationMs: number): void;
};

export type NemesisCounts = {
  splits: number;
  oneWayCuts: number;
  bridges: number;
  crashes: number;
  blackouts: number;
  /** Just after a vote or an acknowledgement had left. */
  crashesAfterPromise: number;
  /** Just after the first words of a leader. */
  crashesAfterElection: number;
  /** From its first words on, a leader is not heard for a while. */
  gags: number;
  /** Of a leader with the fewest possible followers. */
  coups: number;
  pauses: number;
};

type Dependencies = {
  readonly world: SimulatedWorld;
  readonly network: SimulatedNetwork;
  readonly victims: readonly Victim[];
};

export class RaftNemesis {
  readonly counts: NemesisCounts = {
    splits: 0,
    oneWayCuts: 0,
    bridges: 0,
    crashes: 0,
    blackouts: 0,
    crashesAfterPromise: 0,
    crashesAfterElection: 0,
    gags: 0,
    coups: 0,
    pauses: 0,
  };
  readonly #world: SimulatedWorld;
  readonly #network: SimulatedNetwork;
  readonly #victims: readonly Victim[];
  readonly #faults: RaftFaults;
  readonly #random: Random;
  /** Terms whose leader was heard. */
  readonly #opened = new Set<Term>();
  #isOver = false;

  constructor({ world, network, victims }: Dependencies, faults: RaftFaults) {
    this.#world = world;
    this.#network = network;
    this.#victims = victims;
    this.#faults = faults;
    this.#random = world.random('nemesis');
  }

  begin(): void {
    const { network, partitions, crashes, pauses } = this.#faults;
    this.#network.setFaults(network);
    if (partitions !== undefined) this.#recur('partition', partitions, (ms) => this.#cut(ms));
    if (crashes !== undefined) this.#recur('crash', crashes, (ms) => this.#crash(ms));
    if (pauses !== undefined) this.#recur('pause', pauses, (ms) => this.#pause(ms));
  }

  /** Does nothing any more. What it broke stays broken. */
  end(): void {
    this.#isOver = true;
  }

  /** `name` just sent `message`. */
  overhear(name: string, message: Message): void {
    const victim = this.#victims.find((each) => each.name === name);
    if (this.#isOver || victim === undefined) return;
    const { afterPromise, afterElection } = this.#faults;
    if (isPromise(message) && this.#random.chance(afterPromise)) {
      this.counts.crashesAfterPromise++;
      this.#strikeSoon(victim, 1 + this.#random.below(100));
    }
    if (opensTerm(message) && !this.#opened.has(message.term)) {
      this.#opened.add(message.term);
      if (!this.#random.chance(afterElection)) return;
      const durationMs = 100 + this.#random.below(4000);
      if (this.#random.oneIn(2)) this.#gag(victim, durationMs);
      else {
        this.counts.crashesAfterElection++;
        this.#strikeSoon(victim, durationMs);
      }
    }
  }

  #recur(label: string, { every, lasts }: Recurring, strike: (ms: number) => void): void {
    this.#world.schedule(drawMs(this.#random, every), `nemesis ${label}`, () => {
      if (this.#isOver) return;
      strike(drawMs(this.#random, lasts));
      this.#recur(label, { every, lasts }, strike);
    });
  }

  #cut(durationMs: number): void {
    this.#network.heal();
    const names = this.#shuffled().map(({ name }) => name);
    const [first = '', second = '', ...rest] = names;
    switch (this.#random.below(4)) {
      case 0: {
        const at = 1 + this.#random.below(names.length - 1);
        this.#network.partition([names.slice(0, at), names.slice(at)]);
        this.counts.splits++;
        break;
      }
      case 1: {
        // One machine hears nothing, or is not heard.
        const isDeaf = this.#random.oneIn(2);
        for (const name of [second, ...rest]) {
          if (isDeaf) this.#network.cut(name, first);
          else this.#network.cut(first, name);
        }
        this.counts.oneWayCuts++;
        break;
      }
      case 2: {
        // Two halves that only `first` still links.
        const half = Math.ceil(rest.length / 2);
        this.#network.partition([[second, ...rest.slice(half)], rest.slice(0, half)]);
        this.counts.bridges++;
        break;
      }
      default: {
        // The leader keeps a minority, and goes on writing what nobody decides.
        const leaders = this.#victims.filter(({ isLeader }) => isLeader).map(({ name }) => name);
        const others = names.filter((name) => !leaders.includes(name));
        const kept = this.#random.below(Math.ceil(names.length / 2));
        this.#network.partition([[...leaders, ...others.slice(0, kept)], others.slice(kept)]);
        this.counts.coups++;
      }
    }
    this.#world.schedule(durationMs, 'nemesis heal', () => {
      if (!this.#isOver) this.#network.heal();
    });
  }

  #crash(downMs: number): void {
    const isBlackout = this.#random.chance(this.#faults.blackout);
    const struck = isBlackout ? this.#victims : this.#aim();
    if (isBlackout) this.counts.blackouts++;
    for (const victim of struck) {
      this.counts.crashes++;
      this.#strike(victim, downMs);
    }
  }

  /** Not even what it says now is heard: it writes entries that nobody else has. */
  #gag({ name }: Victim, durationMs: number): void {
    this.counts.gags++;
    const others = this.#victims.filter((other) => other.name !== name);
    for (const other of others) this.#network.cut(name, other.name);
    this.#world.schedule(durationMs, 'nemesis ungag', () => {
      for (const other of others) this.#network.join(name, other.name);
    });
  }

  /** As an event of its own: whoever speaks is still in the middle of its sentence. */
  #strikeSoon(victim: Victim, downMs: number): void {
    this.#world.schedule(this.#random.below(3), 'nemesis strike', () => {
      if (!this.#isOver) this.#strike(victim, downMs);
    });
  }

  #strike(victim: Victim, downMs: number): void {
    victim.crash(this.#random.chance(0.7) ? 'power' : 'process');
    this.#world.schedule(downMs, 'nemesis restart', () => {
      if (!this.#isOver) victim.start();
    });
  }

  #pause(durationMs: number): void {
    this.counts.pauses++;
    for (const victim of this.#aim()) victim.pause(durationMs);
  }

  /** One machine: the leader as often as the plan wants it. */
  #aim(): readonly Victim[] {
    const leader = this.#victims.find(({ isLeader }) => isLeader);
    const aimed = this.#random.chance(this.#faults.regicide) ? leader : undefined;
    return aimed === undefined ? this.#shuffled().slice(0, 1) : [aimed];
  }

  #shuffled(): readonly Victim[] {
    const drawn = this.#victims.map((victim) => ({ victim, at: this.#random.below(1 << 30) }));
    return drawn.toSorted((a, b) => a.at - b.at).map(({ victim }) => victim);
  }
}

const isPromise = ({ kind }: Message): boolean =>
  kind === 'MsgVote' || kind === 'MsgVoteResp' || kind === 'MsgAppResp';

const opensTerm = (message: Message): boolean =>
  message.kind === 'MsgApp' && message.entries.some(({ term }) => term === message.term);
