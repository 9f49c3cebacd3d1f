/**
 * A framework's scheduler: its side of the v1 API as a whole (contract 3), so that its owner decides what
 * runs where and thinks of nothing else. It finds the leading master, subscribes, comes back after every
 * break as the same framework, acknowledges, reconciles, and keeps the books which that needs.
 *
 * Promised: handlers are called in the order of the stream; none waits for the promise of another. An
 * update is acknowledged when its handler has resolved and not before: who ends in between hears it again,
 * so a handler may hear an update twice. Of every task that was asked for some last state is heard, and
 * every kill is asked for until it has come true, while the cluster has a leader now and then. What is
 * refused is a value; what a handler throws is logged, and its update comes again. `openScheduler` opens one.
 */
import type {
  Filters,
  FrameworkInfo,
  InverseOffer,
  KillPolicy,
  MasterInfo,
  Offer,
  Offer_Operation,
  OperationStatus,
  TaskStatus,
} from '#proto/gen/mesos/v1.ts';
import type { Event_Failure } from '#proto/gen/mesos/v1/scheduler.ts';
import type { FrameworkIdKeeper } from './framework-id.ts';
import type { FrameworkStore } from './framework-store.ts';
import type { CallOutcome } from './scheduler-client.ts';
import type { WireFormat } from './wire-format.ts';

export type FrameworkSchedulerOptions = {
  /** `host:port` of some masters, leading or not. */
  readonly masters: readonly string[];
  /**
   * Who it is. `id`, if it is set, is its id for ever, also the first time: whoever chooses it himself
   * needs to remember none.
   */
  readonly framework: FrameworkInfo;
  /** Remembers the id that the cluster gave, from one program to the next; asked unless `framework.id` is set. */
  readonly identity?: FrameworkIdKeeper;
  /** What masters are told of who we are (`basicAuthorization`); undefined: nothing. */
  readonly authorization?: string | undefined;
  /** Protobuf when left out. */
  readonly format?: WireFormat;
  /** How often the masters are asked after what is open, besides after each subscription. */
  readonly reconcileEveryMs?: number;
  /** Updates that handlers have not resolved yet; more are not taken: their agents send them again. */
  readonly updatesInHandMax?: number;
};

/** Each may be left out. A promise is waited for where it says so; what it rejects with is logged. */
export type FrameworkSchedulerHandlers = {
  /** At the beginning of each stream, when the id has been kept; what was on offer before is void. */
  onSubscribed?(subscribed: Subscribed): void | Promise<void>;
  onOffers?(offers: readonly Offer[]): void | Promise<void>;
  onRescinded?(offerId: string): void | Promise<void>;
  onInverseOffers?(offers: readonly InverseOffer[]): void | Promise<void>;
  onInverseOfferRescinded?(offerId: string): void | Promise<void>;
  /** Acknowledged when it has resolved. */
  onUpdate?(status: TaskStatus): void | Promise<void>;
  /** Of an operation with an id. Acknowledged when it has resolved. */
  onOperation?(status: OperationStatus): void | Promise<void>;
  /** What an executor says: at most once. */
  onMessage?(message: ExecutorMessage): void | Promise<void>;
  /** An agent is gone, or an executor has ended: at most once. */
  onFailure?(failure: Event_Failure): void | Promise<void>;
  /** The stream is over; the next leader is looked for. */
  onDisconnected?(reason: string): void | Promise<void>;
};

export type Subscribed = {
  readonly frameworkId: string;
  readonly master: MasterInfo | undefined;
};

export type ExecutorPlace = { readonly agentId: string; readonly executorId: string };
export type ExecutorMessage = ExecutorPlace & { readonly bytes: Uint8Array };

export type TaskPlace = { readonly taskId: string; readonly agentId?: string | undefined };
export type OperationPlace = {
  readonly operationId: string;
  readonly agentId?: string | undefined;
};

export type SchedulerEnd =
  /** By `close` or `teardown`. */
  | { readonly kind: 'closed' }
  /** Its id could not be kept (a `FilesError` of the file's keeper). */
  | { readonly kind: 'failed'; readonly fault: unknown }
  /** The cluster will not have this framework, or another program took over as it. */
  | { readonly kind: 'refused'; readonly reason: string };

/**
 * Calls resolve with what the master said to them, which is less than what comes of them: that is told
 * on the stream. `disconnected` is as little as it says: the call may have been heard.
 */
export type Scheduler = AsyncDisposable & {
  /** Undefined until the first subscription. */
  readonly frameworkId: string | undefined;
  /** A call would be sent. */
  readonly isSubscribed: boolean;
  /** Nothing happens any more. */
  readonly ended: Promise<SchedulerEnd>;
  /** Its own, read and written as the subscriber that it is: after another took over, nothing is. */
  readonly store: FrameworkStore;
  /** A new id for an operation, by which its status is told. */
  newOperationId(): string;
  /**
   * Offers of one agent, whole; what the operations leave is declined. Tasks that are launched, and
   * operations with an id, are asked after until their end was heard.
   */
  accept(
    offers: readonly Pick<Offer, 'id' | 'agent_id'>[],
    operations: readonly Offer_Operation[],
    filters?: Filters,
  ): Promise<CallOutcome>;
  decline(offers: readonly Pick<Offer, 'id'>[], filters?: Filters): Promise<CallOutcome>;
  acceptInverse(offers: readonly Pick<InverseOffer, 'id'>[]): Promise<CallOutcome>;
  declineInverse(
    offers: readonly Pick<InverseOffer, 'id'>[],
    filters?: Filters,
  ): Promise<CallOutcome>;
  /** Said again after each subscription and now and then, until the task is over. */
  kill(task: TaskPlace, policy?: KillPolicy): Promise<CallOutcome>;
  /** All roles when none is named. */
  revive(roles?: readonly string[]): Promise<CallOutcome>;
  /** All roles when none is named. Holds until `revive`, whoever leads meanwhile. */
  suppress(roles?: readonly string[]): Promise<CallOutcome>;
  message(to: ExecutorPlace, bytes: Uint8Array): Promise<CallOutcome>;
  shutdown(executor: ExecutorPlace): Promise<CallOutcome>;
  /** Without tasks: all that the master knows. Either is done without being asked for, too. */
  reconcile(tasks?: readonly TaskPlace[]): Promise<CallOutcome>;
  reconcileOperations(operations?: readonly OperationPlace[]): Promise<CallOutcome>;
  /** All but id, principal, user and checkpoint may change. */
  updateFramework(framework: FrameworkInfo): Promise<CallOutcome>;
  /**
   * Ends the framework and all that it runs, for ever, and then this. Said again while nobody hears it,
   * about ten seconds; what it resolves with then is `disconnected`, and the framework ends with its
   * failover time-out.
   */
  teardown(): Promise<CallOutcome>;
  /** Ends this program's part: the framework may come back within its failover time-out. */
  close(): Promise<void>;
};
