/**
 * Keeps the first violation of a run, and what clients were told. Checks happen inside of the programs
 * that are checked, so they must not throw into them: those might catch it.
 */
import { History } from '#chaos/checkers/history.ts';
import { RaftSafety } from '#chaos/checkers/raft-safety.ts';
import { RegisterOracle } from '#chaos/checkers/register-oracle.ts';
import { Violation } from '#chaos/checkers/violation.ts';
import type { ConfState } from '#raft/core/types.ts';

export class Witness {
  readonly safety: RaftSafety;
  readonly oracle: RegisterOracle = new RegisterOracle();
  readonly history: History = new History();
  #violation: Violation | undefined;

  constructor(_dependencies: object, options: { readonly initial: ConfState }) {
    this.safety = new RaftSafety({}, options);
  }

  get violation(): Violation | undefined {
    return this.#violation;
  }

  see(check: (safety: RaftSafety, oracle: RegisterOracle) => void): void {
    if (this.#violation !== undefined) return;
    try {
      check(this.safety, this.oracle);
    } catch (error) {
      this.#violation = error instanceof Violation ? error : wrap('a check failed', error);
    }
  }

  /** Something that must not happen to a program: a failed assertion, a lost rejection. */
  fail(what: string, cause: unknown): void {
    this.#violation ??= wrap(what, cause);
  }

  /** What should have come to pass did not. */
  stall(what: string): void {
    this.#violation ??= new Violation('liveness', what);
  }
}

function wrap(what: string, cause: unknown): Violation {
  const why = cause instanceof Error ? cause.message : String(cause);
  return new Violation('fault', `${what}: ${why}`, { cause });
}
