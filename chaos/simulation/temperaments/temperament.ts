/**
 * What schedulers are like. A temperament makes a mind; a mind decides what its framework asks for.
 * The body (`cluster-scheduler.ts`) does the rest: it keeps a program alive that may crash, finds the
 * leader, acknowledges, reconciles, and keeps book of the tasks. A mind is to its program what a
 * database is: it outlives crashes.
 *
 * Owed by a mind: it launches no more once its body is finishing, and says in `unsettled` what it still
 * waits for beside its tasks, so that a run ends when all is over. What it says to `witness` is checked
 * as it happens; `refuted` is asked once, when all is settled.
 */
import type { Random } from '#internal/base/random.ts';
import type {
  FrameworkInfo,
  KillPolicy,
  Offer,
  TaskInfo,
  TaskStatus,
} from '#proto/gen/mesos/v1.ts';
import type { Call, Event } from '#proto/gen/mesos/v1/scheduler.ts';
import type { FrameworkStore } from '#internal/client/framework-store.ts';
import type { ClusterWitness } from '../cluster-witness.ts';
import type { TaskBook } from '../cluster-task-book.ts';

export type Temperament = {
  readonly name: string;
  /** What its minds count, beside what every body counts: a run that never met it shows a zero. */
  readonly figures?: readonly string[];
  readonly newMind: (body: Body) => Mind;
};

export type Mind = {
  /** How it subscribes, now. */
  framework(): Omit<FrameworkInfo, 'user' | 'name' | 'id'>;
  onSubscribed?(): void;
  onOffer(offer: Offer): void;
  /** Acknowledged already, or on purpose not, and in the book. */
  onUpdate?(status: TaskStatus): void;
  /** Any event. Offers and updates are handed out by the others as well. */
  onEvent?(event: Event): void;
  /** The cluster will not have it. True when it had to come to that; a violation otherwise. */
  onRefused?(reason: string): boolean;
  /** Nothing new from now on. */
  onFinish?(): void;
  /** What it waits for beside its tasks, in words. */
  unsettled?(): string | undefined;
  /** All is settled: what of it is not true, in words. */
  refuted?(): string | undefined;
};

/** What a mind can do. */
export type Body = {
  readonly name: string;
  readonly random: Random;
  readonly tasks: TaskBook;
  readonly witness: ClusterWitness;
  readonly isFinishing: boolean;
  /** Undefined before the first SUBSCRIBED. */
  readonly frameworkId: string | undefined;
  /** Calls back if the same program still runs then. */
  after(delayMs: number, callback: () => void): void;
  /** An answer that is an error of ours is a violation. Whether it arrives nobody knows. */
  call(call: Call): void;
  /** Of its framework, by the program that runs now; undefined while none does. */
  readonly store: FrameworkStore | undefined;
  decline(offers: readonly Offer[], refuseSeconds: number): void;
  /** Draws tasks while they fit into the offers, which are of one agent; at most `most`. */
  pack(offers: readonly Offer[], most: number): readonly TaskInfo[];
  launch(offers: readonly Offer[], tasks: readonly TaskInfo[], refuseSeconds: number): void;
  kill(task: string, policy?: KillPolicy): void;
  /** Asks about all tasks that have not ended, or (implicitly) about whatever the master knows. */
  reconcile(kind: 'explicit' | 'implicit'): void;
  /** Drops its stream, or opens the next one beside it, and subscribes again. */
  resubscribe(how: 'after' | 'beside'): void;
  /** Ends for ever without a word. */
  leave(): void;
  /** Comes back as somebody new: what it had asked for before is nobody's any more. */
  beginAnew(): void;
  /** Adds to a figure. */
  count(figure: string): void;
};
