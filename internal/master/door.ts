/**
 * The border between the faces of a master (`api/`: HTTP, media types, status codes that need no
 * knowledge of the cluster) and the one who decides (`leader/`). The faces parse and check what a
 * call looks like (contract 1.7, rows 1 to 11); behind this door it is judged by what is known.
 */
import type {
  Explanation,
  Hoarder,
  Question,
  Starvation,
} from '#internal/allocator/explanation.ts';
import type { Agent, Framework, MasterAddress, Task, TaskUpdate } from '#internal/model/cluster.ts';
import type { FrameworkStore } from '#internal/model/framework-store.ts';
import type {
  AgentId,
  ExecutorId,
  FrameworkId,
  OfferId,
  Role,
  StreamId,
} from '#internal/model/ids.ts';
import type { Resources } from '#internal/resources/resource.ts';
import type { CheckReport } from './check/check-report.ts';
import type { State } from '#internal/state/state.ts';
import type { Call as OperatorCall } from '#proto/gen/mesos/v1/master.ts';
import type { Call, Event } from '#proto/gen/mesos/v1/scheduler.ts';

export type MasterDoor = {
  leadership(): Leadership;
  /**
   * Takes a structurally valid SUBSCRIBE. Everything from here on is said on the stream: SUBSCRIBED
   * and what follows, or one ERROR and the end (contract 3.2).
   */
  subscribe(call: Call, stream: EventStream): void;
  /** Any other scheduler call. Resolves with the status and text of contract 3.1, 3.3 and 3.5. */
  call(call: Call, streamId: string | undefined, principal?: string): Promise<Answer>;
  /** A framework's own write to its store. Resolves when it is decided, or nobody can tell any more. */
  writeStore(write: StoreWrite, speaker: Speaker): Promise<StoreAnswer>;
  /** A framework's store, no older than the question. */
  readStore(frameworkId: FrameworkId, speaker: Speaker): Promise<StoreReading>;
  /** What reading calls are answered from: one consistent moment. */
  view(): MasterView;
  /**
   * A view that is no older than the question: whoever was told of a change before sees it, whichever
   * master led then. Undefined when this master cannot be sure that it leads (any more).
   */
  read(): Promise<MasterView | undefined>;
  /** An operator's well-formed call of one of `operations`: what of it is decided (contract 10.2). */
  operate(call: OperatorCall): Promise<Answer>;
  /** An agent takes on a volume that it has found. Resolves when the log has it, or with the reason. */
  adoptVolume(agentId: AgentId, origin: string): Promise<Answer>;
  /**
   * Compares the books with those of all connected agents; undefined when this master stopped leading,
   * or too many wait for an answer already.
   */
  check(): Promise<CheckReport | undefined>;
  /** What the checks of this leadership came to, whoever asked for them. */
  checks(): CheckCounts;
  /** Shows an operator the cluster, and from then on what changes. */
  observe(observer: Observer): void;
  /** Why a framework is not offered something; undefined when this master stopped leading. */
  explain(question: Omit<Question, 'nowMs'>): Promise<Explanation | undefined>;
  /** Who waits for offers, and who sits on them; undefined when this master stopped leading. */
  waits(): Promise<Waits | undefined>;
};

export type CheckCounts = { readonly checks: number; readonly last: CheckReport | undefined };

/** Who asks in the name of a framework. */
export type Speaker = {
  readonly streamId: string | undefined;
  /** Whom the sender was found to be, where somebody asked. */
  readonly principal: string | undefined;
};

/** `expected`: the version that is there, 0 for nothing; undefined for whatever is there. */
export type StoreWrite = {
  readonly frameworkId: FrameworkId;
  readonly key: string;
  readonly expected: number | undefined;
} & ({ readonly kind: 'put'; readonly value: Uint8Array } | { readonly kind: 'delete' });

export type StoreAnswer =
  | { readonly kind: 'put'; readonly version: number }
  | { readonly kind: 'deleted' }
  | { readonly kind: 'refused'; readonly answer: Answer };

