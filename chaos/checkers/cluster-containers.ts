/**
 * What the machines under the agents may be made to run, counted where containers start and end and
 * nowhere else: it believes neither the books of a master nor those of an agent.
 *
 * - one launch: a task starts at most once, on one agent, whatever was said and repeated;
 * - a launch is decided, in the log and for this agent, before anything starts;
 * - capacity: what runs on a machine together fits into it. What tasks hold is free when their
 *   framework ends, though they still have their grace to end in: they are not counted;
 * - tenants: a task is killed only if its own framework asked for it or ended, or its agent is being
 *   drained;
 * - drains: nothing runs on an agent that the log calls drained, or on one that was sent away.
 */
import type { Random } from '#internal/base/random.ts';
import type { ContainerEnd } from '#internal/agent/containerizer.ts';
import { Violation } from './violation.ts';

/** What a task takes, and whose it is. */
export type Intent = {
  readonly owner: string;
  readonly cpusMilli: number;
  readonly memMb: number;
};

export type Capacity = Omit<Intent, 'owner'>;

/** A task that has started. Task ids are unique in the whole world, not in a framework alone. */
type Start = {
  readonly agent: string;
  end: ContainerEnd | undefined;
  /** Its agent has taken note of the end: what is asked of it from then on comes too late. */
  isEndKnown: boolean;
};

export class ContainerLaws {
  readonly #capacity: Capacity;
  readonly #intents = new Map<string, Intent>();
  /** By `agent task`: launches that the log holds. */
  readonly #decided = new Set<string>();
  readonly #killable = new Set<string>();
  /** Tasks of frameworks that ended. */
  readonly #released = new Set<string>();
  readonly #starts = new Map<string, Start>();
  /** Tasks that left the books together with their agent: nobody will hear how they really ended. */
  readonly #writtenOff = new Set<string>();
  /** Tasks of executors that died before all that they said was heard. */
  readonly #mistakable = new Set<string>();
  /** Agents that the log wants empty. */
  readonly #draining = new Set<string>();
  /** By agent: what runs there. */
  readonly #running = new Map<string, Set<string>>();
  /** The most that ever ran on one agent together, in thousandths of its capacity. */
  #fullest = 0;

  constructor(_dependencies: object, options: { readonly capacity: Capacity }) {
    this.#capacity = options.capacity;
  }

  /** Tasks that ever started. */
  get startedCount(): number {
    return this.#starts.size;
  }

