/**
 * All laws of the cluster, and the first one that a run breaks. Checks happen inside of the programs
 * that are checked, so they must not throw into them: those might catch it.
 */
import { AgreementLaws } from '#chaos/checkers/cluster-agreement.ts';
import { type Capacity, ContainerLaws } from '#chaos/checkers/cluster-containers.ts';
import { FencingLaws } from '#chaos/checkers/cluster-fencing.ts';
import { UpdateLaws } from '#chaos/checkers/cluster-updates.ts';
import { RaftSafety } from '#chaos/checkers/raft-safety.ts';
import type { State } from '#internal/state/state.ts';
import type { ConfState } from '#raft/core/types.ts';
import { FrameworkLaws } from '#chaos/checkers/cluster-frameworks.ts';
import { OfferLaws } from '#chaos/checkers/cluster-offers.ts';
import { OperationLaws } from '#chaos/checkers/cluster-operations.ts';
import { VolumeFolderLaws } from '#chaos/checkers/cluster-volume-folders.ts';
import { VolumeLaws } from '#chaos/checkers/cluster-volumes.ts';
import { StoreLaws } from '#chaos/checkers/cluster-stores.ts';
import { Violation } from '#chaos/checkers/violation.ts';

export type ClusterLaws = {
  readonly raft: RaftSafety;
  readonly agreement: AgreementLaws;
  readonly containers: ContainerLaws;
  readonly fencing: FencingLaws;
  readonly frameworks: FrameworkLaws;
  readonly offers: OfferLaws;
  readonly operations: OperationLaws;
  readonly stores: StoreLaws;
  readonly updates: UpdateLaws;
  readonly volumeFolders: VolumeFolderLaws;
  readonly volumes: VolumeLaws;
};

export type WitnessOptions = {
  readonly capacity: Capacity;
  /** The masters. */
  readonly members: ConfState;
  /** How far their clocks are off at most: 0.1 is a tenth. */
  readonly drift: number;
};

/** Indexes between two comparisons of whole states. */
const digestEvery = 32;

export class ClusterWitness {
  readonly laws: ClusterLaws;
  /** The newest state that any master came to. */
  newest: State | undefined;
  /** Agents whose books a leader has compared with its own. */
  booksCompared = 0;
  #violation: Violation | undefined;

  constructor(_dependencies: object, { capacity, members, drift }: WitnessOptions) {
    const containers = new ContainerLaws({}, { capacity });
    this.laws = {
      raft: new RaftSafety({}, { initial: members }),
      containers,
      agreement: new AgreementLaws({}, { every: digestEvery }),
      frameworks: new FrameworkLaws({}, { drift }),
      offers: new OfferLaws(),
      operations: new OperationLaws(),
      fencing: new FencingLaws(),
      stores: new StoreLaws(),
      updates: new UpdateLaws({ ownerOf: (task) => containers.ownerOf(task) }, {}),
      volumeFolders: new VolumeFolderLaws(),
      volumes: new VolumeLaws(),
    };
  }

  get violation(): Violation | undefined {
    return this.#violation;
  }

  see(check: (laws: ClusterLaws) => void): void {
    if (this.#violation !== undefined) return;
    try {
      check(this.laws);
    } catch (error) {
      this.#violation = error instanceof Violation ? error : wrap('a check failed', error);
    }
  }

  /** Something that must not happen to a program: a failed assertion, a lost rejection. */
  fail(what: string, cause: unknown): void {
    this.#violation ??= wrap(what, cause);
  }

  /** What should have come to pass did not, or not as it should. */
  refute(rule: 'liveness' | 'truth', what: string): void {
    this.#violation ??= new Violation(rule, what);
  }
}

function wrap(what: string, cause: unknown): Violation {
  const why = cause instanceof Error ? cause.message : String(cause);
  return new Violation('fault', `${what}: ${why}`, { cause });
}
