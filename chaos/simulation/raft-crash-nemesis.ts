/** Crashes, freezes and stops machines, some of them at the worst moment, and sets their clocks. */
import type { SimulatedNetwork } from '#internal/runtime/simulated/network.ts';
import type { Message, Term } from '#raft/core/types.ts';
import { drawMs, type FaultClasses, type Recurring } from './raft-faults.ts';
import type { RaftFleet } from './raft-fleet.ts';
import type { RaftMachine } from './raft-machine.ts';
import { type Classes, type NemesisMeans, Strikes } from './raft-nemesis.ts';
import type { Witness } from './raft-witness.ts';

export type CrashCounts = {
  crashes: number;
  blackouts: number;
  /** Just after a vote or an acknowledgement had left. */
  crashesAfterPromise: number;
  /** Just after the first words of a leader. */
  crashesAfterElection: number;
  /** From its first words on, a leader is not heard for a while. */
  gags: number;
  /** While a part of a snapshot was on its way to the machine. */
  crashesDuringInstall: number;
  pauses: number;
  /** Longer than ten seconds. */
  longPauses: number;
  stops: number;
  clockJumps: number;
};

/** A machine that does not stop in good order within so long is stopped otherwise. */
const stopMsMax = 5000;

export class CrashNemesis {
  readonly counts: CrashCounts = {
    crashes: 0,
    blackouts: 0,
    crashesAfterPromise: 0,
    crashesAfterElection: 0,
    gags: 0,
    crashesDuringInstall: 0,
    pauses: 0,
    longPauses: 0,
    stops: 0,
    clockJumps: 0,
  };
  readonly #network: SimulatedNetwork;
  readonly #fleet: RaftFleet;
  readonly #witness: Witness;
  readonly #classes: Classes;
  readonly #isOver: () => boolean;
  readonly #crashes: Strikes;
  readonly #afterPromise: Strikes;
  readonly #afterElection: Strikes;
  readonly #duringInstall: Strikes;
  readonly #pauses: Strikes;
  readonly #stops: Strikes;
  readonly #clockJumps: Strikes;
  /** Terms whose leader was heard. */
  readonly #opened = new Set<Term>();

  constructor(means: NemesisMeans & { readonly isOver: () => boolean }, classes: Classes) {
    this.#network = means.network;
    this.#fleet = means.fleet;
    this.#witness = means.witness;
    this.#classes = classes;
    this.#isOver = means.isOver;
    this.#crashes = new Strikes(means, { name: 'crashes' });
    this.#afterPromise = new Strikes(means, { name: 'afterPromise' });
    this.#afterElection = new Strikes(means, { name: 'afterElection' });
    this.#duringInstall = new Strikes(means, { name: 'duringInstall' });
    this.#pauses = new Strikes(means, { name: 'pauses' });
    this.#stops = new Strikes(means, { name: 'stops' });
    this.#clockJumps = new Strikes(means, { name: 'clockJumps' });
  }

  begin(): void {
    const { crashes, pauses, stops, clockJumps } = this.#classes;
    if (crashes !== undefined) this.#crashes.every(crashes.every, () => this.#crash(crashes));
    if (pauses !== undefined) this.#pauses.every(pauses.every, () => this.#pause(pauses));
    if (stops !== undefined) this.#stops.every(stops.every, () => this.#stop(stops));
    if (clockJumps === undefined) return;
    this.#clockJumps.every(clockJumps.every, () => this.#jump(clockJumps.jumpMsMax));
  }

