/**
 * Who leads, as agents see it. An agent acts under a term when it says anything on a link beyond its
 * introduction: then it has heeded what came on that link. It must never act under a lower term than
 * before, in this life or an earlier one, and in one term all agents must heed the same master.
 */
import { Violation } from './violation.ts';

export class FencingLaws {
  /** By agent: the highest term that it acted under. */
  readonly #terms = new Map<string, bigint>();
  readonly #leaders = new Map<bigint, string>();

  /** Terms in which some agent heeded somebody. */
  get leaders(): number {
    return this.#leaders.size;
  }

  /** The highest term under which `agent` has acted; 0 before the first. */
  termOf(agent: string): bigint {
    return this.#terms.get(agent) ?? 0n;
  }

  /** Its disk has lost what it wrote down: it cannot know better than to begin anew. */
  forgot(agent: string): void {
    this.#terms.delete(agent);
  }

  /** `agent` said something to `master`, whose last word was of `term`. */
  acts(agent: string, master: string, term: bigint): void {
    const before = this.termOf(agent);
    if (term < before) {
      throw new Violation('fencing', `${agent} acts under term ${term}, after ${before}`);
    }
    this.#terms.set(agent, term);
    const leader = this.#leaders.get(term);
    if (leader !== undefined && leader !== master) {
      throw new Violation('one-leader', `${agent} heeds ${master} in ${leader}'s term ${term}`);
    }
    this.#leaders.set(term, master);
  }
}
