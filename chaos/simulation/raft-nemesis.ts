/**
 * Whoever wants the cluster to fail. Each class of fault is struck by a nemesis of its own, with luck
 * of its own; this is what they have in common, and all of them together.
 */
import type { Random } from '#internal/base/random.ts';
import type { SimulatedNetwork } from '#internal/runtime/simulated/network.ts';
import type { SimulatedWorld } from '#internal/runtime/simulated/world.ts';
import { drawMs, type FaultClass, type RaftFaults, type Span } from './raft-faults.ts';
import type { RaftFleet } from './raft-fleet.ts';
import type { RaftMachine } from './raft-machine.ts';
import type { Witness } from './raft-witness.ts';

/** A machine as a nemesis sees it. */
export type Victim = {
  readonly name: string;
  readonly isLeader: boolean;
  start(): void;
  crash(kind: 'process' | 'power'): void;
  pause(durationMs: number): void;
};

export type NemesisMeans = {
  readonly world: SimulatedWorld;
  readonly network: SimulatedNetwork;
  readonly fleet: RaftFleet;
  readonly witness: Witness;
};

/** What strikes of one class share: its luck, its rhythm, and when it is over. */
export class Strikes {
  readonly random: Random;
  readonly #world: SimulatedWorld;
  readonly #label: string;
  readonly #isOver: () => boolean;

  constructor(
    { world, isOver }: { readonly world: SimulatedWorld; readonly isOver: () => boolean },
    { name }: { readonly name: FaultClass },
  ) {
    this.random = world.random(`nemesis ${name}`);
    this.#world = world;
    this.#label = `nemesis ${name}`;
    this.#isOver = isOver;
  }

  every(span: Span, strike: () => void): void {
    this.later(drawMs(this.random, span), () => {
      strike();
      this.every(span, strike);
    });
  }

  /** Not when all is over by then: what was broken stays so, for who heals to see to. */
  later(delayMs: number, strike: () => void): void {
    this.#world.schedule(delayMs, this.#label, () => {
      if (!this.#isOver()) strike();
    });
  }

  /** And starts it again `downMs` later. */
  crash(victim: Victim, downMs: number): void {
    victim.crash(this.random.chance(0.7) ? 'power' : 'process');
    this.later(downMs, () => victim.start());
  }

  pick<T>(some: readonly T[]): T | undefined {
    return some[this.random.below(Math.max(1, some.length))];
  }

  shuffled<T>(some: readonly T[]): readonly T[] {
    const drawn = some.map((each) => ({ each, at: this.random.below(1 << 30) }));
    return drawn.toSorted((a, b) => a.at - b.at).map(({ each }) => each);
  }
}

export const namesOf = (machines: readonly RaftMachine[]): readonly string[] =>
  machines.map(({ name }) => name);

export type Classes = RaftFaults['classes'];