  get runningCount(): number {
    return [...this.#starts.values()].filter(({ end }) => end === undefined).length;
  }

  get runningTasks(): readonly string[] {
    return [...this.#running.values()].flatMap((tasks) => [...tasks]);
  }

  get fullest(): number {
    return this.#fullest;
  }

  /** Some task that somebody asked for. */
  anyTask(random: Random): string | undefined {
    return [...this.#intents.keys()][random.below(Math.max(1, this.#intents.size))];
  }

  ownerOf(task: string): string | undefined {
    return this.#intents.get(task)?.owner;
  }

  /** How a task's container ended; `kind` tells of those that did not. */
  fateOf(task: string): ContainerEnd | { readonly kind: 'never-started' | 'running' } {
    const start = this.#starts.get(task);
    if (start === undefined) return { kind: 'never-started' };
    return start.end ?? { kind: 'running' };
  }

  wasKillAsked(task: string): boolean {
    return this.#killable.has(task);
  }

  /** A framework is about to ask for this task. */
  intends(task: string, intent: Intent): void {
    this.#intents.set(task, intent);
  }

  /** A master applied the launch of a task. */
  decided(task: string, agent: string): void {
    this.#decided.add(`${agent} ${task}`);
  }

  /** `owner` asked for the end of a task; without one, of all that it has. */
  killAsked(owner: string, task?: string): void {
    for (const [id, intent] of this.#intents) {
      if (intent.owner === owner && (task === undefined || task === id)) this.#killable.add(id);
    }
  }

  /** Its framework ended: it is to be killed, and what it holds is given out again. */
  released(task: string): void {
    this.#killable.add(task);
    this.#released.add(task);
  }

  /** The log knows its end already. */
  mayBeKilled(task: string): void {
    this.#killable.add(task);
  }

  /** Its agent is to be forgotten, and will end it if it is still there. */
  writtenOff(task: string): void {
    this.#killable.add(task);
    this.#writtenOff.add(task);
  }

  wasWrittenOff(task: string): boolean {
    return this.#writtenOff.has(task);
  }

  /** Whoever ran it died before it was heard how it ended, if it had. */
  mayBeMistaken(task: string): void {
    this.#mistakable.add(task);
  }

  wasMistakable(task: string): boolean {
    return this.#mistakable.has(task);
  }

  /** `agent` has ended because a master would not have it any more. */
  expelled(agent: string): void {
    const left = this.#running.get(agent)?.size ?? 0;
    if (left === 0) return;
    throw new Violation('expelled-empty', `${agent} ended, and ${left} tasks still run there`);
  }

  /**
   * The log wants the agent empty: whatever runs there, or is on its way there, may be killed. So may
   * what has ended without the agent's having heard of it: it kills that in vain, and says so.
   */
  drainDecided(agent: string): void {
    this.#draining.add(agent);
    for (const [task, start] of this.#starts) {
      if (start.agent === agent && !start.isEndKnown) this.#killable.add(task);
    }
  }

  /** The agent that ran a task knows how it ended. */
  endKnown(task: string): void {
    const start = this.#starts.get(task);
    if (start !== undefined) start.isEndKnown = true;
  }

  /** Whoever is there under that name from now on is not to be empty. */
  drainOver(agent: string): void {
    this.#draining.delete(agent);
  }

  /** The log calls it drained. */
  drainFinished(agent: string): void {
    this.drainOver(agent);
    const left = this.#running.get(agent)?.size ?? 0;
    if (left === 0) return;
    throw new Violation('drained-empty', `${agent} is called drained, and ${left} tasks run there`);
  }

  started(agent: string, task: string): void {
    const before = this.#starts.get(task);
    if (before !== undefined) {
      throw new Violation('one-launch', `${task} started on ${before.agent}, then on ${agent}`);
    }
    if (!this.#decided.has(`${agent} ${task}`)) {
      throw new Violation('decided-launch', `${task} started on ${agent}, which nobody decided`);
    }
    this.#starts.set(task, { agent, end: undefined, isEndKnown: false });
    if (this.#draining.has(agent)) this.#killable.add(task);
    const running = this.#running.get(agent) ?? new Set();
    this.#running.set(agent, running.add(task));
    this.#fits(agent, running);
  }

  ended(task: string, end: ContainerEnd): void {
    const start = this.#starts.get(task);
    if (start === undefined) return;
    start.end = end;
    this.#running.get(start.agent)?.delete(task);
    if (end.kind !== 'signaled' || this.#killable.has(task)) return;
    throw new Violation('unasked-kill', `${task} was killed, and nobody asked for it`);
  }

  #fits(agent: string, running: ReadonlySet<string>): void {
    const used = { cpusMilli: 0, memMb: 0 };
    for (const task of running) {
      if (this.#released.has(task)) continue;
      const { cpusMilli = 0, memMb = 0 } = this.#intents.get(task) ?? {};
      used.cpusMilli += cpusMilli;
      used.memMb += memMb;
    }
    const { cpusMilli, memMb } = this.#capacity;
    const share = Math.max(used.cpusMilli / cpusMilli, used.memMb / memMb);
    this.#fullest = Math.max(this.#fullest, Math.round(share * 1000));
    if (share <= 1) return;
    const what = `cpus:${used.cpusMilli / 1000} and mem:${used.memMb} run on ${agent}`;
    throw new Violation('capacity', `${what}, which has cpus:${cpusMilli / 1000}, mem:${memMb}`);
  }
}
