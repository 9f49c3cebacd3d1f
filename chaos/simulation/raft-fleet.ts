/**
 * The machines of a run, those that join and those that are given up; and how many of them may be
 * damaged. Each configuration that is in force, or may come into force, must keep a majority of sound
 * disks: what is decided must be known somewhere, or no program could be right.
 */
import { assert } from '#internal/base/assert.ts';
import { brand } from '#internal/base/brand.ts';
import type { Random } from '#internal/base/random.ts';
import { afterChange, type Configuration, isQuorum } from '#chaos/checkers/raft-configurations.ts';
import type { SimulatedDisk } from '#internal/runtime/simulated/disk.ts';
import { confChangeOf } from '#raft/core/confchange-codec.ts';
import type { ConfState, NodeId } from '#raft/core/types.ts';
import type { RaftFaults } from './raft-faults.ts';
import { type MachineDependencies, RaftMachine } from './raft-machine.ts';

/** A fleet does not grow without end. */
const machinesMax = 16;

export class RaftFleet {
  readonly counts = { joined: 0, givenUp: 0, wiped: 0 };
  /** Voters that somebody is being asked for. */
  wanted: readonly NodeId[] | undefined;
  /** The machine that was asked for it last. */
  asked: NodeId | undefined;
  readonly #dependencies: MachineDependencies;
  readonly #faults: RaftFaults;
  readonly #initial: ConfState;
  readonly #clocks: Random;
  readonly #machines = new Map<NodeId, RaftMachine>();
  readonly #disks: SimulatedDisk[] = [];
  #newest = 0;

  constructor(dependencies: MachineDependencies, faults: RaftFaults) {
    this.#dependencies = dependencies;
    this.#faults = faults;
    this.#initial = initialConf(faults);
    this.#clocks = dependencies.world.random('clocks');
    for (const id of this.#initial.voters) this.#add(id, { bootstrap: this.#initial });
    this.#newest = this.#initial.voters.length;
  }

  /** All that were not given up. */
  get machines(): readonly RaftMachine[] {
    return [...this.#machines.values()];
  }

  /** Of all machines that ever were. */
  get disks(): readonly SimulatedDisk[] {
    return this.#disks;
  }

  get leaders(): readonly RaftMachine[] {
    return this.machines.filter(({ isLeader }) => isLeader);
  }

  machine(id: NodeId): RaftMachine | undefined {
    return this.#machines.get(id);
  }

  isSound(id: NodeId): boolean {
    return this.#machines.get(id)?.condition === 'sound';
  }

  /** A new machine, with an id that was never used, waits to be told who the voters are. */
  join(): RaftMachine | undefined {
    if (this.#newest >= machinesMax) return undefined;
    this.#newest += 1;
    this.counts.joined += 1;
    const id = brand<NodeId>(this.#newest);
    this.#dependencies.witness.safety.joined(id);
    const machine = this.#add(id, { bootstrap: { ...this.#initial, voters: [] } });
    machine.start();
    return machine;
  }

  /** The disk of `machine` is gone; it comes back under its old id. */
  wipe(machine: RaftMachine): void {
    const { id } = machine;
    // Told that it is alone, it would begin a cluster of its own, and be right.
    const isFirst = this.#initial.voters.includes(id) && this.#initial.voters.length > 1;
    this.counts.wiped += 1;
    machine.giveUp();
    this.#dependencies.witness.safety.lost(id);
    const bootstrap = isFirst ? this.#initial : { ...this.#initial, voters: [] };
    this.#add(id, { bootstrap, isWiped: true }).start();
  }

  /**
   * Whether all others have met `id`: who never did cannot know that it was another one before. Those
   * who were left behind count too, for they may take it for a voter still.
   */
  isWellKnown(id: NodeId): boolean {
    const others = this.machines.filter((other) => other.id !== id);
    return others.every(({ program }) => program?.book.hasMet(id) === true);
  }

  giveUp(machine: RaftMachine): void {
    this.counts.givenUp += 1;
    machine.giveUp();
    this.#machines.delete(machine.id);
  }

  /** Configurations that are in force somewhere, or whose turn may come. */
  get configurations(): readonly Configuration[] {
    const { safety } = this.#dependencies.witness;
    const decided = safety.configuration;
    const begun = this.machines.flatMap(({ id }) => {
      let conf = decided;
      const changes = safety.undecidedChanges(id).map(confChangeOf);
      return changes.map((change) => (conf = afterChange(conf, change)));
    });
    const wanted = this.wanted && { ...decided, voters: this.wanted, outgoing: decided.voters };
    // Until a voter has it on disk that a change was decided, it needs those who decided it.
    const known = decided.voters.map((id) => safety.configurationOnDisk(id));
    return [decided, ...known, ...begun, ...(wanted === undefined ? [] : [wanted])];
  }

  /** Whether every configuration could do without `lost` and all that are not sound. */
  canDoWithout(lost: ReadonlySet<NodeId>): boolean {
    const isThere = (id: NodeId): boolean => this.isSound(id) && !lost.has(id);
    return this.configurations.every((conf) => isQuorum(conf, isThere));
  }

  #add(
    id: NodeId,
    { bootstrap, isWiped = false }: { readonly bootstrap: ConfState; readonly isWiped?: boolean },
  ): RaftMachine {
    const { limits, classes } = this.#faults;
    const share = classes.drift?.share ?? 0;
    const machine = new RaftMachine(this.#dependencies, {
      id,
      bootstrap,
      limits,
      isWiped,
      syncMsMax: classes.slowDisks?.syncMsMax ?? 10,
      syncFails: classes.syncFailures?.chance ?? 0,
      clockRate: 1 + (share * (this.#clocks.below(201) - 100)) / 100,
    });
    this.#machines.set(id, machine);
    this.#disks.push(machine.disk);
    return machine;
  }
}

export function initialConf({ size }: RaftFaults): ConfState {
  assert(size > 0, 'a cluster of nobody');
  const voters = Array.from({ length: size }, (_, i) => brand<NodeId>(i + 1));
  return { voters, outgoing: [], learners: [], learnersNext: [], autoLeave: false };
}
