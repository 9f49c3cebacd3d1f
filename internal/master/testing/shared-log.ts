/**
 * A log that is agreed upon by decree: the masters of a test share it, the test says who leads. It
 * keeps what the port promises: entries are applied on every member in one order, the proposer hears
 * of it after its effects, and when a leader falls, what it had proposed came through or not, and it
 * may not learn which.
 */
import { assert } from '#internal/base/assert.ts';
import type { Random } from '#internal/base/random.ts';
import type { SimulatedWorld } from '#internal/runtime/simulated/world.ts';
import type { LogEntry } from '../ledger.ts';
import type { Proposal, Read, Replicated, Standing } from '../replicated.ts';

type Machine = { apply(entries: readonly LogEntry[]): void; appliedIndex(): number };

type Member = {
  readonly nodeId: number;
  readonly machine: Machine;
  readonly listeners: Set<(standing: Standing) => void>;
};

type Unheard = { readonly kind: 'refused'; readonly reason: 'unknown' };

type Waiting = {
  readonly term: number;
  readonly data: Uint8Array;
  readonly answer: (proposal: Proposal) => void;
};

export class SharedLog {
  readonly #world: SimulatedWorld;
  readonly #random: Random;
  readonly #members = new Map<number, Member>();
  readonly #entries: LogEntry[] = [];
  #waiting: Waiting[] = [];
  #reading: ((read: Read) => void)[] = [];
  #leader: number | undefined;
  #term = 0;
  #isHeld = false;
  /** Members that hear nothing, and what they believe of themselves. */
  readonly #isolated = new Map<number, Standing>();
  /** Of members that hear nothing; answered when they do. */
  #unheard: { readonly nodeId: number; readonly answer: () => void }[] = [];

  constructor({ world }: { readonly world: SimulatedWorld }) {
    this.#world = world;
    this.#random = world.random('shared log');
  }

  get entries(): readonly LogEntry[] {
    return this.#entries;
  }

  /** A member that has applied some of the log, or nothing; it gets the rest at once. */
  join(nodeId: number, machine: Machine): Replicated {
    const member: Member = { nodeId, machine, listeners: new Set() };
    this.#members.set(nodeId, member);
    machine.apply(this.#entries.slice(machine.appliedIndex()));
    return {
      propose: (data) => this.#propose(nodeId, data),
      read: () => this.#read(nodeId),
      standing: () => this.#standingOf(nodeId),
      watch: (listener) => {
        member.listeners.add(listener);
        return { [Symbol.dispose]: () => void member.listeners.delete(listener) };
      },
    };
  }

  /** The member's program is gone. */
  leave(nodeId: number): void {
    this.#members.delete(nodeId);
    if (this.#leader === nodeId) this.depose();
  }

  elect(nodeId: number): void {
    this.depose();
    this.#term++;
    this.#leader = nodeId;
    this.#tell();
  }

  depose(): void {
    this.#leader = undefined;
    const waiting = this.#waiting;
    this.#waiting = [];
    const reading = this.#reading;
    this.#reading = [];
    this.#tell();
    for (const answer of reading) answer({ kind: 'refused', reason: 'unknown' });
    for (const { data, term, answer } of waiting) {
      // What was in the log of a majority stays, whether its proposer hears of it or not.
      const isKept = this.#random.oneIn(2);
      if (isKept) this.#append(term, data);
      answer({ kind: 'refused', reason: isKept ? 'unknown' : 'lost' });
    }
  }

  /** Cuts a member off: it goes on believing what it believes, and nothing that it asks is answered. */
  isolate(nodeId: number): void {
    this.#isolated.set(nodeId, this.#standingOf(nodeId));
  }

  /** It hears what it missed: first who leads, as when a heartbeat of a new term comes. */
  rejoin(nodeId: number): void {
    this.#isolated.delete(nodeId);
    const member = this.#members.get(nodeId);
    for (const listener of member?.listeners ?? []) listener(this.#standingOf(nodeId));
    member?.machine.apply(this.#entries.slice(member.machine.appliedIndex()));
    const unheard = this.#unheard;
    this.#unheard = unheard.filter((one) => one.nodeId !== nodeId);
    for (const one of unheard) if (one.nodeId === nodeId) one.answer();
  }

  /** From now on proposals and reads wait. */
  hold(): void {
    this.#isHeld = true;
  }

  release(): void {
    this.#isHeld = false;
    this.#commitSoon();
  }

  /** The oldest of what waits goes through; the rest waits on. */
  releaseFirst(): void {
    const [first] = this.#waiting.splice(0, 1);
    assert(first !== undefined, 'nothing waits');
    this.#commit(first);
  }

  /** Loses what waits, and says so. */
  lose(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const { answer } of waiting) answer({ kind: 'refused', reason: 'lost' });
  }

  #propose(nodeId: number, data: Uint8Array): Promise<Proposal> {
    if (this.#isolated.has(nodeId)) return this.#unanswered(nodeId);
    if (this.#leader !== nodeId) {
      return Promise.resolve({ kind: 'refused', reason: 'not-leader' });
    }
    const { promise, resolve: answer } = Promise.withResolvers<Proposal>();
    this.#waiting.push({ term: this.#term, data, answer });
    this.#commitSoon();
    return promise;
  }

  #unanswered(nodeId: number): Promise<Unheard> {
    const { promise, resolve } = Promise.withResolvers<Unheard>();
    const answer = (): void => resolve({ kind: 'refused', reason: 'unknown' });
    this.#unheard.push({ nodeId, answer });
    return promise;
  }

  #read(nodeId: number): Promise<Read> {
    if (this.#isolated.has(nodeId)) return this.#unanswered(nodeId);
    if (this.#leader === undefined)
      return Promise.resolve({ kind: 'refused', reason: 'no-leader' });
    const { promise, resolve: answer } = Promise.withResolvers<Read>();
    this.#reading.push(answer);
    this.#commitSoon();
    return promise;
  }

  #commitSoon(): void {
    if (this.#isHeld) return;
    this.#world.schedule(1, 'commit', () => {
      if (this.#isHeld) return;
      const waiting = this.#waiting;
      this.#waiting = [];
      for (const one of waiting) this.#commit(one);
      const reading = this.#reading;
      this.#reading = [];
      for (const answer of reading) answer({ kind: 'current', index: this.#entries.length });
    });
  }

  #commit({ term, data, answer }: Waiting): void {
    const index = this.#append(term, data);
    answer({ kind: 'applied', index, term });
  }

  #append(term: number, data: Uint8Array): number {
    assert(term <= this.#term, 'an entry of a term to come');
    const index = this.#entries.length + 1;
    const entry = { index, term, data };
    this.#entries.push(entry);
    for (const { machine, nodeId } of this.#members.values()) {
      if (!this.#isolated.has(nodeId)) machine.apply([entry]);
    }
    return index;
  }

  #standingOf(nodeId: number): Standing {
    const believed = this.#isolated.get(nodeId);
    if (believed !== undefined) return believed;
    const isLeader = this.#leader === nodeId;
    return {
      kind: isLeader ? 'leader' : 'follower',
      term: this.#term,
      leader: this.#leader,
      ready: isLeader,
    };
  }

  #tell(): void {
    for (const { nodeId, listeners } of this.#members.values()) {
      if (this.#isolated.has(nodeId)) continue;
      for (const listener of listeners) listener(this.#standingOf(nodeId));
    }
  }
}
