/**
 * What the masters agree on, and whether it adds up: equal states at equal indexes, and books in which
 * the tasks of an agent fit into it, counted here task by task.
 */
import { isTerminal } from '#internal/model/cluster.ts';
import { contains, sum, unallocated } from '#internal/resources/resources.ts';
import { format } from '#internal/resources/format.ts';
import { type State, tasksOnAgent } from '#internal/state/state.ts';
import { digest } from '#internal/wire/state-codec.ts';
import { isLost } from './lost-task.ts';
import { Violation } from './violation.ts';

export class AgreementLaws {
  readonly #every: number;
  readonly #digests = new Map<number, { readonly master: string; readonly digest: string }>();
  #compared = 0;

  /** The whole state is read at one index in `every`. */
  constructor(_dependencies: object, options: { readonly every: number }) {
    this.#every = options.every;
  }

  /** Times that a master came to an index at which another one had been. */
  get compared(): number {
    return this.#compared;
  }

  /** `master` has applied the log up to `index`, which changed what it had `before`. */
  applied(master: string, index: number, state: State, before?: State): void {
    if (index % this.#every === 0) this.agrees(master, index, state);
    if (state.agents === before?.agents && state.loads === before.loads) return;
    for (const [id, agent] of state.agents) {
      if (agent === before?.agents.get(id) && state.loads.get(id) === before.loads.get(id))
        continue;
      const { total, hostname } = agent;
      const live = tasksOnAgent(state, id).filter(
        (task) => !isTerminal(task.state) && !isLost(task, total),
      );
      const used = sum(live.map(({ resources }) => unallocated(resources)));
      if (contains(total, used)) continue;
      throw new Violation('books', `${hostname} has ${format(total)}, and ${format(used)} is used`);
    }
  }

  agrees(master: string, index: number, state: State): void {
    const own = digest(state);
    const known = this.#digests.get(index);
    if (known === undefined) this.#digests.set(index, { master, digest: own });
    else this.#compared++;
    if (known === undefined || known.digest === own) return;
    throw new Violation('agreement', `${master} and ${known.master} differ at index ${index}`);
  }
}
