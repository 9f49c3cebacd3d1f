/**
 * A machine's disk, which outlives the programs that use it; `files.ts` is what they see of it.
 * Takes every liberty that the port allows: on a power cut, unsynced writes are kept, lost or torn
 * and unsynced names forgotten; it fills up; it hangs; syncs fail; everything takes virtual time.
 * What it does against all promises is in `disk-damage.ts`.
 *
 * `counts` says which of these struck.
 */
import { assert } from '#internal/base/assert.ts';
import type { Random } from '#internal/base/random.ts';
import { FilesError } from '../files.ts';
import { DiskNames } from './disk-names.ts';
import type { Life } from './life.ts';
import type { SimulatedWorld } from './world.ts';

export type DiskOptions = {
  readonly name: string;
  /** Greatest time of a read, write or change of names; evenly drawn. */
  readonly accessMsMax?: number;
  /** Greatest time of a sync; evenly drawn. */
  readonly syncMsMax?: number;
  /** Chance of a sync to fail with `EIO`. */
  readonly syncFails?: number;
  readonly capacityBytes?: number;
};

export type DiskCounts = {
  lost: number;
  torn: number;
  namesForgotten: number;
  syncsFailed: number;
  full: number;
  /** Accesses and syncs that waited for a disk that hung. */
  hung: number;
};

export class SimulatedDisk {
  readonly names: DiskNames = new DiskNames();
  readonly counts: DiskCounts = {
    lost: 0,
    torn: 0,
    namesForgotten: 0,
    syncsFailed: 0,
    full: 0,
    hung: 0,
  };
  /** Lock files and who has them. */
  readonly locks: Map<string, Life> = new Map();
  readonly #world: SimulatedWorld;
  readonly #random: Random;
  readonly #accessMsMax: number;
  #syncMsMin = 0;
  #syncMsMax: number;
  #syncFails: number;
  #syncsToFail = 0;
  #hungUntilMs = 0;
  /** Calls back those who wait for a disk that hangs. */
  #waiting: (() => void)[] = [];
  #capacityBytes: number;
  #mounted: Life | undefined;

  constructor({ world }: { readonly world: SimulatedWorld }, options: DiskOptions) {
    this.#world = world;
    this.#random = world.random(`disk/${options.name}`);
    this.#accessMsMax = options.accessMsMax ?? 0.2;
    this.#syncMsMax = options.syncMsMax ?? 5;
    this.#syncFails = options.syncFails ?? 0;
    this.#capacityBytes = options.capacityBytes ?? Infinity;
  }

  /** From now on `life` uses it, and its end by a power cut loses what was not synced. */
  mount(life: Life): void {
    assert(this.#mounted?.alive !== true, `the disk of ${life.name} is in use`);
    this.#mounted = life;
    life.onEnd((kind) => {
      if (kind === 'power') this.#loseUnsynced();
    });
  }

  setCapacity(bytes: number): void {
    this.#capacityBytes = bytes;
  }

  /** What is asked of it from now on waits so long, or until it is told another time. */
  hang(durationMs: number): void {
    this.#hungUntilMs = this.#world.nowMs + durationMs;
    if (durationMs === 0) this.#goOn();
    else this.#world.schedule(durationMs, 'disk goes on', () => this.#goOn());
  }

  setSyncFails(chance: number): void {
    this.#syncFails = chance;
  }

  /** From now on syncs take so long, evenly drawn; the one on its way keeps its fate. */
  setSyncMs(syncMsMin: number, syncMsMax: number): void {
    assert(syncMsMin <= syncMsMax, 'the shortest sync is longer than the longest');
    this.#syncMsMin = syncMsMin;
    this.#syncMsMax = syncMsMax;
  }

  /** The next sync fails, whatever the chances. */
  failNextSync(): void {
    this.#syncsToFail++;
  }

  /** Bytes of all files. */
  get usedBytes(): number {
    let usedBytes = 0;
    for (const content of this.names.files('live')) usedBytes += content.sizeBytes;
    return usedBytes;
  }

  get freeBytes(): number {
    return Math.max(0, this.#capacityBytes - this.usedBytes);
  }

  /** Waits for the disk; never resolves once `life` is over. */
  async access(life: Life, what: string): Promise<void> {
    await this.#whileHung(life);
    await life.delay(this.#drawMs(this.#accessMsMax), `disk ${what}`);
  }

  /** Waits for a sync and says whether it succeeded. */
  async sync(life: Life): Promise<boolean> {
    await this.#whileHung(life);
    const syncMs = this.#syncMsMin + this.#drawMs(this.#syncMsMax - this.#syncMsMin);
    await life.delay(syncMs, 'disk sync');
    const fails = this.#syncsToFail > 0 || this.#random.chance(this.#syncFails);
    if (!fails) return true;
    this.#syncsToFail = Math.max(0, this.#syncsToFail - 1);
    this.counts.syncsFailed++;
    return false;
  }

  /** How many of `wanted` more bytes fit; counts when not all do. */
  room(wanted: number): number {
    if (wanted <= 0 || this.#capacityBytes === Infinity) return wanted;
    const free = this.freeBytes;
    if (wanted > free) this.counts.full++;
    return Math.min(wanted, free);
  }

  async #whileHung(life: Life): Promise<void> {
    while (this.#world.nowMs < this.#hungUntilMs) {
      this.counts.hung++;
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#waiting.push(() => life.run(resolve));
      await promise;
    }
  }

  #goOn(): void {
    if (this.#world.nowMs < this.#hungUntilMs) return;
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const resume of waiting) resume();
  }

  #drawMs(msMax: number): number {
    return (msMax * this.#random.below(1_000_001)) / 1_000_000;
  }

  #loseUnsynced(): void {
    for (const content of this.names.files('all')) content.loseUnsynced(this.#random, this.counts);
    this.counts.namesForgotten += this.names.loseUnsynced(this.#random);
  }
}

export function diskFull(path: string): FilesError {
  return new FilesError('ENOSPC', `no space left on the disk of ${path}`);
}
