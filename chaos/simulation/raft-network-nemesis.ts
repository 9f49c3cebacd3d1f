/** Cuts, clogs and slows links. Weather (loss, repeats, delays) is the network's own. */
import {
  CALM,
  type NetworkFaults,
  type SimulatedNetwork,
} from '#internal/runtime/simulated/network.ts';
import { type Classes, namesOf, type NemesisMeans, Strikes } from './raft-nemesis.ts';
import { drawMs, type FaultClasses, type Recurring } from './raft-faults.ts';
import type { RaftFleet } from './raft-fleet.ts';

type SlowLinks = FaultClasses['slowLinks'];

export type NetworkCounts = {
  splits: number;
  oneWayCuts: number;
  bridges: number;
  rings: number;
  /** Of a leader with the fewest possible followers. */
  coups: number;
  clogs: number;
  slowLinks: number;
};

export class NetworkNemesis {
  readonly counts: NetworkCounts = {
    splits: 0,
    oneWayCuts: 0,
    bridges: 0,
    rings: 0,
    coups: 0,
    clogs: 0,
    slowLinks: 0,
  };
  readonly #network: SimulatedNetwork;
  readonly #fleet: RaftFleet;
  readonly #classes: Classes;
  readonly #partitions: Strikes;
  readonly #clogs: Strikes;
  readonly #slowLinks: Strikes;

  constructor(means: NemesisMeans & { readonly isOver: () => boolean }, classes: Classes) {
    this.#network = means.network;
    this.#fleet = means.fleet;
    this.#classes = classes;
    this.#partitions = new Strikes(means, { name: 'partitions' });
    this.#clogs = new Strikes(means, { name: 'clogs' });
    this.#slowLinks = new Strikes(means, { name: 'slowLinks' });
  }

  begin(): void {
    const { partitions, clogs, slowLinks } = this.#classes;
    this.#network.setFaults(weatherOf(this.#classes));
    if (partitions !== undefined)
      this.#partitions.every(partitions.every, () => this.#cut(partitions));
    if (clogs !== undefined) this.#clogs.every(clogs.every, () => this.#clog(clogs));
    if (slowLinks !== undefined) {
      this.#slowLinks.every(slowLinks.every, () => this.#drag(slowLinks));
    }
  }

  #cut({ lasts }: Recurring): void {
    const { random } = this.#partitions;
    this.#network.joinAll();
    const names = this.#partitions.shuffled(namesOf(this.#fleet.machines));
    if (names.length < 2) return;
    switch (random.below(5)) {
      case 0: {
        const at = 1 + random.below(names.length - 1);
        this.#network.partition([names.slice(0, at), names.slice(at)]);
        this.counts.splits++;
        break;
      }
      case 1:
        this.#cutOneWay(names);
        break;
      case 2: {
        // Two halves that only the first still links.
        const rest = names.slice(1);
        const half = Math.ceil(rest.length / 2);
        this.#network.partition([rest.slice(0, half), rest.slice(half)]);
        this.counts.bridges++;
        break;
      }
      case 3:
        this.#leaveRing(names);
        break;
      default:
        this.#overthrow(names);
    }
    this.#partitions.later(drawMs(random, lasts), () => this.#network.joinAll());
  }

  /** One machine hears nothing, or is not heard. */
  #cutOneWay([first = '', ...rest]: readonly string[]): void {
    const isDeaf = this.#partitions.random.oneIn(2);
    for (const name of rest) {
      if (isDeaf) this.#network.cut(name, first);
      else this.#network.cut(first, name);
    }
    this.counts.oneWayCuts++;
  }

  /** Each reaches its two neighbours alone: of five, everybody sees another majority. */
  #leaveRing(names: readonly string[]): void {
    for (const [at, from] of names.entries()) {
      for (const [place, to] of names.entries()) {
        const apart = Math.abs(at - place);
        if (apart > 1 && apart < names.length - 1) this.#network.cut(from, to);
      }
    }
    this.counts.rings++;
  }

  /** The leader keeps a minority, and goes on writing what nobody decides. */
  #overthrow(names: readonly string[]): void {
    const leaders = namesOf(this.#fleet.leaders);
    const others = names.filter((name) => !leaders.includes(name));
    const kept = this.#partitions.random.below(Math.ceil(names.length / 2));
    this.#network.partition([[...leaders, ...others.slice(0, kept)], others.slice(kept)]);
    this.counts.coups++;
  }

  #clog({ lasts }: Recurring): void {
    const [from, to] = this.#clogs.shuffled(namesOf(this.#fleet.machines));
    if (from === undefined || to === undefined) return;
    this.#network.clog(from, to, drawMs(this.#clogs.random, lasts));
    this.counts.clogs++;
  }

  #drag({ lasts, delayMsMax }: SlowLinks): void {
    const [from, to] = this.#slowLinks.shuffled(namesOf(this.#fleet.machines));
    if (from === undefined || to === undefined) return;
    const { random } = this.#slowLinks;
    this.#network.drag(from, to, 1 + random.below(delayMsMax));
    this.#slowLinks.later(drawMs(random, lasts), () => this.#network.drag(from, to, 0));
    this.counts.slowLinks++;
  }
}

function weatherOf({ delays, stragglers, loss, repeats }: Classes): NetworkFaults {
  return {
    ...CALM,
    delayMsMax: delays?.delayMsMax ?? 10,
    slow: stragglers?.chance ?? 0,
    slowMs: 2000,
    loss: loss?.chance ?? 0,
    repeat: repeats?.chance ?? 0,
  };
}
