/**
 * What a leading master knows beside the replicated state, for one term: who is connected, what is on
 * offer, what is on its way into the log. It is soft: a new leader builds its own from the state.
 *
 * The functions of this folder change it, one turn at a time: whatever comes in (a call, a message of
 * an agent, a timer, what the log applied) is handled to its end before the next. `state` is the state
 * as of the last entry whose effects were carried out, so that the two never disagree.
 */
import type { Allocator } from '#internal/allocator/allocator.ts';
import type { Allocation, FrameworkWish } from '#internal/allocator/event.ts';
import type { Random } from '#internal/base/random.ts';
import type { Agent, Framework, MasterAddress, Task } from '#internal/model/cluster.ts';
import type { AgentId, FrameworkId, OfferId, TaskId } from '#internal/model/ids.ts';
import type { Link } from '#internal/rpc/link.ts';
import type { Clock, Timer } from '#internal/runtime/clock.ts';
import type { Logger } from '#internal/runtime/logger.ts';
import type {
  Acknowledgement,
  Command,
  ReportedTask,
  TaskReport,
} from '#internal/state/command.ts';
import { liveTask, type State } from '#internal/state/state.ts';
import type { MasterMessage } from '#proto/gen/altiplano/agent/v1.ts';
import type { AgentInfo, TaskStatus } from '#proto/gen/mesos/v1.ts';
import type { Event } from '#proto/gen/mesos/v1/scheduler.ts';
import type { Answer, EventStream } from '../door.ts';
import type { Ids } from './ids.ts';

export type LeadOptions = {
  readonly version: string;
  readonly allocationIntervalMs: number;
  /** Events that change what is free are answered by a run so soon after, all by one. */
  readonly allocationDelayMs: number;
  /** After so many agents a run lets others have a turn. */
  readonly allocationSliceMax: number;
  /** An offer that is not answered in that time is rescinded (`--offer_timeout`). */
  readonly offerTimeoutMs: number | undefined;
  readonly heartbeatIntervalMs: number;
  readonly agentPingTimeoutMs: number;
  readonly agentPingTimeoutsMax: number;
  readonly agentReregisterTimeoutMs: number;
  /** Beyond it a new framework gets an ERROR. */
  readonly frameworksMax: number;
  /** Beyond it a new link is told that this master does not lead, and closed. */
  readonly linksMax: number;
  /** While more are outstanding, nothing is offered. */
  readonly offersMax: number;
  /** Entries on their way into the log; beyond it calls are answered 503. */
  readonly backlogMax: number;
  /** That many wait for the log, of each; the next are dropped, and agents send them again. */
  readonly reportsMax: number;
  /** Tasks or updates in one entry, and how long they are together. */
  readonly batchMax: number;
  readonly batchBytesMax: number;
  /** A larger description of a task is refused, a longer status is logged without its text. */
  readonly taskBytesMax: number;
};

export type Lead = {
  readonly term: number;
  readonly self: MasterAddress;
  readonly electedMs: number;
  readonly options: LeadOptions;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly ids: Ids;
  readonly allocator: Allocator;
  state: State;
  /** Proposes a command that is decided now. False when it is too large for the log. */
  readonly propose: (command: Decision, onApplied?: () => void) => boolean;
  /** Entries that are not applied yet. */
  readonly backlog: () => number;
  /** Calls back in a turn of its own, `delayMs` from now, unless the leadership is over by then. */
  readonly after: (delayMs: number, callback: () => void) => Timer;
  /** Handles something that comes in later, unless the leadership is over by then. */
  readonly turn: (callback: () => void) => void;

  readonly schedulers: Map<FrameworkId, Scheduler>;
  /** Subscriptions and changes on their way into the log, in order. */
  readonly subscriptions: Map<FrameworkId, Subscription[]>;
  /** Disconnected frameworks, and when they are removed. */
  readonly failovers: Map<FrameworkId, Timer>;
  /** Frameworks of the log that have not subscribed in this term. */
  readonly recoveredFrameworks: Set<FrameworkId>;
  /** Frameworks that the allocator knows. */
  readonly allocatable: Set<FrameworkId>;
  /** Who waits for a framework to be removed. */
  readonly removals: Map<FrameworkId, ((answer: Answer) => void)[]>;

  /** Every admitted agent that is not unreachable. The allocator knows the same. */
  readonly peers: Map<AgentId, Peer>;
  /** Links of agents, known or not. */
  readonly visitors: Set<Visitor>;
  /** First registrations on their way into the log, by registration. */
  readonly registering: Map<string, Visitor>;
  readonly reregistering: Map<AgentId, Visitor>;

  readonly offers: Map<OfferId, OutstandingOffer>;
  /** Tasks on their way into the log: they hold their resources already. By framework. */
  readonly launching: Map<FrameworkId, Map<TaskId, Task>>;
  readonly pending: PendingReports;
  allocation: PlannedAllocation | undefined;
};

