/** What frameworks kept in their stores, and found there: linearizable, each framework's for itself. */
import { History } from './history.ts';
import { judgeRegisters, wordsOf } from './linearizable-registers.ts';
import { Violation } from './violation.ts';

/** Beyond it a history is not judged. */
const statesMax = 200_000;

export class StoreLaws {
  readonly #histories = new Map<string, History>();

  /** A framework's, by the name of its scheduler. */
  of(owner: string): History {
    const known = this.#histories.get(owner);
    if (known !== undefined) return known;
    const history = new History();
    this.#histories.set(owner, history);
    return history;
  }

  /** All that was asked has been answered, or never will be. */
  settled(): void {
    for (const [owner, { operations }] of this.#histories) {
      const verdict = judgeRegisters(operations, { statesMax });
      if (verdict.kind !== 'not-linearizable') continue;
      throw new Violation('stores', `${owner}: no place for ${wordsOf(verdict.stuck)}`);
    }
  }
}
