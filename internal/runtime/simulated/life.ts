/**
 * One run of a program on a simulated machine, from boot to crash. Whatever the program waits for
 * (timers, disk, network) is scheduled through its life, so that a crash cuts all of it off in
 * silence: callbacks are not called and promises never settle, exactly as for a killed process.
 * A paused one (SIGSTOP, a long collection, a frozen machine) gets everything late and in order.
 */
import type { Timer } from '../clock.ts';

/**
 * `process`: killed, but the machine goes on, so its kernel writes files out and resets connections.
 * `power`: nothing is said to anyone, and what was not synced is at the mercy of the disk.
 */
export type CrashKind = 'process' | 'power';

export type Schedule = (delayMs: number, label: string, callback: () => void) => Timer;

const NOTHING: Timer = { cancel: () => {} };
/** More callbacks than this wait for no paused program: the world is wrong. */
const WAITING_MAX = 1_000_000;

export class Life {
  readonly name: string;
  readonly #schedule: Schedule;
  readonly #onEnd = new Set<(kind: CrashKind) => void>();
  #alive = true;
  #paused = false;
  #waiting: (() => void)[] = [];

  constructor(dependencies: { readonly schedule: Schedule }, options: { readonly name: string }) {
    this.#schedule = dependencies.schedule;
    this.name = options.name;
  }

  get alive(): boolean {
    return this.#alive;
  }

  get paused(): boolean {
    return this.#paused;
  }

  /** Calls back after `delayMs` of world time, later when paused then, never when it has crashed. */
  schedule(delayMs: number, label: string, callback: () => void): Timer {
    if (!this.#alive) return NOTHING;
    let cancelled = false;
    const run = (): void => {
      if (!cancelled) callback();
    };
    const timer = this.#schedule(delayMs, `${this.name} ${label}`, () => this.run(run));
    return {
      cancel: () => {
        cancelled = true;
        timer.cancel();
      },
    };
  }

  /** Runs the program's code: now, once it is no longer paused, or never. */
  run(callback: () => void): void {
    if (!this.#alive) return;
    if (!this.#paused) {
      callback();
      return;
    }
    if (this.#waiting.length >= WAITING_MAX) throw new Error(`${this.name}: paused for too long`);
    this.#waiting.push(callback);
  }

  /** Resolves after `delayMs` of world time, if it lives to see it. */
  delay(delayMs: number, label: string): Promise<void> {
    return new Promise((resolve) => {
      this.schedule(delayMs, label, resolve);
    });
  }

  /**
   * For ports, which let go of what the program held. Called once, by the crash itself, unless the
   * returned function was called before.
   */
  onEnd(callback: (kind: CrashKind) => void): () => void {
    this.#onEnd.add(callback);
    return () => this.#onEnd.delete(callback);
  }

  end(kind: CrashKind): void {
    if (!this.#alive) return;
    this.#alive = false;
    this.#waiting = [];
    for (const callback of this.#onEnd) callback(kind);
  }

  pause(): void {
    this.#paused = true;
  }

  /** What waited runs in its order, one event each, before anything that comes later. */
  resume(): void {
    if (!this.#paused) return;
    this.#paused = false;
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const callback of waiting) this.schedule(0, 'resumed', callback);
  }
}
