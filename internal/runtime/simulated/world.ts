/**
 * A world in one process: virtual time, one queue of events, one seed. Ports of simulated machines
 * (`clock.ts`, `files.ts`, `network.ts`, `http.ts`) schedule into it; `step` takes the next event,
 * runs it, and waits until all code that it woke up has come to rest. Nothing else moves time.
 *
 * Promises: the same seed gives the same events in the same order, which `hash` proves. Owed: code
 * inside waits for nothing but promises and these ports. A real timer, file, socket or thread pool
 * (asynchronous `zlib` and `crypto` too) would let the machine's luck in.
 */
import { assert } from '#internal/base/assert.ts';
import { type Random, randomFromSeed } from '#internal/base/random.ts';
import type { Timer } from '../clock.ts';
import { turn } from '../real/turn.ts';
import { EventHeap } from '../event-heap.ts';
import { type CrashKind, Life } from './life.ts';

export type WorldOptions = {
  readonly seed: number | string;
  /** Called after each event and everything it caused: the place to check invariants. */
  readonly afterEvent?: (label: string) => void;
};

export type Within = {
  /** Virtual milliseconds from now. */
  readonly withinMs: number;
};

export class SimulatedWorld {
  readonly #heap = new EventHeap();
  readonly #random: Random;
  readonly #afterEvent: ((label: string) => void) | undefined;
  readonly #lives = new Map<string, Life>();
  readonly #powered = new Set<string>();
  #nowMs = 0;
  #sequence = 0;
  #events = 0;
  #hash = 0x811c9dc5;

  constructor({ seed, afterEvent }: WorldOptions) {
    this.#random = randomFromSeed(seed);
    this.#afterEvent = afterEvent;
  }

  /** Virtual milliseconds since the world began. */
  get nowMs(): number {
    return this.#nowMs;
  }

  /** Events that have happened. */
  get events(): number {
    return this.#events;
  }

  /** Events that are still to happen, cancelled ones included. */
  get ahead(): number {
    return this.#heap.size;
  }

  /** A fingerprint of all events so far: their times, labels and order. */
  get hash(): number {
    return this.#hash;
  }

  /** The stream of luck for one component; the same name always means the same stream. */
  random(name: string): Random {
    return this.#random.fork(name);
  }

  /** An event of the world itself, which no crash can stop. Labels go into the fingerprint. */
  schedule(delayMs: number, label: string, callback: () => void): Timer {
    assert(delayMs >= 0 && delayMs < Infinity, `${label}: cannot wait for ${delayMs} ms`);
    const event = {
      atMs: this.#nowMs + delayMs,
      sequence: this.#sequence++,
      label,
      callback: callback as (() => void) | undefined,
    };
    this.#heap.push(event);
    return { cancel: () => (event.callback = undefined) };
  }

  /** Starts a program on the machine `name`, where none may be running. */
  boot(name: string): Life {
    assert(!this.isUp(name), `${name} runs already`);
    const schedule = this.schedule.bind(this);
    const life = new Life({ schedule }, { name });
    this.#lives.set(name, life);
    this.#powered.add(name);
    return life;
  }

  /** Ends the program on `name` at once and in silence, or cuts the power of the idle machine. */
  crash(name: string, kind: CrashKind = 'power'): void {
    if (kind === 'power') this.#powered.delete(name);
    this.#lives.get(name)?.end(kind);
  }

  /** Ends all programs, so that no port is held on to by what it waited for. For when a run is over. */
  end(): void {
    for (const name of this.#lives.keys()) this.crash(name, 'power');
  }

  /** Stops the program on `name` for `durationMs`: it does nothing, then everything late. */
  pause(name: string, durationMs: number): void {
    const life = this.#lives.get(name);
    life?.pause();
    this.schedule(durationMs, `${name} resume`, () => life?.resume());
  }

  /** Ends a pause before its time. */
  resume(name: string): void {
    this.#lives.get(name)?.resume();
  }

  /** A program runs on `name`, perhaps a paused one. */
  isUp(name: string): boolean {
    return this.#lives.get(name)?.alive === true;
  }

  /** The machine is on, so that its kernel answers, whether or not a program runs. */
  isPowered(name: string): boolean {
    return this.#powered.has(name);
  }

  /** Lets the next event happen, with all it causes. False when there is none. */
  async step(): Promise<boolean> {
    const event = this.#next();
    if (event === undefined) return false;
    this.#heap.pop();
    assert(event.atMs >= this.#nowMs, 'time went back');
    this.#nowMs = event.atMs;
    this.#events++;
    this.#record(event.atMs, event.label);
    event.callback?.();
    await turn();
    this.#afterEvent?.(event.label);
    return true;
  }

  /**
   * Runs until `condition` holds, which is asked after each event. False when the time is over or
   * nothing is left to happen; then `withinMs` have passed.
   */
  async runUntil(condition: () => boolean, { withinMs }: Within): Promise<boolean> {
    const endMs = this.#nowMs + withinMs;
    await turn();
    while (!condition()) {
      const event = this.#next();
      if (event === undefined || event.atMs > endMs) {
        this.#nowMs = endMs;
        return false;
      }
      await this.step();
    }
    return true;
  }

  async runFor(durationMs: number): Promise<void> {
    await this.runUntil(() => false, { withinMs: durationMs });
  }

  /** Runs until `promise` settles, and gives its outcome. Rejects when it has not within the time. */
  async settle<T>(promise: Promise<T>, { withinMs }: Within): Promise<T> {
    let settled = false;
    const settle = (): void => {
      settled = true;
    };
    promise.then(settle, settle);
    if (await this.runUntil(() => settled, { withinMs })) return promise;
    throw new Error(`nothing came within ${withinMs} virtual milliseconds`);
  }

  /** The first event that was not cancelled. */
  #next(): ReturnType<EventHeap['peek']> {
    let event = this.#heap.peek();
    while (event !== undefined && event.callback === undefined) {
      this.#heap.pop();
      event = this.#heap.peek();
    }
    return event;
  }

  #record(atMs: number, label: string): void {
    number[0] = atMs;
    let hash = Math.imul(this.#hash ^ (words[0] ?? 0), 0x01000193);
    hash = Math.imul(hash ^ (words[1] ?? 0), 0x01000193);
    hash ^= hash >>> 15;
    for (let i = 0; i < label.length; i++) {
      hash = Math.imul(hash ^ label.charCodeAt(i), 0x01000193);
    }
    this.#hash = hash >>> 0;
  }
}

/** The bits of a time, for the fingerprint. */
const number = new Float64Array(1);
const words = new Uint32Array(number.buffer);