  /** The machine `name` just sent `message`. */
  overhear(name: string, message: Message): void {
    const { afterPromise, afterElection } = this.#classes;
    const victim = this.#victim(name);
    if (victim === undefined) return;
    if (afterPromise !== undefined && isPromise(message)) {
      const { random } = this.#afterPromise;
      if (random.chance(afterPromise.chance)) {
        this.counts.crashesAfterPromise++;
        this.#crashSoon(this.#afterPromise, victim, 1 + random.below(100));
      }
    }
    if (afterElection === undefined || !opensTerm(message) || this.#opened.has(message.term))
      return;
    this.#opened.add(message.term);
    const { random } = this.#afterElection;
    if (!random.chance(afterElection.chance)) return;
    const durationMs = 100 + random.below(4000);
    if (random.oneIn(2)) this.#gag(victim, durationMs);
    else {
      this.counts.crashesAfterElection++;
      this.#crashSoon(this.#afterElection, victim, durationMs);
    }
  }

  /** A part of a snapshot is on its way to the machine `name`. */
  onSnapshotPart(name: string): void {
    const { duringInstall } = this.#classes;
    const victim = this.#victim(name);
    const { random } = this.#duringInstall;
    if (duringInstall === undefined || victim === undefined) return;
    // A snapshot has a few parts, and each is a chance.
    if (!random.chance(duringInstall.chance / 3)) return;
    this.counts.crashesDuringInstall++;
    this.#duringInstall.later(random.below(40), () => {
      this.#duringInstall.crash(victim, 1 + random.below(2000));
    });
  }

  #victim(name: string): RaftMachine | undefined {
    return this.#isOver() ? undefined : this.#fleet.machines.find((each) => each.name === name);
  }

  #crash({ lasts, blackout, regicide }: FaultClasses['crashes']): void {
    const { random } = this.#crashes;
    const downMs = drawMs(random, lasts);
    const isBlackout = random.chance(blackout);
    if (isBlackout) this.counts.blackouts++;
    const [leader] = this.#fleet.leaders;
    const aimed = random.chance(regicide) ? leader : undefined;
    const one = aimed ?? this.#crashes.pick(this.#fleet.machines);
    for (const victim of isBlackout ? this.#fleet.machines : [one]) {
      if (victim === undefined) continue;
      this.counts.crashes++;
      this.#crashes.crash(victim, downMs);
    }
  }

  /** Not even what it says now is heard: it writes entries that nobody else has. */
  #gag({ name }: RaftMachine, durationMs: number): void {
    this.counts.gags++;
    const others = this.#fleet.machines.filter((other) => other.name !== name);
    for (const other of others) this.#network.cut(name, other.name);
    this.#afterElection.later(durationMs, () => {
      for (const other of others) this.#network.join(name, other.name);
    });
  }

  /** As an event of its own: whoever speaks is still in the middle of its sentence. */
  #crashSoon(strikes: Strikes, victim: RaftMachine, downMs: number): void {
    strikes.later(strikes.random.below(3), () => strikes.crash(victim, downMs));
  }

  #pause({ lasts }: Recurring): void {
    const { random } = this.#pauses;
    const [leader] = this.#fleet.leaders;
    const victim =
      (random.oneIn(3) ? leader : undefined) ?? this.#pauses.pick(this.#fleet.machines);
    const durationMs = drawMs(random, lasts);
    this.counts.pauses++;
    if (durationMs > 10_000) this.counts.longPauses++;
    victim?.pause(durationMs);
  }

  #stop({ lasts }: Recurring): void {
    const { random } = this.#stops;
    const [leader] = this.#fleet.leaders;
    const victim = (random.oneIn(2) ? leader : undefined) ?? this.#stops.pick(this.#fleet.machines);
    const life = victim?.program?.life;
    if (victim === undefined || life === undefined) return;
    this.counts.stops++;
    const stopped = victim.stop();
    stopped.catch((error: unknown) => this.#witness.fail(`${victim.name} did not stop`, error));
    this.#stops.later(stopMsMax, () => {
      if (life.alive) victim.crash('process');
    });
    life.onEnd(() => this.#stops.later(drawMs(random, lasts), () => victim.start()));
  }

  #jump(jumpMsMax: number): void {
    const { random } = this.#clockJumps;
    const clock = this.#clockJumps.pick(this.#fleet.machines)?.program?.clock;
    if (clock === undefined) return;
    this.counts.clockJumps++;
    clock.jump(random.below(2 * jumpMsMax + 1) - jumpMsMax);
  }
}

const isPromise = ({ kind }: Message): boolean =>
  kind === 'MsgVote' || kind === 'MsgVoteResp' || kind === 'MsgAppResp';

const opensTerm = (message: Message): boolean =>
  message.kind === 'MsgApp' && message.entries.some(({ term }) => term === message.term);
