/**
 * Proposals that nobody tries again, to whoever claims to lead. Some claims are wrong, and some answers
 * never come: that is the point.
 */
import type { Random } from '#internal/base/random.ts';
import type { SimulatedWorld } from '#internal/runtime/simulated/world.ts';
import type { Proposal } from '#raft/node/replicated-log.ts';
import { encodeSessionEntry } from '#raft/node/session-entry.ts';
import { drawMs, type Span } from './raft-faults.ts';
import type { RaftFleet } from './raft-fleet.ts';
import type { Program } from './raft-machine.ts';
import { encodeCommand } from './raft-register.ts';
import type { Witness } from './raft-witness.ts';

type Dependencies = {
  readonly world: SimulatedWorld;
  readonly fleet: RaftFleet;
  readonly witness: Witness;
};

export class RaftWorkload {
  readonly counts = { proposed: 0, acknowledged: 0, refused: 0, refusedBusy: 0, refusedFull: 0 };
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
      for (const { program } of this.#dependencies.fleet.leaders) {
        if (program !== undefined) this.propose(program);
      }
      this.begin();
    });
  }

  end(): void {
    this.#isOver = true;
  }

  /** Calls back if a client is told that its command was applied. */
  propose({ life, node }: Program, onApplied: () => void = () => {}): void {
    this.#serial += 1;
    const padding = this.#random.oneIn(10) ? this.#random.below(2000) : this.#random.below(100);
    const command = encodeCommand({ kind: 'fill', serial: this.#serial }, padding);
    const data = encodeSessionEntry({ kind: 'plain', data: command });
    const { witness } = this.#dependencies;
    const tell = (told: Proposal): void => {
      if (told.kind === 'refused') {
        this.counts.refused += 1;
        if (told.reason === 'busy') this.counts.refusedBusy += 1;
        if (told.reason === 'full') this.counts.refusedFull += 1;
        return;
      }
      this.counts.acknowledged += 1;
      witness.see((safety) => safety.acknowledged(told.index, told.term, data));
      onApplied();
    };
    this.counts.proposed += 1;
    life.run(() => {
      node
        .propose(data)
        .then(tell, (error: unknown) => witness.fail('a proposal broke off', error));
    });
  }
}