export type Decision = Command extends infer One
  ? One extends Command
    ? Omit<One, 'atMs'>
    : never
  : never;

export type Scheduler = { readonly stream: EventStream; heartbeat: Timer };

export type Subscription =
  | {
      readonly kind: 'stream';
      readonly stream: EventStream;
      readonly wish: OfferWish;
    }
  | {
      readonly kind: 'update';
      readonly wish: OfferWish;
      readonly answer: (answer: Answer) => void;
    };

/** What a call says of the offers that a framework wants, beside its FrameworkInfo. */
export type OfferWish = Pick<FrameworkWish, 'suppressedRoles' | 'constraints'>;

export type Peer = {
  readonly id: AgentId;
  readonly offers: Set<OfferId>;
  presence: Presence;
};

export type Presence =
  /** Not back: since this master leads, or since its link broke. Unreachable when the timer fires. */
  | { readonly kind: 'recovered' | 'disconnected'; readonly deadline: Timer }
  | { readonly kind: 'connected'; readonly visitor: Visitor; readonly info: AgentInfo };

/** One link, from the moment it comes in. */
export type Visitor = {
  readonly link: Link<MasterMessage>;
  /** Set once the agent behind it is registered. */
  agentId: AgentId | undefined;
  /** What the agent said that it knows, when it came back. */
  reported: readonly ReportedTask[];
  /** Frameworks that the agent keeps something of. */
  frameworks: readonly FrameworkId[];
  pingTimer: Timer | undefined;
  pingSequence: bigint;
  pingsUnanswered: number;
};

export type OutstandingOffer = Allocation & { readonly id: OfferId; readonly offeredMs: number };

/** The next run of the allocator: in its time, soon, or under way and to be gone on with. */
export type PlannedAllocation = {
  readonly timer: Timer;
  readonly kind: 'regular' | 'soon' | 'under-way';
  /** Something happened while the run was under way: the next is soon. */
  isWanted: boolean;
};

export type PendingReports = {
  reports: TaskReport[];
  /** Of the batches that are on their way into the log. Their updates have been told already. */
  proposed: readonly TaskReport[];
  acknowledgements: Acknowledgement[];
  /** What to tell when these are in the log: ends of tasks. */
  readonly ends: Map<TaskReport, TaskStatus>;
  /** Batches that are on their way into the log; the next go when they are through. */
  inFlight: number;
};

export function frameworkOf(lead: Lead, id: FrameworkId): Framework | undefined {
  return lead.state.frameworks.get(id)?.framework;
}

export const agentOf = (lead: Lead, id: AgentId): Agent | undefined => lead.state.agents.get(id);

/** A framework's live task, also one whose launch is still on its way into the log. */
export function taskOf(lead: Lead, frameworkId: FrameworkId, id: TaskId): Task | undefined {
  return liveTask(lead.state, frameworkId, id) ?? lead.launching.get(frameworkId)?.get(id);
}

/** Says something to a framework, if anybody listens. */
export function tell(lead: Lead, frameworkId: FrameworkId, event: Event): void {
  lead.schedulers.get(frameworkId)?.stream.send(event);
}

/** Says something to an agent. Nothing is lost with a link that is down: the agent comes back. */
export function instruct(lead: Lead, agentId: AgentId, message: Omit<MasterMessage, 'term'>): void {
  const presence = lead.peers.get(agentId)?.presence;
  if (presence?.kind === 'connected') instructVisitor(lead, presence.visitor, message);
}

export function instructVisitor(
  lead: Lead,
  { link }: Visitor,
  message: Omit<MasterMessage, 'term'>,
): void {
  link.send({ term: BigInt(lead.term), ...message });
}

export const isPartitionAware = (framework: Framework | undefined): boolean =>
  framework?.capabilities.has('PARTITION_AWARE') === true;

/** Calls are turned away until the log has caught up. */
export const isOverloaded = (lead: Lead): boolean => lead.backlog() >= lead.options.backlogMax;
