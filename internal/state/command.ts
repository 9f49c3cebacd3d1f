/**
 * The vocabulary of the log. A command is one decision that somebody is told about; time and new ids
 * were chosen by the leader that proposed it and travel inside. Commands are only ever added: a master
 * that meets one it does not know stops.
 */
import type {
  Agent,
  Executor,
  Framework,
  MasterAddress,
  Task,
  TaskState,
  TaskUpdate,
} from '#internal/model/cluster.ts';
import type { Encoded } from '#internal/model/encoded.ts';
import type { AgentId, ExecutorId, FrameworkId, Role, TaskId } from '#internal/model/ids.ts';
import type { LogCommand } from './command-log.ts';
import type { MachineId, MaintenanceWindow, Quota } from '#internal/model/policy.ts';
import type { FoundVolume } from '#internal/model/volume.ts';
import type { OperationCommand, OperationEffect } from './operation-command.ts';
import type { StoreCommand, StoreEffect } from './store-command.ts';

export type Command = { readonly atMs: number } & (
  | {
      /** The first command of every term: who leads, and where it is reached. */
      readonly kind: 'announce-leader';
      readonly nodeId: number;
      readonly master: MasterAddress;
    }
  /** A new agent, or one that the log had forgotten. Known `registration`: nothing changes. */
  | { readonly kind: 'admit-agent'; readonly agent: Agent }
  | ({ readonly kind: 'reregister-agent' } & AgentReturn)
  /** One after the other. */
  | { readonly kind: 'reregister-agents'; readonly returns: readonly AgentReturn[] }
  /** Unreachable or gone ones: they are too old, or too many, to be remembered. */
  | { readonly kind: 'forget-agents'; readonly agentIds: readonly AgentId[] }
  | {
      readonly kind: 'mark-agent-unreachable';
      readonly agentId: AgentId;
      /** The message of its tasks' updates. */
      readonly cause: string;
    }
  /** The agent said good-bye or was replaced: its live tasks are lost. */
  | { readonly kind: 'remove-agent'; readonly agentId: AgentId; readonly cause: string }
  /** New, or subscribed again; `connection` is `connected`. */
  | { readonly kind: 'subscribe-framework'; readonly framework: Framework }
  | {
      readonly kind: 'disconnect-framework';
      readonly frameworkId: FrameworkId;
      readonly deadlineMs: number;
    }
  /** Teardown, or the failover time-out passed. */
  | { readonly kind: 'remove-framework'; readonly frameworkId: FrameworkId }
  /** Tasks in `staging`, all of one framework on one agent. Committed before any agent hears of it. */
  | { readonly kind: 'launch-tasks'; readonly tasks: readonly Task[] }
  | LaunchWithExecutor
  /** An agent says that these have ended. */
  | {
      readonly kind: 'end-executors';
      readonly agentId: AgentId;
      readonly executors: readonly ExecutorName[];
    }
  /** An agent says that it started these, whatever it said of them before. */
  | {
      readonly kind: 'find-executors';
      readonly agentId: AgentId;
      readonly executors: readonly Executor[];
    }
  /** What agents reported, in batches: newest state, and the update sent to the scheduler. */
  | { readonly kind: 'update-tasks'; readonly updates: readonly TaskReport[] }
  /** Acknowledged by the scheduler; the agent is told once this is committed. */
  | { readonly kind: 'acknowledge-updates'; readonly acknowledgements: readonly Acknowledgement[] }
  | {
      readonly kind: 'kill-task';
      readonly frameworkId: FrameworkId;
      readonly taskId: TaskId;
      readonly policy: Encoded<'mesos.v1.KillPolicy'> | undefined;
    }
  | OperationCommand
  | PolicyCommand
  | StoreCommand
  | LogCommand
);

/**
 * An agent came back (also from unreachable, or after it was forgotten), perhaps with more resources.
 * `tasks` is all that it still knows of: what is not in it and was started is lost, what is still
 * `staging` is sent again.
 */
