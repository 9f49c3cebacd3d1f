/**
 * Whoever runs the cluster: asks for other voters, brings new machines and takes old ones away, replaces
 * those whose disks are damaged, hands leadership on. Often at a bad moment, and to the wrong one.
 */
import type { NodeId } from '#raft/core/types.ts';
import { handOver } from '#raft/node/hand-over.ts';
import type { MembershipOutcome } from '#raft/node/membership.ts';
import type { RaftFleet } from './raft-fleet.ts';
import type { Program, RaftMachine } from './raft-machine.ts';
import { type Classes, type NemesisMeans, Strikes } from './raft-nemesis.ts';
import type { Witness } from './raft-witness.ts';

export type OperatorCounts = {
  membershipAsked: number;
  membershipDone: number;
  membershipRefused: number;
  /** For ids that were removed once. */
  usedIdsRefused: number;
  /** For sets that could not lose a node. */
  noSpareRefused: number;
  handOversAsked: number;
  handOversDone: number;
};

export class RaftOperator {
  readonly counts: OperatorCounts = {
    membershipAsked: 0,
    membershipDone: 0,
    membershipRefused: 0,
    usedIdsRefused: 0,
    noSpareRefused: 0,
    handOversAsked: 0,
    handOversDone: 0,
  };
  readonly #fleet: RaftFleet;
  readonly #witness: Witness;
  readonly #classes: Classes;
  readonly #membership: Strikes;
  readonly #transfers: Strikes;

  constructor(means: NemesisMeans & { readonly isOver: () => boolean }, classes: Classes) {
    this.#fleet = means.fleet;
    this.#witness = means.witness;
    this.#classes = classes;
    this.#membership = new Strikes(means, { name: 'membership' });
    this.#transfers = new Strikes(means, { name: 'transfers' });
  }

  begin(): void {
    const { membership, transfers } = this.#classes;
    if (membership !== undefined) this.#membership.every(membership.every, () => this.#change());
    if (transfers !== undefined) this.#transfers.every(transfers.every, () => this.#transfer());
  }

  #change(): void {
    this.#giveUpRemoved();
    const program = this.#membership.pick(this.#fleet.leaders)?.program;
    if (program === undefined || this.#fleet.wanted !== undefined) return;
    const { random } = this.#membership;
    if (random.oneIn(2)) this.#fleet.join();
    const voters = this.#drawVoters(program);
    const acceptNoSpare = voters.length === 1 || random.oneIn(4);
    // Whoever accepts that must know that they live.
    if (voters.length === 0 || (acceptNoSpare && !this.#areUp(voters))) return;
    this.counts.membershipAsked++;
    this.#fleet.wanted = voters;
    this.#fleet.asked = program.node.status().id;
    void this.#await(program, program.membership.change({ voters, acceptNoSpare }));
  }

  /** Now and then somebody is named who was removed before. */
  #drawVoters({ book }: Program): readonly NodeId[] {
    const { random } = this.#membership;
    const retired = book.retired();
    const sound = this.#fleet.machines.filter(({ condition }) => condition === 'sound');
    const fit = sound.map(({ id }) => id).filter((id) => !retired.includes(id));
    const size = this.#membership.pick([1, 3, 3, 5, 5] as const) ?? 3;
    const voters = this.#membership.shuffled(fit).slice(0, size);
    const used = random.oneIn(8) ? this.#membership.pick(retired) : undefined;
    return used === undefined ? voters : [...voters, used];
  }

  #areUp(ids: readonly NodeId[]): boolean {
    return ids.every((id) => this.#fleet.machine(id)?.program !== undefined);
  }

  /** What a leader that died has begun is never answered. */
  async #await({ life }: Program, changing: Promise<MembershipOutcome>): Promise<void> {
    const { promise: died, resolve } = Promise.withResolvers<undefined>();
    life.onEnd(() => resolve(undefined));
    try {
      this.#count(await Promise.race([changing, died]));
    } catch (error) {
      this.#witness.fail('a change of the membership broke off', error);
    }
    this.#fleet.wanted = undefined;
  }

  #count(outcome: MembershipOutcome | undefined): void {
    if (outcome === undefined) return;
    if (outcome.kind === 'done') {
      this.counts.membershipDone++;
      return;
    }
    this.counts.membershipRefused++;
    if (outcome.refusal.kind === 'id-used') this.counts.usedIdsRefused++;
    if (outcome.refusal.kind === 'no-spare') this.counts.noSpareRefused++;
  }

  /** Some of those whom no member needs any more; the others stay, and annoy. */
  #giveUpRemoved(): void {
    for (const machine of this.#fleet.machines) {
      if (this.#isNeeded(machine) || !this.#membership.random.oneIn(3)) continue;
      this.#fleet.giveUp(machine);
    }
  }

  #isNeeded({ id }: RaftMachine): boolean {
    return this.#fleet.configurations.some(({ voters, outgoing, learners, learnersNext }) =>
      [voters, outgoing, learners, learnersNext].some((ids) => ids.includes(id)),
    );
  }

  #transfer(): void {
    const program = this.#transfers.pick(this.#fleet.leaders)?.program;
    if (program === undefined) return;
    const to = this.#transfers.random.oneIn(3)
      ? undefined
      : this.#transfers.pick(this.#fleet.machines)?.id;
    this.counts.handOversAsked++;
    void this.#handOver(program, to);
  }

  async #handOver({ node }: Program, to: NodeId | undefined): Promise<void> {
    try {
      const { kind } = await handOver(node, to === undefined ? {} : { to });
      if (kind === 'done') this.counts.handOversDone++;
    } catch (error) {
      this.#witness.fail('a hand-over broke off', error);
    }
  }
}
