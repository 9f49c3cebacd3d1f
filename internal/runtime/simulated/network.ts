/**
 * The simulated network between machines: who can reach whom, how late and how often a message comes.
 * It moves nothing itself: `datagrams.ts` and `streams.ts` ask it for each message's fate.
 *
 * Faults are drawn from a stream of luck of its own, so that a change in a program does not change
 * the weather. `counts` says what really struck; a test that meets no fault has shown nothing.
 */
import { assert } from '#internal/base/assert.ts';
import type { Random } from '#internal/base/random.ts';
import type { SimulatedWorld } from './world.ts';

/** Chances are per message, in `[0, 1]`. */
export type NetworkFaults = {
  /** One-way delay is drawn evenly between the two; unequal delays reorder datagrams. */
  readonly delayMsMin: number;
  readonly delayMsMax: number;
  /** A message that is late by up to `slowMs` more. */
  readonly slow: number;
  readonly slowMs: number;
  readonly loss: number;
  /** A datagram that arrives twice. Streams repeat nothing. */
  readonly repeat: number;
};

export const CALM: NetworkFaults = {
  delayMsMin: 0.1,
  delayMsMax: 1,
  slow: 0,
  slowMs: 0,
  loss: 0,
  repeat: 0,
};

export type NetworkCounts = {
  delivered: number;
  lost: number;
  repeated: number;
  slow: number;
  /** Arrived before one that was sent earlier on the same link. */
  reordered: number;
  /** Met a cut link. */
  blocked: number;
  /** Waited for a clogged link. */
  clogged: number;
  /** Took a slow link. */
  dragged: number;
  /** Streams that ended for any other reason than an orderly close. */
  broken: number;
};

export class SimulatedNetwork {
  readonly world: SimulatedWorld;
  readonly counts: NetworkCounts = {
    delivered: 0,
    lost: 0,
    repeated: 0,
    slow: 0,
    reordered: 0,
    blocked: 0,
    clogged: 0,
    dragged: 0,
    broken: 0,
  };
  readonly #random: Random;
  readonly #cuts = new Map<string, Set<string>>();
  /** By `from>to`: until when nothing comes through. */
  readonly #clogs = new Map<string, number>();
  /** By `from>to`: how much longer everything takes. */
  readonly #drags = new Map<string, number>();
  #faults: NetworkFaults;

  constructor({ world }: { readonly world: SimulatedWorld }, faults: NetworkFaults = CALM) {
    this.world = world;
    this.#random = world.random('network');
    this.#faults = faults;
  }

  /** The weather from now on; what is on its way already keeps its fate. */
  setFaults(faults: NetworkFaults): void {
    assert(faults.delayMsMin <= faults.delayMsMax, 'the least delay exceeds the greatest');
    this.#faults = faults;
  }

  /** Cuts one direction: `to` hears nothing of `from` any more. Names are machines. */
  cut(from: string, to: string): void {
    const cuts = this.#cuts.get(from) ?? new Set();
    this.#cuts.set(from, cuts.add(to));
  }

  join(from: string, to: string): void {
    this.#cuts.get(from)?.delete(to);
  }

  /** Holds what is sent on one link from now on, for so long; then all of it comes at once. */
  clog(from: string, to: string, durationMs: number): void {
    this.#clogs.set(`${from}>${to}`, this.world.nowMs + durationMs);
  }

  /** Makes one link slow, until it is told otherwise. */
  drag(from: string, to: string, delayMs: number): void {
    this.#drags.set(`${from}>${to}`, delayMs);
  }

  /** Machines of different groups cannot reach each other, in both directions. */
  partition(groups: readonly (readonly string[])[]): void {
    for (const group of groups) {
      for (const other of groups) {
        if (group === other) continue;
        for (const from of group) for (const to of other) this.cut(from, to);
      }
    }
  }

  /** Joins everything again that was cut. */
  joinAll(): void {
    this.#cuts.clear();
  }

  /** Joins everything again, and opens every link. The weather stays as it is: `setFaults(CALM)` ends that. */
  heal(): void {
    this.joinAll();
    this.#clogs.clear();
    this.#drags.clear();
  }

  /** A machine always reaches itself. */
  isCut(from: string, to: string): boolean {
    return from !== to && this.#cuts.get(from)?.has(to) === true;
  }

  /** The delays of the copies of a datagram that arrive: none, one or two. */
  fate(from: string, to: string): readonly number[] {
    if (from === to) return [0];
    if (this.isCut(from, to)) {
      this.counts.blocked++;
      return [];
    }
    if (this.isLost()) return [];
    const heldMs = this.heldMs(from, to);
    if (!this.#random.chance(this.#faults.repeat)) return [heldMs + this.delayMs()];
    this.counts.repeated++;
    return [heldMs + this.delayMs(), heldMs + this.delayMs()];
  }

  isLost(): boolean {
    const lost = this.#random.chance(this.#faults.loss);
    if (lost) this.counts.lost++;
    return lost;
  }

  delayMs(): number {
    const { delayMsMin, delayMsMax, slow, slowMs } = this.#faults;
    const delayMs = delayMsMin + (delayMsMax - delayMsMin) * this.#unit();
    if (!this.#random.chance(slow)) return delayMs;
    this.counts.slow++;
    return delayMs + slowMs * this.#unit();
  }

  /** How much longer a message takes on this link than on others, now. */
  heldMs(from: string, to: string): number {
    if (this.#clogs.size + this.#drags.size === 0) return 0;
    const link = `${from}>${to}`;
    const cloggedMs = Math.max(0, (this.#clogs.get(link) ?? 0) - this.world.nowMs);
    const draggedMs = this.#drags.get(link) ?? 0;
    if (cloggedMs > 0) this.counts.clogged++;
    if (draggedMs > 0) this.counts.dragged++;
    return cloggedMs + draggedMs;
  }

  /** A thousandth of a thousandth is fine enough, and adds up without surprises. */
  #unit(): number {
    return this.#random.below(1_000_001) / 1_000_000;
  }
}
