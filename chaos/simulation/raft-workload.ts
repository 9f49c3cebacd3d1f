/**
 * Clients that propose commands with serial numbers of their own to whoever claims to lead, and
 * remember what they were told. Some claims are wrong, and some answers never come: that is the point.
 */
import type { Random } from '#internal/base/random.ts';
import type { SimulatedWorld } from '#internal/runtime/simulated/world.ts';
import { drawMs, type Span } from './raft-faults.ts';
import type { Proposal } from '#raft/node/replicated-log.ts';
import type { RaftMachine } from './raft-machine.ts';
import type { Witness } from './raft-witness.ts';

type Dependencies = {
  readonly world: SimulatedWorld;
  readonly machines: readonly RaftMachine[];
  readonly witness: Witness;
};

export class RaftWorkload {
  readonly counts: { proposed: number; acknowledged: number; refused: number } = {
    proposed: 0,
    acknowledged: 0,
    refused: 0,
  };
  readonly #dependencies: Dependencies;
  readonly #every: Span;
  readonly #random: Random;
  #serial = 0;
  #isOver = false;

  constructor(dependencies: Dependencies, options: { readonly every: Span }) {
    this.#dependencies = dependencies;
    this.#every = options.every;
    this.#random = dependencies.world.random('workload');
  }

  begin(): void {
    this.#dependencies.world.schedule(drawMs(this.#random, this.#every), 'client', () => {
      if (this.#isOver) return;
      for (const machine of this.#dependencies.machines) {
        if (machine.isLeader) this.propose(machine);
      }
      this.begin();
    });
  }

  end(): void {
    this.#isOver = true;
  }

  /** Calls back if a client is told that its command was applied. */
  propose(machine: RaftMachine, onApplied: () => void = () => {}): void {
    this.#serial += 1;
    const data = new TextEncoder().encode(`${this.#serial}`);
    const { witness } = this.#dependencies;
    const tell = (told: Proposal): void => {
      if (told.kind === 'refused') {
        this.counts.refused += 1;
        return;
      }
      this.counts.acknowledged += 1;
      witness.see((safety) => safety.acknowledged(told.index, told.term, data));
      onApplied();
    };
    const proposal = machine.propose(data);
    if (proposal === undefined) return;
    this.counts.proposed += 1;
    proposal.then(tell, (error: unknown) => witness.fail('a proposal broke off', error));
  }
}
