/**
 * What becomes of disks: they hang, fill up, lose what was on them. Lost writes of a power cut, slow
 * and failing syncs are the disk's own. Only so many are damaged as the cluster can lose.
 */
import { damageDisk } from '#internal/runtime/simulated/disk-damage.ts';
import { drawMs, type FaultClasses, type Recurring } from './raft-faults.ts';
import type { RaftFleet } from './raft-fleet.ts';
import type { RaftMachine } from './raft-machine.ts';
import { type Classes, type NemesisMeans, Strikes } from './raft-nemesis.ts';
import type { Witness } from './raft-witness.ts';

export type DiskCounts = {
  hungDisks: number;
  fullDisks: number;
  bitsRotten: number;
  blocksZeroed: number;
  writesMisdirected: number;
  filesLost: number;
};

const counterOf = {
  'bit-rot': 'bitsRotten',
  zeroed: 'blocksZeroed',
  misdirected: 'writesMisdirected',
  'lost-file': 'filesLost',
} as const;

export class DiskNemesis {
  readonly counts: DiskCounts = {
    hungDisks: 0,
    fullDisks: 0,
    bitsRotten: 0,
    blocksZeroed: 0,
    writesMisdirected: 0,
    filesLost: 0,
  };
  readonly #fleet: RaftFleet;
  readonly #witness: Witness;
  readonly #classes: Classes;
  readonly #hungDisks: Strikes;
  readonly #fullDisks: Strikes;
  readonly #damage: Strikes;
  readonly #wipes: Strikes;

  constructor(means: NemesisMeans & { readonly isOver: () => boolean }, classes: Classes) {
    this.#fleet = means.fleet;
    this.#witness = means.witness;
    this.#classes = classes;
    this.#hungDisks = new Strikes(means, { name: 'hungDisks' });
    this.#fullDisks = new Strikes(means, { name: 'fullDisks' });
    this.#damage = new Strikes(means, { name: 'damage' });
    this.#wipes = new Strikes(means, { name: 'wipes' });
  }

  begin(): void {
    const { hungDisks, fullDisks, damage, wipes } = this.#classes;
    if (hungDisks !== undefined)
      this.#hungDisks.every(hungDisks.every, () => this.#hang(hungDisks));
    if (fullDisks !== undefined)
      this.#fullDisks.every(fullDisks.every, () => this.#fill(fullDisks));
    if (damage !== undefined) this.#damage.every(damage.every, () => this.#damageOne(damage));
    if (wipes !== undefined) this.#wipes.every(wipes.every, () => this.#wipe());
  }

  #hang({ lasts }: Recurring): void {
    const { random } = this.#hungDisks;
    const [leader] = this.#fleet.leaders;
    const aimed = random.oneIn(2) ? leader : undefined;
    const victim = aimed ?? this.#hungDisks.pick(this.#fleet.machines);
    victim?.disk.hang(drawMs(random, lasts));
    this.counts.hungDisks++;
  }

  #fill({ lasts }: Recurring): void {
    const { random } = this.#fullDisks;
    const disk = this.#fullDisks.pick(this.#fleet.machines)?.disk;
    if (disk === undefined) return;
    this.counts.fullDisks++;
    disk.setCapacity(disk.usedBytes + random.below(1 << (1 + random.below(16))));
    this.#fullDisks.later(drawMs(random, lasts), () => disk.setCapacity(Infinity));
  }

  /**
   * Stopped in good order first. After a power cut the log may take damage to its very last write for
   * a torn one (`storage/wal/DESIGN.md`), and nobody could tell.
   */
  #damageOne({ lasts, kinds }: FaultClasses['damage']): void {
    const victim = this.#expendable(this.#damage);
    if (victim?.program === undefined) return;
    const { life } = victim.program;
    const stopped = victim.stop();
    stopped.catch((error: unknown) => this.#witness.fail(`${victim.name} did not stop`, error));
    let isInOrder = false;
    void stopped.then((ended) => void (isInOrder = ended));
    const { random } = this.#damage;
    this.#damage.later(3000, () => {
      if (life.alive) victim.crash('process');
    });
    life.onEnd(() => {
      const downMs = drawMs(random, lasts);
      this.#damage.later(downMs, () => {
        const kind = this.#damage.pick(kinds);
        const isUp = victim.program !== undefined;
        if (kind === undefined || isUp || !isInOrder) return victim.start();
        if (this.#fleet.canDoWithout(new Set([victim.id]))) {
          const done = damageDisk(victim.disk, kind, random);
          if (done !== undefined) {
            victim.damaged();
            this.counts[counterOf[kind]]++;
          }
        }
        victim.start();
      });
    });
  }

  #wipe(): void {
    const victim = this.#expendable(this.#wipes);
    if (victim !== undefined && this.#fleet.isWellKnown(victim.id)) this.#fleet.wipe(victim);
  }

  /** A sound machine that the cluster can do without for ever. */
  #expendable(strikes: Strikes): RaftMachine | undefined {
    const sound = this.#fleet.machines.filter(({ condition }) => condition === 'sound');
    return strikes.pick(sound.filter(({ id }) => this.#fleet.canDoWithout(new Set([id]))));
  }
}
