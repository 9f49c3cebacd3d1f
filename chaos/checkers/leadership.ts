/**
 * Who led in which term, and whom agents heeded, from what programs log: one leader a term, and no agent
 * ever follows a master of a lower term than one that it followed before. Pure.
 */
import type { Finding } from './launch-book.ts';

export class Leadership {
  /** By term. */
  readonly #leaders = new Map<number, string>();
  /** The term in which a master leads, or led last. */
  readonly #termOf = new Map<string, number>();
  readonly #heeded = new Map<string, { readonly term: number; readonly master: string }>();
  readonly #resigned = new Set<string>();

  /** The one of the highest term; undefined when that one let go of it, or is gone. */
  get leader(): string | undefined {
    const term = Math.max(...this.#leaders.keys());
    const leader = this.#leaders.get(term);
    return leader === undefined || this.#resigned.has(leader) ? undefined : leader;
  }

  get terms(): number {
    return this.#leaders.size;
  }

  leads(master: string, term: number): Finding | undefined {
    const other = this.#leaders.get(term);
    this.#leaders.set(term, master);
    this.#termOf.set(master, term);
    this.#resigned.delete(master);
    if (other === undefined || other === master) return undefined;
    return {
      law: 'at most one master leads in a term',
      text: `${other} and ${master} lead in term ${term}`,
      facts: [`${other} said that it leads in term ${term}`, `so did ${master}`],
    };
  }

  /** It leads no more, or has ended. */
  resigns(master: string): void {
    this.#resigned.add(master);
  }

  /** A master that led last in an earlier term than the one whom the agent followed last. */
  deposedBefore(agent: string): { readonly master: string; readonly term: number } | undefined {
    const heeded = this.#heeded.get(agent)?.term ?? 0;
    const found = [...this.#termOf].find(([, term]) => term < heeded);
    return found && { master: found[0], term: found[1] };
  }

  /** An agent has been taken in by a master, and does as it says from now on. */
  follows(agent: string, master: string): Finding | undefined {
    const term = this.#termOf.get(master);
    if (term === undefined) return undefined;
    const before = this.#heeded.get(agent);
    if (before === undefined || term >= before.term) {
      this.#heeded.set(agent, { term, master });
      return undefined;
    }
    return {
      law: 'no agent follows a leader of a lower term than it has followed',
      text: `${agent} follows ${master} of term ${term} after ${before.master} of term ${before.term}`,
      facts: [
        `${agent} said that it registered with ${before.master}, which led in term ${before.term}`,
        `${agent} said that it registered with ${master}, which led in term ${term}`,
      ],
    };
  }
}
