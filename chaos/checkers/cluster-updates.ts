/**
 * The promises of status updates (contract 7.2), checked between the two ends that they are given to:
 * what leaves an agent, and what a scheduler hears and acknowledges. Masters are not asked.
 *
 * - in order: of one task, nobody sends an older update after a newer one, nor hears one on the same
 *   stream or a later one (see `cluster-streams.ts`);
 * - reliable: an agent keeps an update until its scheduler acknowledged it, or the framework is gone;
 * - quiet: once an agent has let go of an update, it never sends it again;
 * - final: no state follows a terminal one, but answers to a reconciliation, which say what is known,
 *   words of a master on one of several launches that were asked for under one id, what becomes of a
 *   launch that was asked for again after an agent dropped the one before, and of a task that was called
 *   lost because nobody reached its agent (7.3: a framework of old has no other word for it);
 * - tenants: nobody hears of the tasks of another.
 */
import { isTerminal } from '#internal/agent/core/state.ts';
import type { TaskState, TaskStatus } from '#proto/gen/mesos/v1.ts';
import { type Stream, StreamLaws } from './cluster-streams.ts';
import { Violation } from './violation.ts';

/** An update as its agent made it. */
export type SentUpdate = {
  readonly agent: string;
  readonly frameworkId: string;
  readonly task: string;
  readonly uuid: string;
  readonly state: TaskState;
};

type History = {
  /** How often its framework asked for it. */
  asked: number;
  /** Uuids in the order in which they were first sent, and what they say. */
  readonly sent: { readonly uuid: string; readonly state: TaskState }[];
  /** The last one in `sent` that was sent. */
  newestSent: number;
  /** The terminal state that the scheduler heard, and the number of the stream that brought it. */
  end: { readonly state: TaskState; readonly stream: number } | undefined;
};

export class UpdateLaws {
  readonly counts: { heard: number; repeated: number; acknowledged: number; reconciled: number } = {
    heard: 0,
    repeated: 0,
    acknowledged: 0,
    reconciled: 0,
  };
  readonly #ownerOf: (task: string) => string | undefined;
  readonly #histories = new Map<string, History>();
  readonly #acknowledged = new Set<string>();
  readonly #forgotten = new Set<string>();
  readonly #removed = new Set<string>();
  readonly #streams = new StreamLaws();

  constructor(
    dependencies: { readonly ownerOf: (task: string) => string | undefined },
    _options: object,
  ) {
    this.#ownerOf = dependencies.ownerOf;
  }

  /** A framework asks for a launch, perhaps again: it was told that the first one came to nothing. */
  asked(task: string): void {
    const history = this.#history(task);
    history.asked++;
    if (history.sent.every(({ state }) => state === 'TASK_DROPPED')) history.end = undefined;
  }

  /** The log has the end of a framework: nobody is owed anything of it any more. */
  frameworkRemoved(frameworkId: string): void {
    this.#removed.add(frameworkId);
  }

  /** Leaves its agent. */
  sent(update: SentUpdate): void {
    const { agent, task, uuid, state } = update;
    if (this.#forgotten.has(uuid)) {
      throw new Violation(
        'quiet-updates',
        `${agent} sent ${state} of ${task} after it let go of it`,
      );
    }
    const history = this.#history(task);
    const at = history.sent.findIndex((each) => each.uuid === uuid);
    if (at >= 0) {
      if (at < history.newestSent) {
        throw new Violation('update-order', `${agent} sent ${state} of ${task} after a newer one`);
      }
      return;
    }
    const last = history.sent.at(-1);
    if (last !== undefined && isTerminal(last.state) && !isAskedAgain(history)) {
      throw new Violation('final-state', `${agent} sent ${state} of ${task} after ${last.state}`);
    }
    history.sent.push({ uuid, state });
    history.newestSent = history.sent.length - 1;
  }

  /** Its agent does not have it any more, in memory or on disk. */
  forgotten(update: Omit<SentUpdate, 'state'>): void {
    const { agent, frameworkId, task, uuid } = update;
    this.#forgotten.add(uuid);
    if (this.#acknowledged.has(uuid) || this.#removed.has(frameworkId)) return;
    throw new Violation('reliable-updates', `${agent} let go of an update of ${task} too early`);
  }

  /** A scheduler's acknowledgement leaves it. */
  acknowledged(uuid: string): void {
    this.counts.acknowledged++;
    this.#acknowledged.add(uuid);
  }

  /** A scheduler asks for a stream, which it may never get. */
  subscribes(owner: string): Stream {
    return this.#streams.asked(owner);
  }

  /** `uuid` is undefined when a master made it. */
  heard(stream: Stream, status: TaskStatus, uuid: string | undefined): void {
    const { owner } = stream;
    const task = status.task_id.value;
    // Who asks for a task of another is told, rightly, that it is not known.
    if (status.state === 'TASK_UNKNOWN' && uuid === undefined) return;
    if (this.#ownerOf(task) !== owner) {
      throw new Violation('tenants', `${owner} heard of ${task}, which is not its own`);
    }
    if (uuid === undefined) this.#heardFromMaster(stream, status);
    else this.#heardFromAgent(stream, status, uuid);
  }

  #heardFromAgent(stream: Stream, { task_id, state }: TaskStatus, uuid: string): void {
    const task = task_id.value;
    const history = this.#history(task);
    const at = history.sent.findIndex((each) => each.uuid === uuid);
    if (at < 0) throw new Violation('true-updates', `no agent sent ${state} of ${task}`);
    if (this.#streams.brought(stream, task, at)) this.counts.heard++;
    else this.counts.repeated++;
    this.#end(stream, task, state);
  }

  #heardFromMaster(stream: Stream, { task_id, state, reason }: TaskStatus): void {
    if (reason === 'REASON_RECONCILIATION') {
      // It says how things stand, or that the task is out of sight: not that anything has happened.
      this.counts.reconciled++;
      return;
    }
    if (state === 'TASK_LOST' && reason === 'REASON_AGENT_REMOVED') return;
    const task = task_id.value;
    if (this.#history(task).asked === 1) this.#end(stream, task, state);
  }

  #end(stream: Stream, task: string, state: TaskState): void {
    const history = this.#history(task);
    const { end } = history;
    // What an earlier stream brings late was written before the end was.
    if (end !== undefined && stream.number < end.stream && !isTerminal(state)) return;
    if (end !== undefined && end.state !== state) {
      throw new Violation('final-state', `${task} was ${end.state}, then ${state}`);
    }
    if (isTerminal(state)) history.end = end ?? { state, stream: stream.number };
  }

  #history(task: string): History {
    const known = this.#histories.get(task);
    if (known !== undefined) return known;
    const fresh: History = { asked: 0, sent: [], newestSent: -1, end: undefined };
    this.#histories.set(task, fresh);
    return fresh;
  }
}

/** All launches so far were dropped, and another one was asked for. */
const isAskedAgain = ({ asked, sent }: History): boolean =>
  sent.length < asked && sent.every(({ state }) => state === 'TASK_DROPPED');
