/**
 * How long frameworks are waited for (contract 3.6), by the clock of the world and no master's.
 *
 * - waited once: the time of a framework that left begins when the log learns of it, and no change of
 *   leaders gives it more;
 * - not early: a framework ends when its time is over, unless it asked for its end;
 * - not late: with a leader there, it ends then; without one, soon after there is one again;
 * - gone for good: an agent that was declared gone, and a framework that ended, never come back.
 */
import { Violation } from './violation.ts';

/** A framework that left, in milliseconds of the world. */
type Absence = {
  readonly sinceMs: number;
  readonly timeoutMs: number;
  readonly deadlineMs: number;
};

type Removal = Absence & { readonly removedMs: number };

/** From a decision that is due to its being in the log: a few rounds of messages on slow disks. */
const slackMs = 2000;
/** Until a cluster that is well again has a leader. */
const electionMs = 10_000;

export class FrameworkLaws {
  readonly #drift: number;
  /** How far clocks of masters were set, in sum. */
  #setMs = 0;
  readonly #absent = new Map<string, Absence>();
  readonly #removals: (readonly [id: string, removal: Removal])[] = [];
  readonly #tornDown = new Set<string>();
  readonly #ended = new Set<string>();
  readonly #goneAgents = new Set<string>();

  /** Clocks of masters that began together run up to `drift` faster or slower than the world's. */
  constructor(_dependencies: object, options: { readonly drift: number }) {
    this.#drift = options.drift;
  }

  /** Frameworks whose time was over. */
  get expired(): number {
    return this.#removals.length;
  }

  /** The wall clock of a master was set: what its log says of times is off by so much more. */
  clockSet(byMs: number): void {
    this.#setMs += Math.abs(byMs);
  }

  /** It asked for its end itself. */
  tearDownAsked(id: string): void {
    this.#tornDown.add(id);
  }

  subscribed(id: string): void {
    if (this.#ended.has(id)) throw new Violation('gone-for-good', `framework ${id} came back`);
    this.#absent.delete(id);
  }

  /** Its deadline is the leader's; `timeoutMs` is what it is to be waited for from now on. */
  disconnected(id: string, { sinceMs, timeoutMs, deadlineMs }: Absence): void {
    const known = this.#absent.get(id);
    if (known === undefined) this.#absent.set(id, { sinceMs, timeoutMs, deadlineMs });
    else if (deadlineMs > known.deadlineMs) {
      const more = deadlineMs - known.deadlineMs;
      throw new Violation(
        'waited-once',
        `framework ${id}, which had left, is given ${more} ms more`,
      );
    }
  }

  /** `isWaitedFor`: it had asked for some time to come back in. */
  removed(id: string, isWaitedFor: boolean, nowMs: number): void {
    const absence = this.#absent.get(id);
    this.#absent.delete(id);
    this.#ended.add(id);
    if (this.#tornDown.delete(id) || !isWaitedFor) return;
    const dueMs = absence && absence.sinceMs + absence.timeoutMs - this.#offMs(nowMs) - slackMs;
    if (absence === undefined || dueMs === undefined || nowMs < dueMs) {
      const left = absence && `${nowMs - absence.sinceMs} of ${absence.timeoutMs} ms after it left`;
      throw new Violation(
        'not-early',
        `framework ${id} was removed ${left ?? 'while it was there'}`,
      );
    }
    this.#removals.push([id, { ...absence, removedMs: nowMs }]);
  }

  agentGone(id: string): void {
    this.#goneAgents.add(id);
  }

  agentAdmitted(id: string): void {
    if (this.#goneAgents.has(id)) throw new Violation('gone-for-good', `agent ${id} came back`);
  }

  /** Frameworks whose time is over and that are still there. */
  overdue(nowMs: number): readonly string[] {
    return [...this.#absent].flatMap(([id, absence]) =>
      nowMs > this.#dueOf(absence, 0) ? [id] : [],
    );
  }

  /** Faults have stopped at `healedMs`, and all is settled. */
  settled(healedMs: number): void {
    for (const [id, { removedMs, ...absence }] of this.#removals) {
      const lateMs = removedMs - this.#dueOf(absence, healedMs);
      if (lateMs <= 0) continue;
      throw new Violation('not-late', `framework ${id} was removed ${lateMs} ms too late`);
    }
  }

  #dueOf({ sinceMs, timeoutMs }: Absence, healedMs: number): number {
    const dueMs = Math.max(sinceMs + timeoutMs, healedMs + electionMs);
    return dueMs + this.#offMs(dueMs) + slackMs;
  }

  /** One master may have said when a time began, and another one when it is over. */
  #offMs(nowMs: number): number {
    return 2 * this.#drift * nowMs + this.#setMs;
  }
}