export type AgentReturn = {
  readonly agent: Agent;
  readonly tasks: readonly ReportedTask[];
  /** Uuids of the operations that it knows of: what they made is in its total. */
  readonly operations: readonly string[];
  /** What it runs, but for its own of command tasks. */
  readonly executors: readonly Executor[];
  /** The volumes of its total, by their manifests. */
  readonly volumes?: readonly FoundVolume[];
};

/** Tasks in `staging` for one executor, all or none: it lives already or is started for them. */
export type LaunchWithExecutor = {
  readonly kind: 'launch-with-executor';
  readonly executor: Executor;
  /** None: the executor is started to wait for some. */
  readonly tasks: readonly Task[];
  /** Whether the offers paid for the executor too: it was not known to live. */
  readonly isExecutorHeld: boolean;
};

/** On an agent that is told besides. */
export type ExecutorName = {
  readonly frameworkId: FrameworkId;
  readonly executorId: ExecutorId;
};

/** What operators decide. */
export type PolicyCommand =
  | { readonly kind: 'update-weights'; readonly weights: readonly RoleWeight[] }
  /** All or none; empty guarantees and limits take a quota away. */
  | { readonly kind: 'update-quotas'; readonly quotas: readonly RoleQuota[] }
  /** In the place of the whole schedule before. Machines that are down stay in it. */
  | { readonly kind: 'schedule-maintenance'; readonly windows: readonly MaintenanceWindow[] }
  /** Their agents are removed. */
  | { readonly kind: 'start-maintenance'; readonly machines: readonly MachineId[] }
  /** They are up, and out of the schedule. */
  | { readonly kind: 'stop-maintenance'; readonly machines: readonly MachineId[] }
  | { readonly kind: 'deactivate-agent'; readonly agentId: AgentId }
  | {
      readonly kind: 'drain-agent';
      readonly agentId: AgentId;
      readonly maxGraceMs: number | undefined;
      readonly isGoneThen: boolean;
    }
  /** A draining agent has nothing left to run. */
  | { readonly kind: 'finish-drain'; readonly agentId: AgentId }
  | { readonly kind: 'reactivate-agent'; readonly agentId: AgentId }
  /** It may never come back under its id. */
  | { readonly kind: 'mark-agent-gone'; readonly agentId: AgentId };

const policyKinds: ReadonlySet<string> = new Set<PolicyCommand['kind']>([
  'update-weights',
  'update-quotas',
  'schedule-maintenance',
  'start-maintenance',
  'stop-maintenance',
  'deactivate-agent',
  'drain-agent',
  'finish-drain',
  'reactivate-agent',
  'mark-agent-gone',
]);

export const isPolicy = (command: Command): command is Extract<Command, PolicyCommand> =>
  policyKinds.has(command.kind);

export type RoleWeight = { readonly role: Role; readonly weight: number };

export type RoleQuota = { readonly role: Role; readonly quota: Quota };

/** A task as a returning agent knows it. */
export type ReportedTask = {
  readonly frameworkId: FrameworkId;
  readonly taskId: TaskId;
  readonly state: TaskState;
};

/**
 * An agent's update was sent to the scheduler already; one that a master made is sent when this is
 * applied (effect `task-updated`).
 */
export type TaskReport = {
  readonly frameworkId: FrameworkId;
  readonly taskId: TaskId;
  readonly agentId: AgentId;
  /** The newest state, perhaps ahead of the update's. */
  readonly state: TaskState;
  readonly update: TaskUpdate;
};

export type Acknowledgement = {
  readonly frameworkId: FrameworkId;
  readonly taskId: TaskId;
  readonly agentId: AgentId;
  /** Text form. */
  readonly uuid: string;
};

/**
 * What `apply` asks the leading master to do. Followers drop effects; a new leader finds all it needs
 * in the state. Order matters.
 */
