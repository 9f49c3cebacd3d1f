/**
 * What a leading master knows beside the replicated state, for one term: who is connected, what is on
 * offer, what is on its way into the log. It is soft: a new leader builds its own from the state.
 *
 * The functions of this folder change it, one turn at a time: whatever comes in (a call, a message of
 * an agent, a timer, what the log applied) is handled to its end before the next. `state` is the state
 * as of the last entry whose effects were carried out, so that the two never disagree.
 */
import type { Allocator } from '#internal/allocator/allocator.ts';
import type { PatternLimits } from '#internal/allocator/constraints-pattern.ts';
import type { Allocation, FrameworkWish } from '#internal/allocator/event.ts';
import type { Steps } from '#internal/base/steps.ts';
import type { Random } from '#internal/base/random.ts';
import type { Agent, Executor, Framework, MasterAddress, Task } from '#internal/model/cluster.ts';
import type { AgentId, FrameworkId, OfferId, TaskId } from '#internal/model/ids.ts';
import type { FaultDomain } from '#internal/model/offer-constraints.ts';
import type { Operation } from '#internal/model/operation.ts';
import type { MaintenanceWindow } from '#internal/model/policy.ts';
import type { Link } from '#internal/rpc/link.ts';
import type { Clock, Timer } from '#internal/runtime/clock.ts';
import type { Logger } from '#internal/runtime/logger.ts';
import type {
  Acknowledgement,
  Command,
  ReportedTask,
  TaskReport,
} from '#internal/state/command.ts';
import { type Histories, liveTask, type State } from '#internal/state/state.ts';
import type { MasterMessage, RunTask } from '#proto/gen/altiplano/agent/v1.ts';
import type { AgentInfo, TaskStatus } from '#proto/gen/mesos/v1.ts';
import type { Event } from '#proto/gen/mesos/v1/scheduler.ts';
import type { Answer, EventStream, InverseAnswer, Observer } from '../door.ts';
import type { Checking, CheckLimits } from './checking.ts';
import type { Ids } from './ids.ts';
import type { MemoryLimits } from './forgetting.ts';
import type { Recovery } from './recovery.ts';
import type { RemovalRate, Removals } from './removals.ts';
import type { AdoptionPolicy } from './operators/adopt.ts';
import type { Returns } from './returns.ts';
import type { Settlement } from './settlement.ts';
import type { StoreLimits, Storing } from './stores.ts';

export type LeadOptions = {
  readonly version: string;
  readonly allocationIntervalMs: number;
  /** Events that change what is free are answered by a run so soon after, all by one. */
  readonly allocationDelayMs: number;
  /** While agents arrive in a crowd, two runs that offer something are at least so long apart. */
  readonly gatherMs: number;
  /** After so many agents a run lets others have a turn. */
  readonly allocationSliceMax: number;
  /** Agents that a new leader takes into its books in one turn. */
  readonly recoverySliceMax: number;
  /** An offer that is not answered in that time is rescinded (`--offer_timeout`). */
  readonly offerTimeoutMs: number | undefined;
  readonly heartbeatIntervalMs: number;
  readonly agentPingTimeoutMs: number;
  readonly agentPingTimeoutsMax: number;
  readonly agentReregisterTimeoutMs: number;
  /** How fast agents are given up; undefined for as they come. */
  readonly agentRemovalRate: RemovalRate | undefined;
  /** The share of the agents of the log that may be missing when their time to come back is over. */
  readonly recoveryAgentRemovalLimit: number;
  /** How long, and how many, agents that are unreachable or gone are remembered; looked at so often. */
  readonly memory: MemoryLimits;
  readonly memoryIntervalMs: number;
  /** Of its books against those of agents. */
  readonly checks: CheckLimits;
  /** How much is remembered of what is over. */
  readonly histories: Histories;
  /** Where this master stands; agents of another region are far away. */
  readonly domain: FaultDomain | undefined;
  /** Agents that do not say where they stand are not let in. */
  readonly requireAgentDomain: boolean;
  /** Whether frameworks may run as root. */
  readonly rootSubmissions: boolean;
  /** Beyond it a new framework gets an ERROR. */
  readonly frameworksMax: number;
  /** Beyond it a new link is told that this master does not lead, and closed. */
  readonly linksMax: number;
  /** Operations that one agent may have to do or to be acknowledged. */
  readonly operationsMax: number;
  /** Of the patterns in offer constraints. */
  readonly patterns: PatternLimits;
  /** While more are outstanding, nothing is offered. */
  readonly offersMax: number;
  /** Volumes that agents find and nobody asked for: which of them are taken on. */
  readonly adoptVolumes: AdoptionPolicy;
  /** What frameworks may keep for themselves. */
  readonly stores: StoreLimits;
  /** Entries on their way into the log; beyond it calls are answered 503. */
  readonly backlogMax: number;
  /** Operators who watch; one more, and the oldest is let go. */
  readonly observersMax: number;
  /** That many wait for the log, of each; the next are dropped, and agents send them again. */
  readonly reportsMax: number;
  /** Agents that come back, in one entry. */
  readonly returnsMax: number;
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
  /** This master cannot be right: it ends, and another leads. */
  readonly abandon: (why: string) => void;
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
  /** Operators whose decisions are on their way into the log. */
  readonly waiting: Set<(answer: Answer) => void>;

  readonly storing: Storing;

  /** Operators who watch the cluster, oldest first, and when each is told the next heartbeat. */
  readonly observers: Map<Observer, Timer>;

  /** Every admitted agent that is not unreachable. The allocator knows the same. */
  readonly peers: Map<AgentId, Peer>;
  /** Those of `reregistering` that the log has yet to learn of. */
  readonly returns: Returns;
  /** Those that are to be marked unreachable. */
  readonly removals: Removals;
  /** Until the agents of the log are back, or their time is over. */
  recovery: Recovery | undefined;
  /** The next look at the agents that are away. */
  forgetting: Timer | undefined;
  /** Connected or not, they are to be empty, and are looked at after each entry of the log. */
  readonly draining: Set<AgentId>;
  /** The windows of maintenance that the allocator knows of. */
  readonly windows: Map<AgentId, MaintenanceWindow>;
  /** Links of agents, known or not. */
  readonly visitors: Set<Visitor>;
  /** First registrations on their way into the log, by registration. */
  readonly registering: Map<string, Visitor>;
  readonly reregistering: Map<AgentId, Visitor>;

  readonly offers: Map<OfferId, OutstandingOffer>;
  readonly inverseOffers: Map<OfferId, OutstandingInverse>;
  /** What frameworks said to the inverse offers of agents whose window is still the same. */
  readonly inverseAnswers: Map<AgentId, Map<FrameworkId, InverseAnswer>>;
  /** Tasks on their way into the log: they hold their resources already. By framework. */
  readonly launching: Map<FrameworkId, Map<TaskId, Task>>;
  /** Operations on their way into the log, by uuid, in order. */
  readonly operating: Map<string, Operating>;
  /** Executors on their way into the log: tasks may be launched in them. By name. */
  readonly arriving: Map<string, ArrivingExecutor>;
  /**
   * Executors of which an agent has said something that is on its way into the log, or was: whatever it
   * says of these has to follow. Each is in the books, or about to be.
   */
  readonly unsettled: Set<string>;
  /** What the entry that is being carried out launches, by agent: they are told of it together. */
  readonly runs: Map<AgentId, RunTask[]>;
  readonly pending: PendingReports;
  /** Calls that are answered in pieces (`slow-work.ts`), the next first. */
  readonly slowWorks: Steps<void>[];
  readonly checking: Checking;
  allocation: PlannedAllocation | undefined;
  /** On the monotonic clock. What has arrived drains with time: a few agents never make a crowd. */
  arrivals: { readonly level: number; readonly atMs: number };
  /** When something was offered last, on the monotonic clock. */
  offeredMs: number;
};

