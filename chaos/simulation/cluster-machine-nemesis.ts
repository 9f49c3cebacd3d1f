/**
 * What becomes of machines themselves, beside their ends: disks hang, fill up and fail to sync, wall clocks
 * are set, and masters are upgraded one by one, now and then back to what they ran before. Each class has
 * luck of its own.
 */
import type { Random } from '#internal/base/random.ts';
import type { SimulatedDisk } from '#internal/runtime/simulated/disk.ts';
import type { SimulatedWorld } from '#internal/runtime/simulated/world.ts';
import { newestVersion } from '#internal/state/version.ts';
import type { ClusterFaults } from './cluster-faults.ts';
import { drawMs, type Recurring, type Span } from './raft-faults.ts';

export type MachineCounts = {
  'disks-hung': number;
  'disks-full': number;
  'syncs-failed': number;
  'clocks-set': number;
  'masters-upgraded': number;
  'masters-downgraded': number;
};

type Machine = { readonly disk: SimulatedDisk; jumpClock(byMs: number): void };
type Upgradable = Machine & {
  knownVersion: number;
  start(): void;
  crash(kind: 'process' | 'power'): void;
};

type Dependencies = {
  readonly world: SimulatedWorld;
  readonly masters: readonly Upgradable[];
  readonly agents: readonly Machine[];
  /** A master's clock was set. */
  readonly onClockSet: (byMs: number) => void;
};

const jumpMsMax = 20_000;
const restartMs = 100;

export class ClusterMachineNemesis {
  readonly counts: MachineCounts = {
    'disks-hung': 0,
    'disks-full': 0,
    'syncs-failed': 0,
    'clocks-set': 0,
    'masters-upgraded': 0,
    'masters-downgraded': 0,
  };
  readonly #with: Dependencies;
  readonly #faults: ClusterFaults;
  #isOver = false;

  constructor(dependencies: Dependencies, faults: ClusterFaults) {
    this.#with = dependencies;
    this.#faults = faults;
    for (const master of dependencies.masters) {
      master.knownVersion = faults.olderVersion ?? newestVersion;
    }
  }

  begin(): void {
    const { hungDisks, fullDisks, failedSyncs, clockJumps, olderVersion, upgrades } = this.#faults;
    this.#recur('hung disks', hungDisks, ({ disk }, random, { lasts }) => {
      this.counts['disks-hung']++;
      disk.hang(drawMs(random, lasts));
    });
    this.#recur('full disks', fullDisks, ({ disk }, random, { lasts }) => {
      this.counts['disks-full']++;
      disk.setCapacity(disk.usedBytes + random.below(1 << (1 + random.below(14))));
      this.#later(drawMs(random, lasts), () => disk.setCapacity(Infinity));
    });
    this.#recur('failed syncs', failedSyncs, ({ disk }) => {
      this.counts['syncs-failed']++;
      disk.failNextSync();
    });
    this.#recur('clocks', oftenAs(clockJumps), (machine, random) => {
      const byMs = random.below(2 * jumpMsMax) - jumpMsMax;
      this.counts['clocks-set']++;
      machine.jumpClock(byMs);
      if (this.#with.masters.some((master) => master === machine)) this.#with.onClockSet(byMs);
    });
    if (olderVersion !== undefined) this.#upgrade(this.#with.world.random('upgrades'), upgrades);
  }

  /** Disks are well, and everybody has the newest program. Clocks stay as they are. */
  end(): void {
    this.#isOver = true;
    const { masters, agents } = this.#with;
    for (const { disk } of [...masters, ...agents]) {
      disk.setCapacity(Infinity);
      disk.hang(0);
    }
    for (const master of masters) {
      if (master.knownVersion < newestVersion) this.#install(master, newestVersion);
    }
  }

  #recur(
    name: string,
    when: Recurring | undefined,
    strike: (machine: Machine, random: Random, when: Recurring) => void,
  ): void {
    if (when === undefined) return;
    const random = this.#with.world.random(`nemesis of ${name}`);
    const again = (): void =>
      this.#later(drawMs(random, when.every), () => {
        const { masters, agents } = this.#with;
        const struck = random.oneIn(2) ? masters : agents;
        const machine = struck[random.below(struck.length)];
        if (machine !== undefined) strike(machine, random, when);
        again();
      });
    again();
  }

  /** One that has the older program gets the newest; when none is left, one goes back and is refused. */
  #upgrade(random: Random, every: Span): void {
    this.#later(drawMs(random, every), () => {
      const { masters } = this.#with;
      const old = masters.find(({ knownVersion }) => knownVersion < newestVersion);
      const one = masters[random.below(masters.length)];
      if (old !== undefined) {
        this.counts['masters-upgraded']++;
        this.#install(old, newestVersion);
      } else if (one !== undefined && random.oneIn(3)) {
        this.counts['masters-downgraded']++;
        this.#install(one, this.#faults.olderVersion ?? newestVersion);
      }
      this.#upgrade(random, every);
    });
  }

  #install(master: Upgradable, version: number): void {
    master.crash('process');
    master.knownVersion = version;
    this.#with.world.schedule(restartMs, 'another program is started', () => master.start());
  }

  #later(delayMs: number, strike: () => void): void {
    this.#with.world.schedule(delayMs, 'nemesis of machines', () => {
      if (!this.#isOver) strike();
    });
  }
}

const oftenAs = (every: Span | undefined): Recurring | undefined =>
  every && { every, lasts: { minMs: 0, maxMs: 1 } };