export type StoreReading =
  | { readonly kind: 'read'; readonly store: FrameworkStore }
  | { readonly kind: 'refused'; readonly answer: Answer };

export type Waits = {
  readonly starvation: readonly Starvation[];
  /** The longest wait first. */
  readonly hoarders: readonly Hoarder[];
};

/** Contract 1.8: who answers, who redirects, who has to say 503. */
export type Leadership =
  | { readonly kind: 'leading' }
  /** Elected, but the log is not applied up to its own term yet: 503. */
  | { readonly kind: 'recovering' }
  | { readonly kind: 'following'; readonly leader: MasterAddress }
  | { readonly kind: 'leaderless' };

/** A status, and for 4xx and 5xx the text. Empty body otherwise. */
export type Answer = { readonly status: number; readonly text: string };

/** One scheduler's open stream. The face encodes events in the media type that was asked for. */
export type EventStream = {
  readonly id: StreamId;
  /** Queues an event. When the reader is too slow the face ends the stream with an ERROR. */
  send(event: Event): void;
  /** The last chunk; the connection stays open (contract 1.3). */
  end(): void;
  /** Fires once when the stream is over, whoever ended it. */
  readonly closed: AbortSignal;
};

/** An operator who watches the cluster (contract 11). Its face encodes what it is told. */
export type Observer = {
  /** All of it as it is now. Called once, before anything else. */
  begin(view: MasterView, heartbeatIntervalMs: number): void;
  /** What changed since. One who reads too slowly is let go by its face. */
  tell(happening: Happening): void;
  end(): void;
  /** Fires once when nobody watches any more, whoever ended it. */
  readonly closed: AbortSignal;
};

/** What operators hear of. The same object goes to all of them, so that what is made of it is kept. */
export type Happening =
  | { readonly kind: 'heartbeat' }
  | { readonly kind: 'task-added'; readonly task: Task }
  | { readonly kind: 'task-updated'; readonly task: Task; readonly update: TaskUpdate }
  | {
      readonly kind: 'agent-added';
      readonly agent: Agent;
      readonly isConnected: boolean;
      /** By its tasks; allocated. */
      readonly used: Resources;
    }
  | { readonly kind: 'agent-removed'; readonly agentId: AgentId }
  | {
      readonly kind: 'framework-added' | 'framework-updated';
      readonly framework: Framework;
      readonly isConnected: boolean;
    }
  | { readonly kind: 'framework-removed'; readonly framework: Framework };

/** Replicated state plus what only the leader knows. Immutable: a later event makes a new one. */
export type MasterView = {
  readonly state: State;
  readonly self: MasterAddress;
  readonly startedMs: number;
  /** When this master began to lead; undefined while it does not. */
  readonly electedMs: number | undefined;
  readonly offers: readonly OfferView[];
  /** What frameworks said to being asked to leave agents. */
  readonly inverseAnswers: readonly InverseAnswer[];
  /** Agents with a live link. */
  readonly connectedAgents: ReadonlySet<AgentId>;
  /** Agents of the log that have not come back since this master leads. */
  readonly recoveredAgents: ReadonlySet<AgentId>;
  /** Frameworks with a live stream. */
  readonly connectedFrameworks: ReadonlySet<FrameworkId>;
  /** Frameworks of the log that have not subscribed since this master leads. */
  readonly recoveredFrameworks: ReadonlySet<FrameworkId>;
};

export type InverseAnswer = {
  readonly agentId: AgentId;
  readonly frameworkId: FrameworkId;
  readonly status: 'ACCEPT' | 'DECLINE';
  readonly atMs: number;
};

export type OfferView = {
  readonly id: OfferId;
  readonly frameworkId: FrameworkId;
  readonly agent: Agent;
  readonly role: Role;
  readonly resources: Resources;
  /** Those that the framework has on the agent. */
  readonly executorIds: readonly ExecutorId[];
};