export type Effect =
  | { readonly kind: 'leader-announced'; readonly master: MasterAddress; readonly nodeId: number }
  /** `agentId` is the one that counts: an earlier admission of the same registration may have won. */
  | { readonly kind: 'agent-admitted'; readonly agentId: AgentId; readonly registration: string }
  /** Its machine was taken down meanwhile: it was not admitted. */
  | { readonly kind: 'agent-refused'; readonly registration: string }
  | { readonly kind: 'agent-reregistered'; readonly agentId: AgentId }
  | { readonly kind: 'agent-unreachable'; readonly agentId: AgentId }
  /** Also of one that wanted to come back: when its machine is down, that is why. */
  | { readonly kind: 'agent-removed'; readonly agentId: AgentId; readonly isDown: boolean }
  /** Declared gone by an operator; `agent-removed` follows. */
  | { readonly kind: 'agent-gone'; readonly agentId: AgentId }
  /** It may get new work, may not any more, or is to drain: `agent.deactivation` says which. */
  | { readonly kind: 'agent-deactivation-changed'; readonly agentId: AgentId }
  | { readonly kind: 'weights-updated'; readonly weights: readonly RoleWeight[] }
  | { readonly kind: 'quotas-updated'; readonly quotas: readonly RoleQuota[] }
  | { readonly kind: 'maintenance-changed' }
  | {
      readonly kind: 'framework-subscribed';
      readonly frameworkId: FrameworkId;
      readonly isNew: boolean;
    }
  /** The id belongs to a framework that was removed: it may not come back. */
  | { readonly kind: 'framework-refused'; readonly frameworkId: FrameworkId }
  | { readonly kind: 'framework-disconnected'; readonly frameworkId: FrameworkId }
  | {
      readonly kind: 'framework-removed';
      readonly frameworkId: FrameworkId;
      /** Agents that may run something of it. */
      readonly agentIds: readonly AgentId[];
    }
  | { readonly kind: 'task-launched'; readonly task: Task }
  /** The launch came too late: framework, agent or id would not do any more. Nothing was launched. */
  | { readonly kind: 'launch-refused'; readonly task: Task; readonly reason: LaunchRefusal }
  /** `isNew`: the executor did not live until now. */
  | ({ readonly isNew: boolean } & Omit<LaunchWithExecutor, 'kind'> & {
        readonly kind: 'executor-launched';
      })
  /** Like `launch-refused`, of all its tasks. */
  | ({ readonly reason: LaunchRefusal } & Omit<LaunchWithExecutor, 'kind'> & {
        readonly kind: 'executor-refused';
      })
  /** A returning agent runs it, and the books did not know. */
  | { readonly kind: 'executor-found'; readonly executor: Executor }
  /** What it used is free. */
  | { readonly kind: 'executor-ended'; readonly executor: Executor }
  /** The task's newest state became terminal: what it used is free. */
  | { readonly kind: 'task-ended'; readonly task: Task }
  /** Tell the scheduler (updates that the state itself made: agent lost, framework removed…). */
  | { readonly kind: 'task-updated'; readonly task: Task; readonly update: TaskUpdate }
  /**
   * What went into the books and its scheduler need not be told: its agent's update, which it has
   * heard, or the end of its framework. Not `isNews`: neither the newest state nor what was said last
   * is another than before. A returning agent may know a newer state than its update says.
   */
  | {
      readonly kind: 'task-recorded';
      readonly task: Task;
      readonly update: TaskUpdate;
      readonly isNews: boolean;
    }
  /** Its agent is back from where it could not be reached: it is among the live tasks again. */
  | { readonly kind: 'task-regained'; readonly task: Task }
  | { readonly kind: 'update-acknowledged'; readonly acknowledgement: Acknowledgement }
  | { readonly kind: 'kill-requested'; readonly task: Task }
  | StoreEffect
  | OperationEffect;

export type LaunchRefusal =
  | 'framework-unknown'
  | 'agent-unknown'
  | 'agent-unreachable'
  | 'duplicate-task-id'
  /** Together with what runs there it would exceed the agent's total. */
  | 'resources-unavailable';