export type Decision = Command extends infer One
  ? One extends Command
    ? Omit<One, 'atMs'>
    : never
  : never;

export type Scheduler = { readonly stream: EventStream; heartbeat: Timer };

/** `settlement`: what the ACCEPT that it is of holds; undefined for an operator's. */
export type Operating = {
  readonly operation: Operation;
  readonly settlement: Settlement | undefined;
};

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
  /** Not back since this master leads: until `recovery` is over. */
  | { readonly kind: 'recovered' }
  /** Not back since its link broke: until the timer fires. */
  | { readonly kind: 'disconnected'; readonly deadline: Timer }
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
  /** Uuids of the operations that it said it knows of. */
  operations: readonly string[];
  /** The drain, by its time, of which the agent said that nothing runs there any more. */
  emptySinceDrainMs: number | undefined;
  /** It said that it has some, or has found some. */
  hasVolumes: boolean;
  /** It takes many launches in one message. */
  takesRunTasks: boolean;
  /** It says what it runs when it is asked. */
  tellsBooks: boolean;
  pingTimer: Timer | undefined;
  pingSequence: bigint;
  pingsUnanswered: number;
};

export type OutstandingOffer = Allocation & { readonly id: OfferId; readonly offeredMs: number };

/** A framework was asked to leave an agent, and has not answered. */
export type OutstandingInverse = {
  readonly id: OfferId;
  readonly frameworkId: FrameworkId;
  readonly agentId: AgentId;
};

/** The next run of the allocator: in its time, soon, or under way and to be gone on with. */
export type PlannedAllocation = {
  readonly timer: Timer;
  readonly kind: 'regular' | 'soon' | 'under-way';
  /** Something happened while the run was under way: the next is soon. */
  isWanted: boolean;
};

export type ArrivingExecutor = {
  readonly executor: Executor;
  /** How many of its launches have not been applied. */
  readonly launches: number;
  /** One of them holds what the executor needs. */
  readonly isHeld: boolean;
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
  sendRuns(lead, agentId);
  const presence = lead.peers.get(agentId)?.presence;
  if (presence?.kind === 'connected') instructVisitor(lead, presence.visitor, message);
}

/** Tells an agent to launch what has gathered for it; before anything else that it is told. */
export function sendRuns(lead: Lead, agentId: AgentId): void {
  const runs = lead.runs.get(agentId);
  const presence = lead.peers.get(agentId)?.presence;
  lead.runs.delete(agentId);
  if (runs === undefined || presence?.kind !== 'connected') return;
  for (const message of messagesOf(runs, presence.visitor)) {
    instructVisitor(lead, presence.visitor, message);
  }
}

function messagesOf(
  runs: readonly RunTask[],
  { takesRunTasks }: Visitor,
): readonly Omit<MasterMessage, 'term'>[] {
  const [first] = runs;
  const isOneFramework = runs.every(({ framework_info: info }) => info === first?.framework_info);
  if (first === undefined || runs.length === 1 || !takesRunTasks || !isOneFramework) {
    return runs.map((run_task) => ({ run_task }));
  }
  const { framework_info } = first;
  return [{ run_tasks: { framework_info, task_infos: runs.map(({ task_info }) => task_info) } }];
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
